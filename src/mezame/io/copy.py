"""copy: all bytes of a reader to a writer; the buffer between them, which ``copy_bidirectional`` uses too.

    0        _at            _end         size
    | written | to write     | room      |

It reads on while the writer has no room, and it flushes when the reader has nothing: a peer that answers only to
what it has seen is not waited for with its question in our buffer.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.poll import PENDING, make_ready
from .async_write import taken
from .buf_reader import BUFFER_SIZE
from .operation import Operation, byte_count, forward
from .read_buf import ReadBuf


class CopyBuffer:
    """One direction of a copy. Takes a unit of the budget per buffer."""

    __slots__ = ("_at", "_buf", "_count", "_end", "_ended", "_unflushed")

    def __init__(self, size: int = BUFFER_SIZE) -> None:
        if byte_count("copy: buffer size", size) == 0:
            raise ValueError("copy: the buffer must have at least 1 byte, not 0")
        self._buf = memoryview(bytearray(size))
        self._at = 0
        self._end = 0
        self._count = 0
        self._ended = False  # the reader is at its end
        self._unflushed = False

    def _poll_fill(self, cx: Context, reader: Any) -> Any:
        room = ReadBuf(self._buf[self._end :])
        answer = reader.poll_read(cx, room)
        if answer is not PENDING:
            self._ended = room.filled_len() == 0
            self._end += room.filled_len()
        return answer

    def poll_copy(self, cx: Context, reader: Any, writer: Any) -> Any:
        """``Poll.Ready(count)`` when the reader is at its end and all is written and flushed."""
        size = len(self._buf)
        while True:
            if not poll_proceed(cx):
                return PENDING
            if (
                not self._ended
                and self._end < size
                and self._poll_fill(cx, reader) is PENDING
                and self._at == self._end
            ):
                if self._unflushed:
                    if writer.poll_flush(cx) is PENDING:
                        return PENDING
                    self._unflushed = False
                refund()
                return PENDING
            while self._at < self._end:
                answer = writer.poll_write(cx, self._buf[self._at : self._end])
                if answer is PENDING:
                    if not self._ended and self._end < size:
                        self._poll_fill(cx, reader)
                    return PENDING
                count = taken(writer, answer.value, self._end - self._at, self._count)
                self._at += count
                self._count += count
                self._unflushed = True
            self._at = self._end = 0
            if self._ended:
                if writer.poll_flush(cx) is PENDING:
                    return PENDING
                return make_ready(self._count)


class Copy(Operation):
    """The future of ``copy``."""

    __slots__ = ("_buffer", "_writer")

    def __init__(self, reader: Any, writer: Any, size: int) -> None:
        forward(reader, "poll_read")
        forward(writer, "poll_write")
        Operation.__init__(self, reader)
        self._writer = writer
        self._buffer = CopyBuffer(size)

    def _step(self, cx: Context) -> Any:
        return self._buffer.poll_copy(cx, self._io, self._writer)


def copy(reader: Any, writer: Any, *, buffer_size: int = BUFFER_SIZE) -> Any:
    """Copies all of ``reader`` to ``writer``, and flushes; awaits to the number of bytes.

    Args:
        reader: an ``AsyncRead``, read to its end.
        writer: an ``AsyncWrite``. It is not shut down.
        buffer_size: bytes that are read and written at a time.

    Raises what reading and writing raise, ``WriteZero`` if the writer takes no more. Not cancel safe: what was read
    and not yet written is lost.

    >>> import mezame
    >>> from mezame.io import Cursor, copy
    >>> async def main():
    ...     target = Cursor()
    ...     return await copy(Cursor(b"hello"), target), target.getvalue()
    >>> mezame.run(main())
    (5, b'hello')

    Source of the semantics: ``tokio::io::copy``.
    """
    return Copy(reader, writer, buffer_size)


class CopyBuf(Operation):
    """The future of ``copy_buf``."""

    __slots__ = ("_count", "_writer")

    def __init__(self, reader: Any, writer: Any) -> None:
        forward(reader, "poll_fill_buf")
        forward(writer, "poll_write")
        Operation.__init__(self, reader)
        self._writer = writer
        self._count = 0

    def _step(self, cx: Context) -> Any:
        while True:
            if not poll_proceed(cx):
                return PENDING
            answer = self._io.poll_fill_buf(cx)
            if answer is PENDING:
                refund()
                return PENDING
            view = answer.value
            if not len(view):
                if self._writer.poll_flush(cx) is PENDING:
                    return PENDING
                return make_ready(self._count)
            answer = self._writer.poll_write(cx, view)
            if answer is PENDING:
                return PENDING
            count = taken(self._writer, answer.value, len(view), self._count)
            self._io.consume(count)
            self._count += count


def copy_buf(reader: Any, writer: Any) -> Any:
    """``copy`` from an ``AsyncBufRead``, with its own buffer; awaits to the number of bytes.

    Cancel safe: what the writer has not taken is still in the reader.

    Source of the semantics: ``tokio::io::copy_buf``.
    """
    return CopyBuf(reader, writer)


def copy_buf_abortable(reader: Any, writer: Any) -> Any:
    """(a future of ``copy_buf(reader, writer)``, its ``AbortHandle``); aborted, the future raises ``Aborted``.

    Source of the semantics: ``futures::io::copy_buf_abortable``.
    """
    from ..future.abortable import abortable

    return abortable(CopyBuf(reader, writer))
