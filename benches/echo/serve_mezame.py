"""The echo server on mezame's streams."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

import mezame
from benches.echo.serve import BACKLOG, CHUNK, announce
from benches.echo.work import SIZE, answer
from mezame.net import TcpListener, TcpStream, TlsAcceptor, TlsStream


async def echo(stream: TcpStream | TlsStream) -> None:
    """One connection."""
    try:
        while data := await stream.read(CHUNK):
            await stream.write_all(data)
            del data  # or a connection that waits keeps its last message
    except OSError:
        pass  # the load generator is done and has gone
    finally:
        stream.close()


async def echo_tls(acceptor: TlsAcceptor, stream: TcpStream) -> None:
    """One connection of the TLS server."""
    await echo(await acceptor.accept(stream))


async def shop(stream: TcpStream) -> None:
    """One connection of the JSON server."""
    try:
        while True:
            await stream.write_all(answer(await stream.read_exact(SIZE)))
    except (OSError, EOFError):
        pass
    finally:
        stream.close()


async def _serve(connection: Callable[[TcpStream], Any]) -> None:
    listener = await TcpListener.bind(("127.0.0.1", 0), backlog=BACKLOG)
    announce(listener.local_addr()[1])
    while True:
        stream, _ = await listener.accept()
        stream.set_nodelay(True)
        mezame.spawn(connection(stream))


async def _on_a_worker(connection: Callable[[TcpStream], Any]) -> None:
    await mezame.spawn(_serve(connection))


def serve(runtime: str, style: str, workers: int, context: ssl.SSLContext | None) -> None:
    """Serves until the process is killed."""
    connection: Callable[[TcpStream], Any] = shop if style == "json" else echo
    if context is not None:
        connection = partial(echo_tls, TlsAcceptor(context))
    if workers:
        mezame.run(_on_a_worker(connection), flavor="multi_thread", worker_threads=workers)
    else:
        mezame.run(_serve(connection))
