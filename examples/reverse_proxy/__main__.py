"""A TCP and TLS reverse proxy: joins its clients to one of several servers.

Shows: ``copy_bidirectional`` with half-closes passed on; a limit for each wait (handshake, connect, idle, the end);
a limit of connections that makes clients wait instead of refusing them (``Semaphore`` before ``accept``); servers in
turn, with those left out that seem to be down; TLS for the clients' side; a stream of one's own around another
(``watched.py``); metrics that several threads count; and a drain on SIGTERM or Ctrl-C with two tokens
(``CancellationToken``, ``TaskTracker``).

Read ``proxy.py`` first, then ``upstreams.py``.

Run it:   python -m examples.reverse_proxy --port 8000 --upstream 127.0.0.1:9001 --upstream 127.0.0.1:9002
          ... --tls-cert cert.pem --tls-key key.pem            clients speak TLS
          ... --workers 4                                      tasks on four threads
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys

import mezame
from mezame.net import TcpListener, TlsAcceptor
from mezame.sync import CancellationToken

from .proxy import Limits, Proxy
from .upstreams import Upstreams


async def main(options: argparse.Namespace) -> None:
    tls = TlsAcceptor.from_files(options.tls_cert, options.tls_key) if options.tls_cert else None
    upstreams = Upstreams(options.upstream, connect_timeout=options.connect_timeout, pause=options.pause)
    limits = Limits(connections=options.max_connections, idle=options.idle_timeout, patience=options.patience)
    proxy = Proxy(upstreams, limits, tls)
    stopping = CancellationToken()
    async with mezame.TaskGroup() as group:
        reporter = group.spawn(proxy.report(options.metrics), name="metrics")
        # Before the port is announced: from then on a signal must find us listening to it.
        with mezame.signal.signal(signal.SIGTERM) as terminate, mezame.signal.signal(signal.SIGINT) as interrupt:
            listener = await TcpListener.bind((options.host, options.port))
            print(f"listening on {options.host}:{listener.local_addr()[1]}", flush=True)
            server = group.spawn(proxy.run(listener, stopping), name="proxy")
            await mezame.select(terminate.recv(), interrupt.recv())
        # The signals have their usual effect again: a second Ctrl-C ends the program without patience.
        print("draining", flush=True)
        stopping.cancel()
        await server
        reporter.abort()
    print(f"stopped: {proxy.line()}", flush=True)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="reverse_proxy", description="A TCP and TLS reverse proxy.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: 8000)")
    parser.add_argument("--upstream", action="append", required=True, metavar="HOST:PORT", help="may be given again")
    parser.add_argument("--tls-cert", help="a file with the certificate chain: clients speak TLS")
    parser.add_argument("--tls-key", help="a file with its key, if it is not in the same file")
    parser.add_argument("--max-connections", type=int, default=1000)
    parser.add_argument("--connect-timeout", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("--idle-timeout", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--pause", type=float, default=10.0, metavar="SECONDS", help="of an upstream that is down")
    parser.add_argument("--patience", type=float, default=10.0, metavar="SECONDS", help="with connections, at the end")
    parser.add_argument("--metrics", type=float, default=60.0, metavar="SECONDS", help="between two lines")
    parser.add_argument("--workers", type=int, default=0, help="threads that tasks run on; 0: this one only")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    options = parse()
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    flavour = {"flavor": "multi_thread", "worker_threads": options.workers} if options.workers else {}
    mezame.run(main(options), **flavour)
