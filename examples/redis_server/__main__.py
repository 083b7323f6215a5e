"""A server that speaks Redis's protocol: redis-cli, redis-benchmark and the client libraries talk to it.

Shows: a parser with limits that knows nothing of sockets; pipelining with one write per batch; a limit of connections
(``Semaphore``); keys that expire (``DelayQueue``, owned by one task, told through a channel); state that several
threads share (a lock that is never held over an await); publish and subscribe with slow subscribers cut off; and a
graceful end on SIGTERM or Ctrl-C (``CancellationToken``, ``JoinSet``).

Read ``server.py`` first, then ``store.py`` and ``pubsub.py``; ``resp.py``, ``commands.py`` and ``glob.py`` have no
async in them.

Run it:   python -m examples.redis_server --port 6380          and then: redis-cli -p 6380
          python -m examples.redis_server --workers 4          tasks on four threads
"""

from __future__ import annotations

import argparse
import logging
import signal

import mezame
from mezame.net import TcpListener
from mezame.sync import CancellationToken

from .server import Server


async def main(options: argparse.Namespace) -> None:
    stopping = CancellationToken()
    async with mezame.TaskGroup() as group:
        # Before the port is announced: from then on a signal must find us listening to it.
        with mezame.signal.signal(signal.SIGTERM) as terminate, mezame.signal.signal(signal.SIGINT) as interrupt:
            listener = await TcpListener.bind((options.host, options.port))
            print(f"listening on {options.host}:{listener.local_addr()[1]}", flush=True)
            group.spawn(Server(max_clients=options.max_clients).run(listener, stopping), name="server")
            await mezame.select(terminate.recv(), interrupt.recv())
        # The signals have their usual effect again: a second Ctrl-C ends the program without patience.
        print("stopping", flush=True)
        stopping.cancel()
    print("stopped", flush=True)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="redis_server", description="A server that speaks Redis's protocol.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6380, help="0 takes a free one (default: 6380)")
    parser.add_argument("--max-clients", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=0, help="threads that tasks run on; 0: this one only")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    options = parse()
    flavour = {"flavor": "multi_thread", "worker_threads": options.workers} if options.workers else {}
    mezame.run(main(options), **flavour)
