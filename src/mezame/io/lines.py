"""Lines and Split: what is between delimiters, as async iterators.

What came of the piece in progress is kept here, not in the future that waits: so a cancelled wait loses nothing.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .async_buf_read import poll_read_until
from .operation import Operation


class Split:
    """The pieces of a reader between delimiters: ``async for piece in reader.split(b";"):``. From ``split``.

    After a delimiter at the very end there is no empty last piece.

    Source of the semantics: ``tokio::io::Split``.
    """

    __slots__ = ("_byte", "_io", "_limit", "_piece")

    def __init__(self, io: Any, byte: bytes, limit: int | None) -> None:
        self._io = io
        self._byte = byte
        self._limit = limit
        self._piece = bytearray()

    def poll_next_segment(self, cx: Context) -> Any:
        """``Poll.Ready(piece)``, ``Poll.Ready(None)`` at the end, or ``Poll.Pending``."""
        try:
            answer = poll_read_until(self._io, cx, self._byte, self._piece, 0, self._limit)
        except ValueError:
            self._piece = bytearray()  # too long: the next call goes on behind what was read
            raise
        if answer is PENDING:
            return PENDING
        piece, self._piece = self._piece, bytearray()
        if answer.value:
            del piece[-1]
        elif not piece:
            return make_ready(None)
        return make_ready(self._made(piece))

    def _made(self, piece: bytearray) -> Any:
        return bytes(piece)

    def next_segment(self) -> Any:
        """Awaits to the next piece, None at the end. Cancel safe."""
        return NextPiece(self)

    def into_inner(self) -> Any:
        """The reader. The beginning of a piece that has not ended yet is lost."""
        return self._io

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        piece = await NextPiece(self)
        if piece is None:
            raise StopAsyncIteration
        return piece


class Lines(Split):
    """The lines of a reader, without ``\\n`` or ``\\r\\n``: ``async for line in reader.lines():``. From ``lines``.

    A line that is no UTF-8 raises ``UnicodeDecodeError``; the iteration can go on with the one after it.

    Source of the semantics: ``tokio::io::Lines``.
    """

    __slots__ = ()

    def __init__(self, io: Any, limit: int | None) -> None:
        Split.__init__(self, io, b"\n", limit)

    def _made(self, piece: bytearray) -> str:
        if piece.endswith(b"\r"):
            del piece[-1]
        return piece.decode()

    def poll_next_line(self, cx: Context) -> Any:
        """``Poll.Ready(line)``, ``Poll.Ready(None)`` at the end, or ``Poll.Pending``."""
        return self.poll_next_segment(cx)

    def next_line(self) -> Any:
        """Awaits to the next line, None at the end. Cancel safe."""
        return NextPiece(self)


class NextPiece(Operation):
    """The future of ``next_line`` and ``next_segment``."""

    __slots__ = ()

    def _step(self, cx: Context) -> Any:
        return self._io.poll_next_segment(cx)
