"""simplex: a pipe in memory: what is written at one end is read at the other, also by another thread.

State, under ``_lock``: the bytes that wait, at most ``max_buf_size``; whether an end is gone. A poll that can do
nothing puts its waker in its slot and looks again, so that what changes in between is seen:

    reader                              writer, or an end that goes
    -------------------------------     -----------------------------------------
    nothing there                       lock; add bytes (or close); unlock
    register the waker                  wake the reader's slot
    look again; Pending
"""

from __future__ import annotations

import errno
import threading
from typing import Any

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.poll import PENDING, make_ready
from .async_read import AsyncRead
from .async_write import AsyncWrite
from .operation import byte_count
from .read_buf import ReadBuf


class SimplexStream(AsyncRead, AsyncWrite):
    """A pipe in memory as one object: what is written to it is read from it. ``simplex`` gives its two ends.

    Args:
        max_buf_size: most bytes that wait to be read, at least 1; a write waits while there are so many.

    ``shutdown`` ends the stream: reads give what is left, then the end. Thread-safe.

    Source of the semantics: ``tokio::io::SimplexStream``.
    """

    def __init__(self, max_buf_size: int) -> None:
        if byte_count("max_buf_size", max_buf_size) == 0:
            raise ValueError("max_buf_size must be at least 1 byte: with 0 every write would wait for ever")
        self._max = max_buf_size
        self._data = bytearray()
        self._closed = False
        self._lock = threading.RLock()  # a finaliser may close an end at any point of ours
        self._reader = AtomicWaker()
        self._writer = AtomicWaker()

    def _give(self, buf: ReadBuf) -> bool:
        """Moves bytes to ``buf``. False: there are none, and there may be later."""
        with self._lock:
            count = min(len(self._data), buf.remaining())
            if count == 0:
                return self._closed
            with memoryview(self._data) as view, view[:count] as part:
                buf.put_slice(part)
            del self._data[:count]
        self._writer.wake()
        return True

    def _take(self, data: Any) -> int:
        """Takes of ``data`` what there is room for. 0: there is none now. ``BrokenPipeError`` if an end is gone."""
        with self._lock:
            if self._closed:
                raise BrokenPipeError(errno.EPIPE, "nobody reads any more: the other end was closed, or this one ended")
            count = min(self._max - len(self._data), len(data))
            if count > 0:
                self._data += data[:count]
        if count > 0:
            self._reader.wake()
        return count

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        if buf.remaining() == 0:
            return make_ready(None)
        if not poll_proceed(cx):
            return PENDING
        if self._give(buf):
            return make_ready(None)
        self._reader.register(cx.waker)
        if self._give(buf):
            return make_ready(None)
        refund()
        return PENDING

    def poll_write(self, cx: Context, data: Any) -> Any:
        if len(data) == 0:
            return make_ready(0)
        if not poll_proceed(cx):
            return PENDING
        count = self._take(data)
        if count == 0:
            self._writer.register(cx.waker)
            count = self._take(data)
        if count == 0:
            refund()
            return PENDING
        return make_ready(count)

    def poll_flush(self, cx: Context) -> Any:
        return make_ready(None)

    def poll_shutdown(self, cx: Context) -> Any:
        self.close_write()
        return make_ready(None)

    def close_write(self) -> None:
        """The end of the stream: reads give what is left, then nothing."""
        with self._lock:
            self._closed = True
        self._reader.wake()
        self._writer.wake()

    def close_read(self) -> None:
        """Nobody reads any more: what is left is dropped, writes raise."""
        with self._lock:
            self._closed = True
            self._data.clear()
        self._reader.wake()
        self._writer.wake()

    def close(self) -> None:
        """Closes both ends."""
        self.close_read()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self._data)} of {self._max} bytes{' closed' if self._closed else ''}>"


def closed_here(what: str) -> OSError:
    """The error for the use of an end that this side has closed itself."""
    return OSError(errno.EBADF, f"this {what} was closed")


class SimplexReader(AsyncRead):
    """The end of a ``simplex`` that is read from. Closed or dropped, writes at the other end raise."""

    def __init__(self, pipe: SimplexStream) -> None:
        self._pipe: SimplexStream | None = pipe

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        if self._pipe is None:
            raise closed_here("SimplexReader")
        return self._pipe.poll_read(cx, buf)

    def close(self) -> None:
        """Writes at the other end raise ``BrokenPipeError`` from here on. Idempotent."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close_read()

    def __del__(self) -> None:
        self.close()


class SimplexWriter(AsyncWrite):
    """The end of a ``simplex`` that is written to. Closed or dropped, the reader comes to the end of the stream."""

    def __init__(self, pipe: SimplexStream) -> None:
        self._pipe: SimplexStream | None = pipe

    def _open(self) -> SimplexStream:
        if self._pipe is None:
            raise closed_here("SimplexWriter")
        return self._pipe

    def poll_write(self, cx: Context, data: Any) -> Any:
        return self._open().poll_write(cx, data)

    def poll_flush(self, cx: Context) -> Any:
        return self._open().poll_flush(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        return self._open().poll_shutdown(cx)

    def close(self) -> None:
        """The reader comes to the end of the stream, after what is left. Idempotent."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close_write()

    def __del__(self) -> None:
        self.close()


def simplex(max_buf_size: int) -> tuple[SimplexReader, SimplexWriter]:
    """A pipe in memory: (what is read from, what is written to).

    Args:
        max_buf_size: most bytes that wait to be read, at least 1; a write waits while there are so many.

    >>> import mezame
    >>> async def main():
    ...     reader, writer = mezame.io.simplex(64)
    ...     await writer.write_all(b"hello")
    ...     writer.close()
    ...     return await reader.read_to_end()
    >>> mezame.run(main())
    b'hello'

    Source of the semantics: ``tokio::io::simplex``.
    """
    pipe = SimplexStream(max_buf_size)
    return SimplexReader(pipe), SimplexWriter(pipe)
