"""AsyncWrite: what bytes are written to: ``poll_write``, ``poll_flush`` and ``poll_shutdown`` make a writer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.context import Context
from ..core.future import ready
from ..core.poll import PENDING, make_ready
from ..errors import WriteZero
from .closable import Closable
from .operation import Operation, as_bytes
from .write_numbers import WriteNumbers


class AsyncWrite(WriteNumbers, Closable):
    """A destination of bytes. Subclass it, define the three ``poll`` methods; the rest comes with them.

    >>> import mezame
    >>> from mezame import Poll
    >>> from mezame.io import AsyncWrite
    >>> class Shout(AsyncWrite):
    ...     def poll_write(self, cx, data):
    ...         print(bytes(data).decode().upper())
    ...         return Poll.Ready(len(data))
    ...     def poll_flush(self, cx):
    ...         return Poll.Ready(None)
    ...     def poll_shutdown(self, cx):
    ...         return Poll.Ready(None)
    >>> mezame.run(Shout().write_all(b"hello"))
    HELLO

    Source of the semantics: ``tokio::io::AsyncWrite`` and ``tokio::io::AsyncWriteExt``.
    """

    __slots__ = ()

    def poll_write(self, cx: Context, data: Any) -> Any:
        """Writes as much of ``data`` (``bytes``, or a flat view of bytes) as there is room for; nothing of it is kept.

        Returns ``Poll.Ready(count)`` (0 for data that is not empty: it is full for good), or ``Poll.Pending``, with
        nothing written and the waker of ``cx`` kept in place of the one before.
        """
        raise TypeError(f"{type(self).__name__} is an AsyncWrite without a poll_write(cx, data) method: define one")

    def poll_write_vectored(self, cx: Context, buffers: list[Any]) -> Any:
        """``poll_write`` of several buffers. As it stands, it writes of the first that is not empty."""
        for data in buffers:
            if len(data):
                return self.poll_write(cx, data)
        return make_ready(0)

    def is_write_vectored(self) -> bool:
        """True if ``poll_write_vectored`` takes all the buffers at once."""
        return False

    def poll_flush(self, cx: Context) -> Any:
        """Hands on what a buffer holds. Returns ``Poll.Ready(None)`` when all of it is through, or ``Poll.Pending``."""
        raise TypeError(f"{type(self).__name__} is an AsyncWrite without a poll_flush(cx) method: define one")

    def poll_shutdown(self, cx: Context) -> Any:
        """Flushes, then ends the stream for its reader. Returns ``Poll.Ready(None)`` or ``Poll.Pending``."""
        raise TypeError(f"{type(self).__name__} is an AsyncWrite without a poll_shutdown(cx) method: define one")

    def write(self, data: Any) -> Any:
        """Writes as much as there is room for; awaits to the number of bytes. Cancel safe: then nothing was written.

        Source of the semantics: ``tokio::io::AsyncWriteExt::write``.
        """
        flat = as_bytes(data)
        return Write(self, flat) if len(flat) else ready(0)

    def write_all(self, data: Any) -> Any:
        """Writes all of ``data`` (bytes or any buffer).

        Raises ``WriteZero`` if the stream takes no more. Not cancel safe: an unknown part has been written then.

        Source of the semantics: ``tokio::io::AsyncWriteExt::write_all``.
        """
        return WriteAll(self, as_bytes(data))

    def write_vectored(self, buffers: Iterable[Any]) -> Any:
        """Writes several buffers with one call, as far as there is room; awaits to the number of bytes. Cancel safe.

        Source of the semantics: ``tokio::io::AsyncWriteExt::write_vectored``.
        """
        parts = [as_bytes(data) for data in buffers]
        return WriteVectored(self, parts) if any(len(part) for part in parts) else ready(0)

    def flush(self) -> Any:
        """Waits until all that was written is through. Cancel safe.

        Source of the semantics: ``tokio::io::AsyncWriteExt::flush``.
        """
        return Flush(self)

    def shutdown(self) -> Any:
        """Flushes, then ends the stream for its reader. Cancel safe: call it again to go on.

        Source of the semantics: ``tokio::io::AsyncWriteExt::shutdown``.
        """
        return Shutdown(self)


class Write(Operation):
    """The future of ``write``."""

    __slots__ = ("_data",)

    def __init__(self, io: Any, data: Any) -> None:
        Operation.__init__(self, io)
        self._data = data

    def _step(self, cx: Context) -> Any:
        return self._io.poll_write(cx, self._data)


class WriteAll(Operation):
    """The future of ``write_all``."""

    __slots__ = ("_data", "_offset")

    def __init__(self, io: Any, data: Any) -> None:
        Operation.__init__(self, io)
        self._data = data
        self._offset = 0

    def _step(self, cx: Context) -> Any:
        data, size = self._data, len(self._data)
        while self._offset < size:
            answer = self._io.poll_write(cx, memoryview(data)[self._offset :] if self._offset else data)
            if answer is PENDING:
                return PENDING
            self._offset += taken(self._io, answer.value, size - self._offset, self._offset)
        self._data = b""
        return make_ready(None)


def taken(io: Any, count: int, most: int, before: int) -> int:
    """``count``, the answer of a ``poll_write`` of ``most`` bytes. Raises ``WriteZero`` if it is 0."""
    if count == 0:
        raise WriteZero(f"{type(io).__name__} takes no more bytes, after {before} of this write", written=before)
    if not 0 < count <= most:
        raise ValueError(f"{type(io).__name__}.poll_write answered {count!r} for {most} bytes")
    return count


class WriteVectored(Operation):
    """The future of ``write_vectored``."""

    __slots__ = ("_buffers",)

    def __init__(self, io: Any, buffers: list[Any]) -> None:
        Operation.__init__(self, io)
        self._buffers = buffers

    def _step(self, cx: Context) -> Any:
        return self._io.poll_write_vectored(cx, self._buffers)


class Flush(Operation):
    """The future of ``flush``."""

    __slots__ = ()

    def _step(self, cx: Context) -> Any:
        return self._io.poll_flush(cx)


class Shutdown(Operation):
    """The future of ``shutdown``."""

    __slots__ = ()

    def _step(self, cx: Context) -> Any:
        return self._io.poll_shutdown(cx)
