"""The echo server on mezame's streams."""

from __future__ import annotations

import mezame
from benches.echo.serve import BACKLOG, CHUNK, announce
from mezame.net import TcpListener, TcpStream


async def echo(stream: TcpStream) -> None:
    """One connection."""
    try:
        while data := await stream.read(CHUNK):
            await stream.write_all(data)
    except OSError:
        pass  # the load generator is done and has gone
    finally:
        stream.close()


async def _serve() -> None:
    listener = await TcpListener.bind(("127.0.0.1", 0), backlog=BACKLOG)
    announce(listener.local_addr()[1])
    while True:
        stream, _ = await listener.accept()
        stream.set_nodelay(True)
        mezame.spawn(echo(stream))


def serve(runtime: str, style: str) -> None:
    """Serves until the process is killed."""
    mezame.run(_serve())
