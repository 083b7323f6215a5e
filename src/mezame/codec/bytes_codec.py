"""BytesCodec: no frames: bytes as they come."""

from __future__ import annotations

from typing import Any

from .decoder import Decoder, take
from .encoder import Encoder, bytes_to_encode


class BytesCodec(Decoder, Encoder):
    """Whatever bytes are there, as one item that is never empty. How they are cut means nothing.

    >>> from mezame.codec import BytesCodec
    >>> codec, buf = BytesCodec(), bytearray(b"abc")
    >>> codec.decode(buf), codec.decode(buf)
    (b'abc', None)

    Source of the semantics: ``tokio_util::codec::BytesCodec``.
    """

    __slots__ = ()

    def decode(self, buf: bytearray) -> Any:
        return take(buf, len(buf)) if buf else None

    def encode(self, item: Any, buf: bytearray) -> None:
        buf += bytes_to_encode("BytesCodec", item)

    def __repr__(self) -> str:
        return "BytesCodec()"
