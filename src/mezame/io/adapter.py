"""Adapter: what stands on another stream: reaching it, closing it, passing on to it what is not the adapter's own."""

from __future__ import annotations

import os
from typing import Any

from ..core.context import Context
from .async_buf_read import AsyncBufRead
from .async_seek import AsyncSeek
from .async_write import AsyncWrite
from .closable import Closable
from .operation import forward
from .read_buf import ReadBuf


class Adapter(Closable):
    """Something around ``inner``. Closing it closes ``inner``."""

    __slots__ = ()
    _inner: Any

    @property
    def inner(self) -> Any:
        """What it stands on. Mind that what is read or written there directly goes past the adapter."""
        return self._inner

    def into_inner(self) -> Any:
        """Gives back what it stands on. What the adapter has in a buffer is lost."""
        return self._inner

    def close(self) -> None:
        """Closes what it stands on. What the adapter has in a buffer is lost. Idempotent."""
        self._inner.close()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        leave = getattr(self._inner, "__aexit__", None)
        if leave is None:
            self.close()
        else:
            await leave(kind, error, traceback)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._inner!r}>"


class ForwardRead(AsyncBufRead):
    """Reads of the adapter are reads of ``_inner``."""

    __slots__ = ()
    _inner: Any

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        return forward(self._inner, "poll_read")(cx, buf)

    def poll_fill_buf(self, cx: Context) -> Any:
        return forward(self._inner, "poll_fill_buf")(cx)

    def consume(self, count: int) -> None:
        forward(self._inner, "consume")(count)

    def read(self, limit: int = 65536) -> Any:
        return forward(self._inner, "read")(limit)


def is_buffered(reader: Any) -> bool:
    """True if ``reader`` has ``poll_fill_buf``, or passes it on to something that has it."""
    while isinstance(reader, ForwardRead):
        reader = reader._inner
    return isinstance(reader, AsyncBufRead)


class ForwardWrite(AsyncWrite):
    """Writes to the adapter are writes to ``_inner``."""

    __slots__ = ()
    _inner: Any

    def poll_write(self, cx: Context, data: Any) -> Any:
        return forward(self._inner, "poll_write")(cx, data)

    def poll_write_vectored(self, cx: Context, buffers: list[Any]) -> Any:
        return forward(self._inner, "poll_write_vectored")(cx, buffers)

    def is_write_vectored(self) -> bool:
        return bool(forward(self._inner, "is_write_vectored")())

    def poll_flush(self, cx: Context) -> Any:
        return forward(self._inner, "poll_flush")(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        return forward(self._inner, "poll_shutdown")(cx)


class ForwardSeek(AsyncSeek):
    """Seeks of the adapter are seeks of ``_inner``."""

    __slots__ = ()
    _inner: Any

    def start_seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        forward(self._inner, "start_seek")(offset, whence)

    def poll_complete(self, cx: Context) -> Any:
        return forward(self._inner, "poll_complete")(cx)
