"""join: a reader and a writer as one stream."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from .adapter import is_buffered
from .async_buf_read import AsyncBufRead
from .async_read import AsyncRead
from .async_write import AsyncWrite
from .operation import forward
from .read_buf import ReadBuf


class Join(AsyncRead, AsyncWrite):
    """One stream that reads from ``reader`` and writes to ``writer``. From ``mezame.io.join``.

    Source of the semantics: ``tokio::io::Join``.
    """

    def __init__(self, reader: Any, writer: Any) -> None:
        forward(reader, "poll_read")
        forward(writer, "poll_write")
        self._reader = reader
        self._writer = writer

    @property
    def reader(self) -> Any:
        """What it reads from."""
        return self._reader

    @property
    def writer(self) -> Any:
        """What it writes to."""
        return self._writer

    def into_inner(self) -> tuple[Any, Any]:
        """(reader, writer)."""
        return self._reader, self._writer

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        return self._reader.poll_read(cx, buf)

    def poll_write(self, cx: Context, data: Any) -> Any:
        return self._writer.poll_write(cx, data)

    def poll_write_vectored(self, cx: Context, buffers: list[Any]) -> Any:
        return self._writer.poll_write_vectored(cx, buffers)

    def is_write_vectored(self) -> bool:
        return bool(self._writer.is_write_vectored())

    def poll_flush(self, cx: Context) -> Any:
        return self._writer.poll_flush(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        return self._writer.poll_shutdown(cx)

    def close(self) -> None:
        """Closes both."""
        self._reader.close()
        self._writer.close()


class BufJoin(Join, AsyncBufRead):
    """A ``Join`` whose reader is buffered, and so is it."""

    def poll_fill_buf(self, cx: Context) -> Any:
        return self._reader.poll_fill_buf(cx)

    def consume(self, count: int) -> None:
        self._reader.consume(count)


def join(reader: Any, writer: Any) -> Join:
    """One stream that reads from ``reader`` and writes to ``writer``.

    >>> import mezame
    >>> from mezame.io import Cursor, join
    >>> async def main():
    ...     stream = join(Cursor(b"in"), Cursor())
    ...     await stream.write_all(b"out")
    ...     return await stream.read(), stream.writer.getvalue()
    >>> mezame.run(main())
    (b'in', b'out')

    Source of the semantics: ``tokio::io::join``.
    """
    return BufJoin(reader, writer) if is_buffered(reader) else Join(reader, writer)
