"""AsyncRead: what bytes are read from. One method makes a reader, ``poll_read``; the rest comes with it."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import ready
from ..core.poll import PENDING, make_ready
from ..errors import UnexpectedEof
from .closable import Closable
from .operation import Operation, byte_count
from .read_buf import ReadBuf
from .read_numbers import ReadNumbers

READ_SIZE = 65536  # bytes that read() asks for at most, as TcpStream does
MOST = 1 << 18  # bytes that a read reserves at most before they have come, as TcpStream.read() asks for
_FIRST = 8192  # of read_to_end: the first chunk; it doubles while chunks come full
_LARGEST = 1 << 20  # no chunk is larger: a length that a peer named costs no memory before its bytes have come


class AsyncRead(ReadNumbers, Closable):
    """A source of bytes. Subclass it, define ``poll_read``; a subclass may override the other methods with faster ones.

    >>> import mezame
    >>> from mezame import Poll
    >>> from mezame.io import AsyncRead
    >>> class Countdown(AsyncRead):
    ...     def __init__(self, n): self.n = n
    ...     def poll_read(self, cx, buf):
    ...         if self.n and buf.remaining():
    ...             buf.put_slice(b"%d" % self.n)
    ...             self.n -= 1
    ...         return Poll.Ready(None)
    >>> mezame.run(Countdown(9).read_to_end())
    b'987654321'

    Source of the semantics: ``tokio::io::AsyncRead`` and ``tokio::io::AsyncReadExt``.
    """

    __slots__ = ()

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        """Reads into ``buf`` what there is.

        Returns ``Poll.Ready(None)`` (if then nothing more is filled, and ``buf`` had room, it is the end of the
        stream), or ``Poll.Pending``, with nothing filled and the waker of ``cx`` kept in place of the one before.
        """
        raise TypeError(f"{type(self).__name__} is an AsyncRead without a poll_read(cx, buf) method: define one")

    def read(self, limit: int = READ_SIZE) -> Any:
        """Awaits to between 1 and ``limit`` bytes, as soon as there are any; ``b""`` at the end. Cancel safe.

        A ``limit`` above 256 KiB reserves, and gives at a time, no more than that.

        Source of the semantics: ``tokio::io::AsyncReadExt::read``.
        """
        return Read(self, byte_count("read: limit", limit)) if limit != 0 else ready(b"")

    def read_into(self, buffer: Any) -> Any:
        """Reads into a writable buffer; awaits to the number of bytes, 0 at the end or if it has no room. Cancel safe.

        Source of the semantics: ``tokio::io::AsyncReadExt::read_buf``.
        """
        return ReadInto(self, ReadBuf(buffer) if not isinstance(buffer, ReadBuf) else buffer)

    def read_exact(self, size: int) -> Any:
        """Awaits to exactly ``size`` bytes. Memory is taken as they come.

        Raises ``UnexpectedEof`` (with ``.partial``) if the stream ends before. Not cancel safe: what was read when it
        is cancelled is lost.

        Source of the semantics: ``tokio::io::AsyncReadExt::read_exact``.
        """
        return ReadExact(self, byte_count("read_exact: size", size))

    def read_to_end(self) -> Any:
        """Awaits to all bytes up to the end of the stream. Not cancel safe.

        Source of the semantics: ``tokio::io::AsyncReadExt::read_to_end``.
        """
        return ReadToEnd(self)

    async def read_to_string(self) -> str:
        """Awaits to all text up to the end of the stream. Raises ``UnicodeDecodeError`` if it is no UTF-8.

        Not cancel safe.

        Source of the semantics: ``tokio::io::AsyncReadExt::read_to_string``.
        """
        data: bytes = await self.read_to_end()
        return data.decode()

    def chain(self, after: Any) -> Any:
        """A reader of this stream and, from its end on, of ``after``.

        Source of the semantics: ``tokio::io::AsyncReadExt::chain``.
        """
        from .chain import chain

        return chain(self, after)

    def take(self, limit: int) -> Any:
        """A reader of the next ``limit`` bytes of this stream, which ends there.

        Source of the semantics: ``tokio::io::AsyncReadExt::take``.
        """
        from .take import take

        return take(self, limit)


class Read(Operation):
    """The future of ``read``."""

    __slots__ = ("_buf", "_limit")

    def __init__(self, io: Any, limit: int) -> None:
        Operation.__init__(self, io)
        self._limit = limit
        self._buf: ReadBuf | None = None

    def _step(self, cx: Context) -> Any:
        buf = self._buf
        if buf is None:
            buf = self._buf = ReadBuf(min(self._limit, MOST))
        if self._io.poll_read(cx, buf) is PENDING:
            return PENDING
        self._buf = None
        return make_ready(bytes(buf.filled()))


class ReadInto(Operation):
    """The future of ``read_into``."""

    __slots__ = ("_buf",)

    def __init__(self, io: Any, buf: ReadBuf) -> None:
        Operation.__init__(self, io)
        self._buf = buf

    def _step(self, cx: Context) -> Any:
        before = self._buf.filled_len()
        if self._buf.remaining() and self._io.poll_read(cx, self._buf) is PENDING:
            return PENDING
        return make_ready(self._buf.filled_len() - before)


class ReadToEnd(Operation):
    """The future of ``read_to_end``: chunks, the next one twice as large if the last came full."""

    __slots__ = ("_chunk", "_size", "_whole")

    def __init__(self, io: Any, first: int = _FIRST) -> None:
        Operation.__init__(self, io)
        self._size = first
        self._chunk: ReadBuf | None = None
        self._whole = bytearray()

    def _next_size(self) -> int:
        return self._size

    def _step(self, cx: Context) -> Any:
        while True:
            size = self._next_size()
            chunk = self._chunk
            if chunk is None and size > 0:
                chunk = self._chunk = ReadBuf(size)
            if chunk is None:
                return self._finish(ended=False)
            before = chunk.filled_len()
            if self._io.poll_read(cx, chunk) is PENDING:
                return PENDING
            ended = chunk.filled_len() == before
            if ended or not chunk.remaining():
                self._whole += chunk.filled()
                self._chunk = None
                self._size = min(2 * self._size, _LARGEST)
            if ended:
                return self._finish(ended=True)

    def _finish(self, ended: bool) -> Any:
        return make_ready(bytes(self._whole))

    def close(self) -> None:
        Operation.close(self)
        self._chunk = None
        self._whole = bytearray()


class ReadExact(ReadToEnd):
    """The future of ``read_exact``."""

    __slots__ = ("_expected",)

    def __init__(self, io: Any, size: int) -> None:
        ReadToEnd.__init__(self, io, READ_SIZE)
        self._expected = size

    def _next_size(self) -> int:
        return min(self._size, self._expected - len(self._whole))

    def _finish(self, ended: bool) -> Any:
        data = bytes(self._whole)
        if ended:
            raise UnexpectedEof(
                f"the stream ended after {len(data)} of {self._expected} bytes", partial=data, expected=self._expected
            )
        return make_ready(data)
