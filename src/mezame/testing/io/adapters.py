"""Adapters that make a byte stream awkward, to try what stands on it: short, pending, watched."""

from __future__ import annotations

from typing import Any

from ...core.context import Context
from ...core.poll import PENDING
from ...io.async_read import AsyncRead
from ...io.async_write import AsyncWrite
from ...io.operation import byte_count, forward
from ...io.read_buf import ReadBuf


class Adapter(AsyncRead, AsyncWrite):
    """Passes everything on to ``inner``, which has to have it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        return forward(self.inner, "poll_read")(cx, buf)

    def poll_write(self, cx: Context, data: Any) -> Any:
        return forward(self.inner, "poll_write")(cx, data)

    def poll_flush(self, cx: Context) -> Any:
        return forward(self.inner, "poll_flush")(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        return forward(self.inner, "poll_shutdown")(cx)

    def close(self) -> None:
        """Closes the inner stream."""
        self.inner.close()


class Limited(Adapter):
    """The stream of ``limited``."""

    def __init__(self, inner: Any, limit: int) -> None:
        Adapter.__init__(self, inner)
        self._limit = limit

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        part = buf.take(self._limit)
        answer = Adapter.poll_read(self, cx, part)
        buf.advance(part.filled_len())
        return answer

    def poll_write(self, cx: Context, data: Any) -> Any:
        return Adapter.poll_write(self, cx, memoryview(data)[: self._limit])


class Interleaved(Adapter):
    """The stream of ``interleave_pending``: each operation is Pending before each poll of the inner one."""

    def __init__(self, inner: Any) -> None:
        Adapter.__init__(self, inner)
        self._pended: set[str] = set()

    def _pends(self, what: str, cx: Context) -> bool:
        if what in self._pended:
            self._pended.remove(what)
            return False
        self._pended.add(what)
        cx.waker.wake()
        return True

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        return PENDING if self._pends("read", cx) else Adapter.poll_read(self, cx, buf)

    def poll_write(self, cx: Context, data: Any) -> Any:
        return PENDING if self._pends("write", cx) else Adapter.poll_write(self, cx, data)

    def poll_flush(self, cx: Context) -> Any:
        return PENDING if self._pends("flush", cx) else Adapter.poll_flush(self, cx)

    def poll_shutdown(self, cx: Context) -> Any:
        return PENDING if self._pends("shutdown", cx) else Adapter.poll_shutdown(self, cx)


class TrackClosed(Adapter):
    """The stream of ``track_closed``."""

    def __init__(self, inner: Any) -> None:
        Adapter.__init__(self, inner)
        self._closed = False

    def is_closed(self) -> bool:
        """True once it was shut down or closed."""
        return self._closed

    def _check(self, what: str) -> None:
        if self._closed:
            raise AssertionError(f"{what} after the stream was closed")

    def poll_write(self, cx: Context, data: Any) -> Any:
        self._check("write")
        return Adapter.poll_write(self, cx, data)

    def poll_flush(self, cx: Context) -> Any:
        self._check("flush")
        return Adapter.poll_flush(self, cx)

    def poll_shutdown(self, cx: Context) -> Any:
        answer = Adapter.poll_shutdown(self, cx)
        if answer is not PENDING:
            self._closed = True
        return answer

    def close(self) -> None:
        """Closes the inner stream."""
        self._closed = True
        Adapter.close(self)


def limited(stream: Any, limit: int) -> Limited:
    """``stream``, of which each read gives and each write takes at most ``limit`` bytes, at least 1.

    >>> import mezame
    >>> from mezame.testing import io
    >>> async def main():
    ...     stream = io.limited(io.Builder().read(b"hello").build(), 2)
    ...     return await stream.read(), await stream.read_to_end()
    >>> mezame.run(main())
    (b'he', b'llo')

    Source of the semantics: ``futures_test::io::AsyncReadTestExt::limited``.
    """
    if byte_count("limited: limit", limit) == 0:
        raise ValueError("limited: limit must be at least 1, not 0")
    return Limited(stream, limit)


def interleave_pending(stream: Any) -> Interleaved:
    """``stream``, of which each operation is Pending, and wakes itself, before each of its polls.

    >>> import mezame
    >>> from mezame.testing import io
    >>> mezame.run(io.interleave_pending(io.Builder().read(b"hello").build()).read())
    b'hello'

    Source of the semantics: ``futures_test::io::AsyncReadTestExt::interleave_pending``.
    """
    return Interleaved(stream)


def track_closed(stream: Any) -> TrackClosed:
    """``stream``, which knows whether it was closed; a write or flush after that raises ``AssertionError``.

    >>> import mezame
    >>> from mezame.testing import io
    >>> stream = io.track_closed(io.Builder().build())
    >>> mezame.run(stream.shutdown())
    >>> stream.is_closed()
    True

    Source of the semantics: ``futures_test::io::AsyncWriteTestExt::track_closed``.
    """
    return TrackClosed(stream)
