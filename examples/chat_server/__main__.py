"""A chat server with rooms, for telnet, nc, or any client that speaks lines.

Shows: ``broadcast``, and what it does with those who read too slowly (they are told how many messages they missed,
and nobody waits for them); a reading and a writing task per connection, tied together by a ``TaskGroup``; limits for
the length of a line, the rate of lines and the number of people; and a graceful end on SIGTERM or Ctrl-C, at which
everybody gets what was said before, and a last line.

Read ``server.py`` first, then ``rooms.py``.

Run it:   python -m examples.chat_server --port 7000           and then, several times: nc 127.0.0.1 7000
          python -m examples.chat_server --workers 4           tasks on four threads
"""

from __future__ import annotations

import argparse
import logging
import signal
import socket

import mezame
from mezame.net import TcpListener
from mezame.sync import CancellationToken

from .server import Limits, Server


async def main(options: argparse.Namespace) -> None:
    limits = Limits(
        people=options.people,
        line=options.line,
        backlog=options.backlog,
        rate=options.rate,
        burst=options.burst,
        patience=options.patience,
    )
    stopping = CancellationToken()
    async with mezame.TaskGroup() as group:
        # Before the port is announced: from then on a signal must find us listening to it.
        with mezame.signal.signal(signal.SIGTERM) as terminate, mezame.signal.signal(signal.SIGINT) as interrupt:
            listener = await TcpListener.bind((options.host, options.port))
            if options.send_buffer:  # connections inherit it; with a small one a slow reader is noticed sooner
                listener.get_socket().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options.send_buffer)
            print(f"listening on {options.host}:{listener.local_addr()[1]}", flush=True)
            group.spawn(Server(limits).run(listener, stopping), name="server")
            await mezame.select(terminate.recv(), interrupt.recv())
        # The signals have their usual effect again: a second Ctrl-C ends the program without patience.
        print("stopping", flush=True)
        stopping.cancel()
    print("stopped", flush=True)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    defaults = Limits()
    parser = argparse.ArgumentParser(prog="chat_server", description="A chat server with rooms.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7000, help="0 takes a free one (default: 7000)")
    parser.add_argument("--people", type=int, default=defaults.people, help="at most")
    parser.add_argument("--line", type=int, default=defaults.line, metavar="BYTES", help="at most")
    parser.add_argument("--backlog", type=int, default=defaults.backlog, metavar="MESSAGES", help="kept for the slow")
    parser.add_argument("--rate", type=float, default=defaults.rate, metavar="LINES", help="a second, of one person")
    parser.add_argument("--burst", type=int, default=defaults.burst, metavar="LINES", help="at once, of one person")
    parser.add_argument("--patience", type=float, default=defaults.patience, metavar="SECONDS", help="for last lines")
    parser.add_argument("--send-buffer", type=int, default=0, metavar="BYTES", help="the kernel's; 0: as it likes")
    parser.add_argument("--workers", type=int, default=0, help="threads that tasks run on; 0: this one only")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    options = parse()
    flavour = {"flavor": "multi_thread", "worker_threads": options.workers} if options.workers else {}
    mezame.run(main(options), **flavour)
