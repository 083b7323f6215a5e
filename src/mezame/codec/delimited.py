"""Delimited: what LinesCodec and AnyDelimiterCodec share: pieces between delimiters, with a limit of their length.

    0            searched                 max_length
    |-- no delimiter --|---- to search ----|

    SEEKING     a delimiter at or before max_length -> a piece; SEEKING
                more than max_length bytes and none among them: raises, they are dropped -> SKIPPING
    SKIPPING    bytes are dropped as they come; a delimiter is the last of them -> SEEKING

So at most ``max_length`` bytes are kept between two calls, each byte is searched once, and a piece that is too long
raises once, whatever the chunks are in which it comes.
"""

from __future__ import annotations

from typing import Any

from ..io.operation import byte_count
from .decoder import Decoder, take

MAX_LENGTH = 8 << 20  # bytes: the limit of LengthDelimitedCodec too


class Delimited(Decoder):
    """A decoder of pieces, each with a delimiter of one byte behind it. A subclass defines ``_find`` and ``_made``."""

    __slots__ = ("_max_length", "_searched", "_skipping")

    def __init__(self, max_length: int | None) -> None:
        if max_length is not None:
            byte_count(f"{type(self).__name__}: max_length", max_length)
        self._max_length = max_length
        self._searched = 0
        self._skipping = False

    def max_length(self) -> int | None:
        """The most bytes before a delimiter; None: no limit."""
        return self._max_length

    def _find(self, buf: bytearray, start: int, end: int) -> int:
        """Where the first delimiter in ``buf[start:end]`` is, or -1."""
        raise TypeError(f"{type(self).__name__} must define _find(buf, start, end)")

    def _made(self, piece: bytes) -> Any:
        """The item for a piece without its delimiter."""
        raise TypeError(f"{type(self).__name__} must define _made(piece)")

    def _too_long(self, limit: int) -> Exception:
        raise TypeError(f"{type(self).__name__} must define _too_long(limit)")

    def decode(self, buf: bytearray) -> Any:
        if self._skipping and not self._skip(buf):
            return None
        limit = self._max_length
        size = len(buf)
        end = size if limit is None or size <= limit else limit + 1
        at = self._find(buf, self._searched, end)
        if at >= 0:
            self._searched = 0
            return self._made(take(buf, at, 1))
        if limit is not None and size > limit:
            del buf[:end]
            self._searched = 0
            self._skipping = True
            raise self._too_long(limit)
        self._searched = size
        return None

    def _skip(self, buf: bytearray) -> bool:
        """Drops the rest of a piece that was too long. False if more of it is to come."""
        at = self._find(buf, 0, len(buf))
        if at < 0:
            buf.clear()
            return False
        del buf[: at + 1]
        self._skipping = False
        return True

    def decode_eof(self, buf: bytearray) -> Any:
        """``decode``; at last what is behind the last delimiter."""
        item = self.decode(buf)
        if item is None and buf:
            self._searched = 0
            item = self._last(take(buf, len(buf)))
        return item

    def _last(self, piece: bytes) -> Any:
        """The item for the last piece, which has no delimiter and is not empty; None if it is no item."""
        return self._made(piece)

    def reset(self) -> None:
        self._searched = 0
        self._skipping = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(max_length={self._max_length})"
