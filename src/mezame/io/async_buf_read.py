"""AsyncBufRead: a reader with a buffer that one may look into: ``poll_fill_buf`` and ``consume`` make it one."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import ready
from ..core.poll import PENDING, make_ready
from .async_read import READ_SIZE, AsyncRead
from .operation import Operation, byte_count, one_byte
from .read_buf import ReadBuf


class AsyncBufRead(AsyncRead):
    """A source of bytes with a buffer. Define ``poll_fill_buf`` and ``consume``; ``poll_read`` comes with them.

    >>> import mezame
    >>> from mezame.io import Cursor
    >>> async def main():
    ...     return [line async for line in Cursor(b"one\\ntwo\\r\\nthree").lines()]
    >>> mezame.run(main())
    ['one', 'two', 'three']

    Source of the semantics: ``tokio::io::AsyncBufRead`` and ``tokio::io::AsyncBufReadExt``.
    """

    __slots__ = ()

    def poll_fill_buf(self, cx: Context) -> Any:
        """The bytes in the buffer, which is filled if it is empty.

        Returns ``Poll.Ready(view)``, a ``memoryview`` that is valid until the next call of any method (empty: the
        end of the stream), or ``Poll.Pending``.
        """
        raise TypeError(f"{type(self).__name__} is an AsyncBufRead without poll_fill_buf(cx): define it")

    def consume(self, count: int) -> None:
        """Takes ``count`` bytes from the front of the buffer. ``ValueError`` for more than it was shown to have."""
        raise TypeError(f"{type(self).__name__} is an AsyncBufRead without consume(count): define it")

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        answer = self.poll_fill_buf(cx)
        if answer is PENDING:
            return PENDING
        part = answer.value[: buf.remaining()]
        if len(part):
            buf.put_slice(part)
            self.consume(len(part))
        return make_ready(None)

    def read(self, limit: int = READ_SIZE) -> Any:
        """See ``AsyncRead.read``: here it gives what is in the buffer, or what filled it."""
        return ReadBuffered(self, byte_count("read: limit", limit)) if limit != 0 else ready(b"")

    def fill_buf(self) -> Any:
        """Awaits to a view of the buffer, which is valid until the next call; empty: the end. Cancel safe.

        Say with ``consume`` how much of it was used.

        Source of the semantics: ``tokio::io::AsyncBufReadExt::fill_buf``.
        """
        return FillBuf(self)

    def read_until(self, delimiter: Any, into: bytearray | None = None, *, limit: int | None = None) -> Any:
        """Awaits to the bytes up to and with the next ``delimiter``, or up to the end of the stream.

        Args:
            delimiter: one byte, such as ``b"\\n"`` or ``10``.
            into: a ``bytearray`` that they are appended to; then it awaits to their number. What came before a
                cancellation stays in it: with it, call again to go on. Without it those bytes are lost.
            limit: raises ``ValueError`` as soon as there are more bytes than this without the delimiter.

        Source of the semantics: ``tokio::io::AsyncBufReadExt::read_until``.
        """
        if into is not None and not isinstance(into, bytearray):
            raise TypeError(f"read_until appends to a bytearray, not to {into!r}")
        return ReadUntil(self, one_byte("read_until: delimiter", delimiter), into, _limit("read_until", limit))

    async def read_line(self, *, limit: int | None = None) -> str:
        """Awaits to the next line with its newline; the last may have none; ``""`` at the end of the stream.

        Args:
            limit: raises ``ValueError`` as soon as the line has more bytes than this; what was read of it is gone.

        Raises ``UnicodeDecodeError`` for a line that is no UTF-8. Not cancel safe: use ``lines()`` in a ``select``.

        Source of the semantics: ``tokio::io::AsyncBufReadExt::read_line``.
        """
        line: bytes = await ReadUntil(self, b"\n", None, _limit("read_line", limit))
        return line.decode()

    def lines(self, *, limit: int | None = None) -> Any:
        """An async iterator over the lines, without their ``\\n`` or ``\\r\\n``. Cancel safe.

        Args:
            limit: most bytes of a line; a longer one raises ``ValueError``.

        Source of the semantics: ``tokio::io::AsyncBufReadExt::lines``.
        """
        from .lines import Lines

        return Lines(self, _limit("lines", limit))

    def split(self, delimiter: Any, *, limit: int | None = None) -> Any:
        """An async iterator over the pieces between ``delimiter`` bytes, as ``bytes``. Cancel safe.

        Source of the semantics: ``tokio::io::AsyncBufReadExt::split``.
        """
        from .lines import Split

        return Split(self, one_byte("split: delimiter", delimiter), _limit("split", limit))


def _limit(what: str, value: int | None) -> int | None:
    return None if value is None else byte_count(f"{what}: limit", value)


def find_byte(view: memoryview, byte: bytes) -> int:
    """Where ``byte`` is in ``view``, or -1. A view has no ``find``: small copies, so that short lines cost little."""
    start, size, length = 0, 128, len(view)
    while start < length:
        found = bytes(view[start : start + size]).find(byte)
        if found >= 0:
            return start + found
        start += size
        size *= 4
    return -1


def poll_read_until(io: Any, cx: Context, byte: bytes, out: bytearray, before: int, limit: int | None) -> Any:
    """Moves bytes from the reader to ``out``, with the next ``byte`` as the last. Ready(True): it came; False: the end.

    ``out[:before]`` is not counted against ``limit``.
    """
    while True:
        answer = io.poll_fill_buf(cx)
        if answer is PENDING:
            return PENDING
        view = answer.value
        if not len(view):
            return make_ready(False)
        at = find_byte(view, byte)
        count = at + 1 if at >= 0 else len(view)
        out += view[:count]
        io.consume(count)
        if limit is not None and len(out) - before > limit + (at >= 0):
            raise ValueError(f"a piece is longer than limit={limit} bytes; the reader is within it, or after it")
        if at >= 0:
            return make_ready(True)


class ReadBuffered(Operation):
    """The future of ``read`` of a buffered reader: no buffer of its own is needed."""

    __slots__ = ("_limit",)

    def __init__(self, io: Any, limit: int) -> None:
        Operation.__init__(self, io)
        self._limit = limit

    def _step(self, cx: Context) -> Any:
        answer = self._io.poll_fill_buf(cx)
        if answer is PENDING:
            return PENDING
        data = bytes(answer.value[: self._limit])
        if data:
            self._io.consume(len(data))
        return make_ready(data)


class FillBuf(Operation):
    """The future of ``fill_buf``."""

    __slots__ = ()

    def _step(self, cx: Context) -> Any:
        return self._io.poll_fill_buf(cx)


class ReadUntil(Operation):
    """The future of ``read_until`` and ``read_line``."""

    __slots__ = ("_before", "_byte", "_into", "_limit", "_out")

    def __init__(self, io: Any, byte: bytes, into: bytearray | None, limit: int | None) -> None:
        Operation.__init__(self, io)
        self._byte = byte
        self._into = into
        self._limit = limit
        self._out = bytearray() if into is None else into
        self._before = len(self._out)

    def _step(self, cx: Context) -> Any:
        if poll_read_until(self._io, cx, self._byte, self._out, self._before, self._limit) is PENDING:
            return PENDING
        return make_ready(bytes(self._out) if self._into is None else len(self._out) - self._before)
