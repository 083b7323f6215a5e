"""The echo server on trio's streams."""

from __future__ import annotations

from functools import partial

import trio

from benches.echo.serve import BACKLOG, CHUNK, announce


async def echo(stream: trio.SocketStream) -> None:
    """One connection."""
    try:
        while data := await stream.receive_some(CHUNK):
            await stream.send_all(data)
    except trio.BrokenResourceError:
        pass  # the load generator is done and has gone


async def _serve() -> None:
    async with trio.open_nursery() as nursery:
        start = partial(trio.serve_tcp, echo, 0, host="127.0.0.1", backlog=BACKLOG)
        listeners = await nursery.start(start)
        announce(listeners[0].socket.getsockname()[1])


def serve(runtime: str, style: str) -> None:
    """Serves until the process is killed."""
    trio.run(_serve)
