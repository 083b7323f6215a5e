"""The echo server on trio's streams."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

import trio

from benches.echo.serve import BACKLOG, CHUNK, announce
from benches.echo.work import SIZE, answer


async def echo(stream: trio.SocketStream | trio.SSLStream) -> None:
    """One connection."""
    try:
        while data := await stream.receive_some(CHUNK):
            await stream.send_all(data)
            del data  # or a connection that waits keeps its last message
    except trio.BrokenResourceError:
        pass  # the load generator is done and has gone


async def echo_tls(context: ssl.SSLContext, stream: trio.SocketStream) -> None:
    """One connection of the TLS server."""
    await echo(trio.SSLStream(stream, context, server_side=True, https_compatible=True))


async def shop(stream: trio.SocketStream) -> None:
    """One connection of the JSON server."""
    request = b""
    try:
        while data := await stream.receive_some(SIZE - len(request)):
            request += data
            if len(request) == SIZE:
                await stream.send_all(answer(request))
                request = b""
    except trio.BrokenResourceError:
        pass


async def _serve(connection: Callable[[trio.SocketStream], Any]) -> None:
    async with trio.open_nursery() as nursery:
        start = partial(trio.serve_tcp, connection, 0, host="127.0.0.1", backlog=BACKLOG)
        listeners = await nursery.start(start)
        announce(listeners[0].socket.getsockname()[1])


def serve(runtime: str, style: str, workers: int, context: ssl.SSLContext | None) -> None:
    """Serves until the process is killed."""
    connection: Callable[[trio.SocketStream], Any] = shop if style == "json" else echo
    if context is not None:
        connection = partial(echo_tls, context)
    trio.run(_serve, connection)
