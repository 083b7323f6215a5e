"""AnyDelimiterCodec: frames that are pieces between any of several delimiters."""

from __future__ import annotations

import re
from typing import Any

from .delimited import MAX_LENGTH, Delimited
from .encoder import Encoder, bytes_to_encode


class AnyDelimiterCodecError(ValueError):
    """A piece was too long.

    Source of the semantics: ``tokio_util::codec::AnyDelimiterCodecError``.
    """

    def is_max_chunk_length_exceeded(self) -> bool:
        """True."""
        return True


class AnyDelimiterCodec(Delimited, Encoder):
    """Pieces of bytes: each ends at one of ``seek_delimiters``, or is what is left at the end of the stream.

    Args:
        seek_delimiters: bytes, each of which is a delimiter when decoding.
        sequence_writer: bytes that are written behind each item when encoding.
        max_length: the most bytes before a delimiter; 8 MiB as it stands. None: no limit, for a peer that is trusted.

    Two delimiters in a row have an empty piece between them; nothing behind the last is no piece. A longer piece raises
    ``AnyDelimiterCodecError`` once, and is skipped up to its delimiter. Items are bytes; ``str`` is encoded as UTF-8.

    >>> from mezame.codec import AnyDelimiterCodec
    >>> codec, buf = AnyDelimiterCodec(b",;", b";"), bytearray(b"a,b;c")
    >>> codec.decode(buf), codec.decode(buf), codec.decode(buf), codec.decode_eof(buf)
    (b'a', b'b', None, b'c')
    >>> codec.encode(b"d", buf)
    >>> buf
    bytearray(b'd;')

    Source of the semantics: ``tokio_util::codec::AnyDelimiterCodec``.
    """

    __slots__ = ("_one", "_pattern", "_seek", "_writer")

    def __init__(
        self, seek_delimiters: bytes = b",;\n\r", sequence_writer: bytes = b",", max_length: int | None = MAX_LENGTH
    ) -> None:
        Delimited.__init__(self, max_length)
        self._seek = _bytes("seek_delimiters", seek_delimiters)
        if not self._seek:
            raise ValueError("AnyDelimiterCodec: seek_delimiters must be at least one byte; BytesCodec needs none")
        self._writer = _bytes("sequence_writer", sequence_writer)
        self._pattern = re.compile(b"[" + re.escape(self._seek) + b"]")

    def encode(self, item: Any, buf: bytearray) -> None:
        buf += item.encode() if isinstance(item, str) else bytes_to_encode("AnyDelimiterCodec", item)
        buf += self._writer

    def _find(self, buf: bytearray, start: int, end: int) -> int:
        if len(self._seek) == 1:
            return buf.find(self._seek, start, end)
        found = self._pattern.search(buf, start, end)
        return -1 if found is None else found.start()

    def _made(self, piece: bytes) -> bytes:
        return piece

    def _too_long(self, limit: int) -> AnyDelimiterCodecError:
        return AnyDelimiterCodecError(
            f"a piece is longer than {limit} bytes, the max_length of this AnyDelimiterCodec; the rest of it is skipped"
        )


def _bytes(what: str, value: Any) -> bytes:
    if not isinstance(value, (bytes, bytearray)):
        raise TypeError(f"AnyDelimiterCodec: {what} must be bytes such as b',;', not {value!r}")
    return bytes(value)
