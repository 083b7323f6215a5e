"""LinesCodec: frames that are lines of text."""

from __future__ import annotations

from typing import Any

from .delimited import MAX_LENGTH, Delimited
from .encoder import Encoder


class LinesCodecError(ValueError):
    """A line was too long, or is no UTF-8 (then ``__cause__`` is the ``UnicodeDecodeError``).

    Source of the semantics: ``tokio_util::codec::LinesCodecError``.
    """

    def __init__(self, message: str, *, too_long: bool = False) -> None:
        super().__init__(message)
        self._too_long = too_long

    def is_max_line_length_exceeded(self) -> bool:
        """True if the line was too long."""
        return self._too_long


class LinesCodec(Delimited, Encoder):
    """Lines of UTF-8 as ``str``: without their ``\\n`` or ``\\r\\n`` when decoded, with a ``\\n`` behind when encoded.

    Args:
        max_length: the most bytes before a ``\\n``; 8 MiB as it stands. None: no limit, for a peer that is trusted,
            which can fill the memory with one endless line.

    A longer line raises ``LinesCodecError`` once; what comes of it is dropped up to its ``\\n``, and decoding can go on
    behind. A line that is no UTF-8 raises that too. The last line may lack its ``\\n``. What is encoded is not searched
    for line ends: a ``str`` with ``\\n`` in it arrives as several lines.

    >>> from mezame.codec import LinesCodec
    >>> codec, buf = LinesCodec(), bytearray(b"one\\r\\ntwo\\nthr")
    >>> codec.decode(buf), codec.decode(buf), codec.decode(buf), codec.decode_eof(buf)
    ('one', 'two', None, 'thr')
    >>> codec.encode("four", buf)
    >>> buf
    bytearray(b'four\\n')

    Source of the semantics: ``tokio_util::codec::LinesCodec``.
    """

    __slots__ = ()

    def __init__(self, max_length: int | None = MAX_LENGTH) -> None:
        Delimited.__init__(self, max_length)

    @staticmethod
    def new_with_max_length(max_length: int | None) -> LinesCodec:
        """``LinesCodec(max_length)``."""
        return LinesCodec(max_length)

    def encode(self, item: Any, buf: bytearray) -> None:
        if not isinstance(item, str):
            raise TypeError(f"LinesCodec encodes str, not {item!r}")
        buf += item.encode()
        buf += b"\n"

    def _find(self, buf: bytearray, start: int, end: int) -> int:
        return buf.find(b"\n", start, end)

    def _made(self, piece: bytes) -> str:
        try:
            return (piece[:-1] if piece.endswith(b"\r") else piece).decode()
        except UnicodeDecodeError as error:
            raise LinesCodecError(f"a line is no UTF-8: {error.reason} at byte {error.start} of it") from error

    def _last(self, piece: bytes) -> str | None:
        return None if piece == b"\r" else self._made(piece)

    def _too_long(self, limit: int) -> LinesCodecError:
        return LinesCodecError(
            f"a line is longer than {limit} bytes, the max_length of this LinesCodec; the rest of it is skipped",
            too_long=True,
        )
