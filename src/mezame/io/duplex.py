"""duplex: two streams in memory that are connected to each other: two pipes (``simplex.py``), crossed."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from .async_read import AsyncRead
from .async_write import AsyncWrite
from .read_buf import ReadBuf
from .simplex import SimplexStream, closed_here


class DuplexStream(AsyncRead, AsyncWrite):
    """One end of a ``duplex``. When it is closed or dropped, the other end reads what is left and then the end of the
    stream, and its writes raise ``BrokenPipeError``. ``shutdown`` ends the one direction only. Thread-safe; one task at
    a time may read, and one write, for only the latest poll of a direction is woken.

    Source of the semantics: ``tokio::io::DuplexStream``.
    """

    def __init__(self, incoming: SimplexStream, outgoing: SimplexStream) -> None:
        self._in = incoming
        self._out = outgoing
        self._closed = False

    def _check(self) -> None:
        if self._closed:
            raise closed_here("DuplexStream")

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        self._check()
        return self._in.poll_read(cx, buf)

    def poll_write(self, cx: Context, data: Any) -> Any:
        self._check()
        return self._out.poll_write(cx, data)

    def poll_flush(self, cx: Context) -> Any:
        self._check()
        return self._out.poll_flush(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        self._check()
        return self._out.poll_shutdown(cx)

    def close(self) -> None:
        """Closes this end. Idempotent."""
        self._closed = True
        self._out.close_write()
        self._in.close_read()

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<DuplexStream in {self._in!r} out {self._out!r}>"


def duplex(max_buf_size: int) -> tuple[DuplexStream, DuplexStream]:
    """Two connected streams in memory: what is written to one is read from the other. For tests, and between tasks.

    Args:
        max_buf_size: most bytes that wait in each direction, at least 1; a write waits while there are so many.

    >>> import mezame
    >>> async def main():
    ...     client, server = mezame.io.duplex(64)
    ...     await client.write_all(b"ping")
    ...     await server.write_all(await server.read_exact(4) + b"!")
    ...     return await client.read()
    >>> mezame.run(main())
    b'ping!'

    Source of the semantics: ``tokio::io::duplex``.
    """
    one, two = SimplexStream(max_buf_size), SimplexStream(max_buf_size)
    return DuplexStream(one, two), DuplexStream(two, one)
