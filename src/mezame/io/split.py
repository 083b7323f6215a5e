"""split: any stream in two halves, for two tasks.

Both halves hold the stream and one lock; each poll of a half has the lock for its duration, so that the stream sees one
call at a time, from whatever threads. A stream that has halves of its own (``TcpStream.into_split``) needs no lock.
"""

from __future__ import annotations

import threading
from typing import Any

from ..core.context import Context
from .async_read import AsyncRead
from .async_write import AsyncWrite
from .operation import forward
from .read_buf import ReadBuf
from .simplex import closed_here


class _Shared:
    __slots__ = ("halves", "lock", "stream")

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.lock = threading.RLock()  # a waker that polls at once may come back to us in this thread
        self.halves = 2

    def leave(self) -> None:
        with self.lock:
            self.halves -= 1
            last = self.halves == 0
        if last:
            self.stream.close()


class _Half:
    __slots__ = ("_shared",)
    _shared: _Shared | None

    def _open(self) -> _Shared:
        shared = self._shared
        if shared is None:
            raise closed_here(type(self).__name__)
        return shared

    def close(self) -> None:
        """Gives the half up; the stream is closed with the second one. Idempotent."""
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.leave()

    def is_pair_of(self, other: Any) -> bool:
        """True if both are halves of one stream."""
        return isinstance(other, _Half) and self._shared is not None and self._shared is other._shared


class ReadHalf(_Half, AsyncRead):
    """The half of a stream that reads. From ``mezame.io.split``.

    Source of the semantics: ``tokio::io::ReadHalf``.
    """

    def __init__(self, shared: Any) -> None:
        self._shared = shared

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        shared = self._open()
        with shared.lock:
            return shared.stream.poll_read(cx, buf)

    def unsplit(self, other: Any) -> Any:
        """The stream again; both halves are closed for further use. ``ValueError`` for the half of another stream."""
        if not isinstance(other, WriteHalf) or not self.is_pair_of(other):
            raise ValueError(f"unsplit needs the other half of the same stream, not {other!r}")
        stream = self._open().stream
        self._shared = other._shared = None
        return stream


class WriteHalf(_Half, AsyncWrite):
    """The half of a stream that writes. From ``mezame.io.split``. Closing it does not shut the stream down.

    Source of the semantics: ``tokio::io::WriteHalf``.
    """

    def __init__(self, shared: Any) -> None:
        self._shared = shared

    def poll_write(self, cx: Context, data: Any) -> Any:
        shared = self._open()
        with shared.lock:
            return shared.stream.poll_write(cx, data)

    def poll_write_vectored(self, cx: Context, buffers: list[Any]) -> Any:
        shared = self._open()
        with shared.lock:
            return shared.stream.poll_write_vectored(cx, buffers)

    def is_write_vectored(self) -> bool:
        return bool(self._open().stream.is_write_vectored())

    def poll_flush(self, cx: Context) -> Any:
        shared = self._open()
        with shared.lock:
            return shared.stream.poll_flush(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        shared = self._open()
        with shared.lock:
            return shared.stream.poll_shutdown(cx)

    def unsplit(self, other: Any) -> Any:
        """``ReadHalf.unsplit`` from this side."""
        if not isinstance(other, ReadHalf):
            raise ValueError(f"unsplit needs the other half of the same stream, not {other!r}")
        return other.unsplit(self)


def split(stream: Any) -> tuple[ReadHalf, WriteHalf]:
    """(read half, write half) of any stream, for two tasks, also in two threads.

    >>> import mezame
    >>> async def main():
    ...     ours, theirs = mezame.io.duplex(64)
    ...     reader, writer = mezame.io.split(ours)
    ...     echo = mezame.spawn(mezame.io.copy(reader, writer))
    ...     await theirs.write_all(b"hello"); await theirs.shutdown()
    ...     return await theirs.read(), await echo
    >>> mezame.run(main())
    (b'hello', 5)

    Source of the semantics: ``tokio::io::split``.
    """
    forward(stream, "poll_read")
    forward(stream, "poll_write")
    shared = _Shared(stream)
    return ReadHalf(shared), WriteHalf(shared)
