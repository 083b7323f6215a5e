"""ReaderStream: a reader as a stream of chunks."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, Poll
from ..future.end import END
from .adapter import Adapter
from .operation import Operation, byte_count, forward
from .read_buf import ReadBuf


class ReaderStream(Adapter):
    """The chunks of a reader: ``async for chunk in ReaderStream(reader):``. Ends with it, or after its first error.

    Args:
        reader: any ``AsyncRead``.
        capacity: most bytes of a chunk.

    Cancel safe.

    >>> import mezame
    >>> from mezame.io import Cursor, ReaderStream
    >>> async def main():
    ...     return [chunk async for chunk in ReaderStream(Cursor(b"abcdefgh"), 3)]
    >>> mezame.run(main())
    [b'abc', b'def', b'gh']

    Source of the semantics: ``tokio_util::io::ReaderStream``.
    """

    def __init__(self, reader: Any, capacity: int = 4096) -> None:
        forward(reader, "poll_read")
        if byte_count("ReaderStream: capacity", capacity) == 0:
            raise ValueError("ReaderStream: capacity must be at least 1 byte, not 0")
        self._inner = reader
        self._capacity = capacity
        self._buf: ReadBuf | None = None
        self._ended = False

    def poll_next(self, cx: Context) -> Any:
        """``Poll.Ready(chunk)``, ``Poll.Ready(END)``, or ``Poll.Pending``."""
        if self._ended:
            return Poll.Ready(END)
        buf = self._buf
        if buf is None:
            buf = self._buf = ReadBuf(self._capacity)
        self._ended = True  # it stays so after an error
        if self._inner.poll_read(cx, buf) is PENDING:
            self._ended = False
            return PENDING
        self._buf = None
        self._ended = buf.filled_len() == 0
        return Poll.Ready(END if self._ended else bytes(buf.filled()))

    def __aiter__(self) -> ReaderStream:
        return self

    async def __anext__(self) -> bytes:
        chunk = await NextChunk(self)
        if chunk is END:
            raise StopAsyncIteration
        return chunk  # type: ignore[no-any-return]


class NextChunk(Operation):
    """The future of a ``ReaderStream``'s next chunk."""

    __slots__ = ()

    def _step(self, cx: Context) -> Any:
        return self._io.poll_next(cx)
