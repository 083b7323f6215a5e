"""BufWriter: a writer that gathers small writes into large ones.

``_buf[_written:]`` is what the stream below has not taken yet. Nothing is added to the buffer while a part of it has to
be written first to make room, so what is in it is always in order.
"""

from __future__ import annotations

import errno
import os
import warnings
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .adapter import Adapter, ForwardRead, ForwardSeek
from .async_write import AsyncWrite, taken
from .buf_reader import BUFFER_SIZE
from .operation import byte_count, forward


class BufWriter(Adapter, AsyncWrite, ForwardRead, ForwardSeek):
    """A buffer in front of a writer. **Flush it**, or use ``async with``: what is in the buffer when it is closed, or
    dropped, is lost (a ``ResourceWarning`` says so).

    Args:
        inner: any ``AsyncWrite``. Can it be read from, so can the BufWriter.
        capacity: bytes of the buffer. Writes of at least so many go past it.

    ``async with`` flushes at the end of a block that did not raise, then closes ``inner``; ``shutdown`` flushes first.

    >>> import mezame
    >>> from mezame.io import BufWriter, Cursor
    >>> async def main():
    ...     target = Cursor()
    ...     async with BufWriter(target) as writer:
    ...         await writer.write_all(b"hello ")
    ...         await writer.write_all(b"world")
    ...         print(target.getvalue())
    ...     print(target.getvalue())
    >>> mezame.run(main())
    b''
    b'hello world'

    Source of the semantics: ``tokio::io::BufWriter``.
    """

    def __init__(self, inner: Any, capacity: int = BUFFER_SIZE) -> None:
        self._buf = bytearray()
        self._written = 0
        self._seek: tuple[int, int] | None = None
        forward(inner, "poll_write")
        self._inner = inner
        self._capacity = byte_count("BufWriter: capacity", capacity)

    def capacity(self) -> int:
        """The size of the buffer in bytes."""
        return self._capacity

    def buffer(self) -> bytes:
        """What is in the buffer."""
        return bytes(self._buf[self._written :])

    def _waiting(self) -> int:
        return len(self._buf) - self._written

    def _poll_drain(self, cx: Context) -> Any:
        """Writes the buffer out. Ready when it is empty."""
        while self._written < len(self._buf):
            answer = self._inner.poll_write(cx, bytes(self._buf[self._written :]))
            if answer is PENDING:
                return PENDING
            self._written += taken(self._inner, answer.value, self._waiting(), self._written)
        self._buf.clear()
        self._written = 0
        return make_ready(None)

    def poll_write(self, cx: Context, data: Any) -> Any:
        if self._waiting() + len(data) > self._capacity and self._poll_drain(cx) is PENDING:
            return PENDING
        if len(data) >= self._capacity:
            return self._inner.poll_write(cx, data)
        self._buf += data
        return make_ready(len(data))

    def poll_flush(self, cx: Context) -> Any:
        if self._poll_drain(cx) is PENDING:
            return PENDING
        return self._inner.poll_flush(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        if self._poll_drain(cx) is PENDING:
            return PENDING
        return self._inner.poll_shutdown(cx)

    def start_seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        forward(self._inner, "start_seek")
        if self._seek is not None:
            raise OSError(errno.EBUSY, "a seek is under way: wait for poll_complete")
        self._seek = (offset, whence)  # begun once the buffer is written out, to where it belongs

    def poll_complete(self, cx: Context) -> Any:
        if self._seek is not None:
            if self._poll_drain(cx) is PENDING:
                return PENDING
            seek, self._seek = self._seek, None
            forward(self._inner, "start_seek")(*seek)
        return forward(self._inner, "poll_complete")(cx)

    def _lose(self, how: str, level: int) -> None:
        """The buffer goes; says so if there is something in it."""
        lost = self._waiting()
        self._buf.clear()
        self._written = 0
        if lost:
            warnings.warn(f"{self!r} {how} with {lost} bytes not flushed", ResourceWarning, level, source=self)

    def into_inner(self) -> Any:
        """Gives back the stream below. What was not flushed is lost."""
        self._lose("was taken apart", 3)
        return self._inner

    def close(self) -> None:
        """Closes the stream below. What was not flushed is lost. Idempotent."""
        self._lose("was closed", 3)
        self._inner.close()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        try:
            if kind is None:
                await self.flush()
        finally:
            self._buf.clear()  # lost because of an exception that says more than a warning
            self._written = 0
            await Adapter.__aexit__(self, kind, error, traceback)

    def __del__(self) -> None:
        self._lose("was dropped", 2)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self._inner).__name__}, {self._waiting()} bytes to write>"
