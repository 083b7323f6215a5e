"""LengthDelimitedCodec: frames with their length in front.

    |-- length_field_offset --|-- length field --|-- ... --|-- payload ... --|
    |------------------- head: num_skip bytes -------------|---- frame ------|

    HEAD      the whole head is there: the length is read and checked, num_skip bytes are dropped -> BODY
    BODY      length bytes are there -> a frame; HEAD
    BROKEN    a length was refused: where the next frame begins is not known any more, so all bytes that come are
              dropped, and raise again

A length is refused before one byte of its payload is kept; at most ``max_frame_length + length_adjustment`` bytes and
one read are. The values are Python integers, so that nothing overflows.
"""

from __future__ import annotations

import sys
from typing import Any

from ..errors import UnexpectedEof
from ..io.operation import byte_count
from .decoder import Decoder, take
from .encoder import Encoder, bytes_to_encode

MAX_FRAME_LENGTH = 8 << 20  # bytes, as in tokio
FIELD_TYPES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}


class LengthDelimitedCodecError(ValueError):
    """The length of a frame is more than ``max_frame_length``, or makes no sense.

    Attribute: ``length``, the value that was refused.

    Source of the semantics: ``tokio_util::codec::LengthDelimitedCodecError``.
    """

    def __init__(self, message: str, *, length: int) -> None:
        super().__init__(message)
        self.length = length


class LengthDelimitedCodec(Decoder, Encoder):
    """Frames of bytes, each with its length in front.

    Args:
        max_frame_length: the most that a length field may say, and that is encoded, in bytes; 8 MiB as it stands. It is
            never more than the field can say.
        length_field_length: bytes of the length field, 1 to 8.
        length_field_type: the same as a type: "u8", "u16", "u32" or "u64".
        length_field_offset: bytes of a head before the length field.
        length_adjustment: is added to what the field says, if that does not count the payload alone. May be negative.
        num_skip: bytes that are dropped before a frame; None: up to the end of the length field. With 0 the head is a
            part of the frame, and ``length_adjustment`` has to count it.
        byteorder: of the length field: "big", "little" or "native".

    A length that is too large raises ``LengthDelimitedCodecError`` before the payload is read. There is no way to find
    the frame after it: the codec raises from there on. Encoding writes the length field and the payload, no more.

    >>> from mezame.codec import LengthDelimitedCodec
    >>> codec, buf = LengthDelimitedCodec(), bytearray()
    >>> codec.encode(b"hello", buf)
    >>> buf
    bytearray(b'\\x00\\x00\\x00\\x05hello')
    >>> codec.decode(buf), codec.decode(buf)
    (b'hello', None)

    Source of the semantics: ``tokio_util::codec::LengthDelimitedCodec``.
    """

    __slots__ = ("_adjustment", "_body", "_broken", "_byteorder", "_field", "_head", "_max", "_offset", "_skip")

    def __init__(
        self,
        max_frame_length: int = MAX_FRAME_LENGTH,
        *,
        length_field_length: int | None = None,
        length_field_type: str | None = None,
        length_field_offset: int = 0,
        length_adjustment: int = 0,
        num_skip: int | None = None,
        byteorder: str = "big",
    ) -> None:
        self._field = _field_length(length_field_length, length_field_type)
        self._offset = byte_count("length_field_offset", length_field_offset)
        if not isinstance(length_adjustment, int) or isinstance(length_adjustment, bool):
            raise TypeError(f"length_adjustment must be a number of bytes, not {length_adjustment!r}")
        self._adjustment = length_adjustment
        self._skip = self._offset + self._field if num_skip is None else byte_count("num_skip", num_skip)
        self._head = max(self._offset + self._field, self._skip)
        if byteorder not in ("big", "little", "native"):
            raise ValueError(f"byteorder must be 'big', 'little' or 'native', not {byteorder!r}")
        self._byteorder: Any = sys.byteorder if byteorder == "native" else byteorder
        self._max = 0
        self.set_max_frame_length(max_frame_length)
        self._body: int | None = None  # bytes of the payload, once its head was read
        self._broken: int | None = None  # the length that was refused

    @staticmethod
    def builder() -> Any:
        """A ``LengthDelimitedBuilder``: the same options as a chain of calls."""
        from .length_delimited_builder import LengthDelimitedBuilder

        return LengthDelimitedBuilder()

    def max_frame_length(self) -> int:
        """The most that a length field may say, in bytes."""
        return self._max

    def set_max_frame_length(self, size: int) -> None:
        """Sets it from the next frame on; one whose head was read already may still come.

        It is cut to what the length field can say.
        """
        largest = (1 << 8 * self._field) - 1 + self._adjustment
        self._max = max(0, min(byte_count("max_frame_length", size), largest))

    # --- decoding ---------------------------------------------------------------------------------------------------

    def decode(self, buf: bytearray) -> Any:
        size = self._body
        if size is None:
            size = self._decode_head(buf)
            if size is None:
                return None
        if len(buf) < size:
            return None
        self._body = None
        return take(buf, size)

    def _decode_head(self, buf: bytearray) -> int | None:
        """Takes the head; the number of bytes behind it that are the frame, None if the head is not whole yet."""
        if self._broken is not None and buf:
            buf.clear()
            raise self._refused(self._broken)
        if len(buf) < self._head:
            return None
        offset = self._offset
        said = int.from_bytes(buf[offset : offset + self._field], self._byteorder)
        size = said + self._adjustment
        if said > self._max or size < 0 or size + self._skip == 0:
            self._broken = said
            buf.clear()
            raise self._refused(said)
        del buf[: self._skip]
        self._body = size
        return size

    def _refused(self, said: int) -> LengthDelimitedCodecError:
        if said > self._max:
            text = f"a frame says that it has {said} bytes, more than max_frame_length={self._max}"
        elif said + self._adjustment < 0:
            text = f"a frame says that it has {said} bytes, which is negative with length_adjustment={self._adjustment}"
        else:  # its head, which num_skip=0 makes a part of it, would be left there for ever
            text = f"a frame says that it has {said} bytes, too few for its own head, with num_skip=0"
        return LengthDelimitedCodecError(f"{text}; the stream cannot be decoded any further", length=said)

    def decode_eof(self, buf: bytearray) -> Any:
        """``decode``; raises ``UnexpectedEof`` if the stream ends within a frame."""
        item = self.decode(buf)
        if item is None and (buf or self._body is not None):
            size = self._body
            part = f"the head of {self._head}" if size is None else f"a frame of {size}"
            wanted = self._head if size is None else size
            raise UnexpectedEof(
                f"the stream ended after {len(buf)} bytes of {part}", partial=bytes(buf), expected=wanted
            )
        return item

    def reset(self) -> None:
        self._body = None
        self._broken = None

    # --- encoding ---------------------------------------------------------------------------------------------------

    def encode(self, item: Any, buf: bytearray) -> None:
        data = bytes_to_encode("LengthDelimitedCodec", item)
        size = len(data)
        if size > self._max:
            raise LengthDelimitedCodecError(
                f"a frame of {size} bytes is more than max_frame_length={self._max}: set that on both sides",
                length=size,
            )
        said = size - self._adjustment
        if not 0 <= said < 1 << 8 * self._field:
            raise LengthDelimitedCodecError(
                f"a frame of {size} bytes has the length {said} with length_adjustment={self._adjustment}, which a "
                f"field of {self._field} bytes cannot say",
                length=size,
            )
        buf += said.to_bytes(self._field, self._byteorder)
        buf += data

    def __repr__(self) -> str:
        return f"LengthDelimitedCodec(max_frame_length={self._max}, length_field_length={self._field})"


def _field_length(length: int | None, kind: str | None) -> int:
    if kind is not None:
        if kind not in FIELD_TYPES:
            raise ValueError(f"length_field_type must be 'u8', 'u16', 'u32' or 'u64', not {kind!r}")
        if length is not None and length != FIELD_TYPES[kind]:
            raise ValueError(f"length_field_type={kind!r} and length_field_length={length!r} differ: give one of them")
        return FIELD_TYPES[kind]
    if length is None:
        return 4
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= 8:
        raise ValueError(f"length_field_length must be 1 to 8 bytes, not {length!r}")
    return length
