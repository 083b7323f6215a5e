"""The echo servers on asyncio's API, as protocols and as streams, for all loops that speak it."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import cast

from benches.echo.serve import BACKLOG, CHUNK, announce
from benches.echo.work import SIZE, answer
from benches.programs.on_asyncio import loop_factory


class Echo(asyncio.Protocol):
    """Writes back what it is given. The write method is looked up once, and there is no back pressure:
    the fastest usual way to write this."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.write = cast(asyncio.Transport, transport).write

    def data_received(self, data: bytes) -> None:
        self.write(data)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection of the streams server."""
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
            del data  # or a connection that waits keeps its last message
    writer.close()


async def shop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection of the JSON server."""
    with suppress(OSError, asyncio.IncompleteReadError):
        while True:
            writer.write(answer(await reader.readexactly(SIZE)))
            await writer.drain()
    writer.close()


async def _serve(style: str, context: ssl.SSLContext | None) -> None:
    if style.endswith("protocols"):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=BACKLOG, ssl=context)
    else:
        connection = shop if style == "json" else echo
        server = await asyncio.start_server(connection, "127.0.0.1", 0, backlog=BACKLOG, ssl=context)
    announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def serve(runtime: str, style: str, workers: int, context: ssl.SSLContext | None) -> None:
    """Serves until the process is killed."""
    with asyncio.Runner(loop_factory=loop_factory(runtime)) as runner:
        runner.run(_serve(style, context))
