"""LengthDelimitedBuilder: the options of LengthDelimitedCodec as a chain of calls."""

from __future__ import annotations

from typing import Any

from .framed import Framed
from .framed_read import FramedRead
from .framed_write import FramedWrite
from .length_delimited import LengthDelimitedCodec


class LengthDelimitedBuilder:
    """Collects the options of a ``LengthDelimitedCodec``; ``new_codec()`` makes it. Each call returns the builder.

    A wrong value raises where the codec is made. From ``LengthDelimitedCodec.builder()``.

    >>> from mezame.codec import LengthDelimitedCodec
    >>> codec = LengthDelimitedCodec.builder().little_endian().length_field_type("u16").new_codec()
    >>> codec.decode(bytearray(b"\\x02\\x00hi"))
    b'hi'

    Source of the semantics: ``tokio_util::codec::length_delimited::Builder``.
    """

    def __init__(self) -> None:
        self._options: dict[str, Any] = {}

    def _set(self, name: str, value: Any) -> LengthDelimitedBuilder:
        self._options[name] = value
        return self

    def big_endian(self) -> LengthDelimitedBuilder:
        """The length field is big endian, as it is anyway."""
        return self._set("byteorder", "big")

    def little_endian(self) -> LengthDelimitedBuilder:
        """The length field is little endian."""
        return self._set("byteorder", "little")

    def native_endian(self) -> LengthDelimitedBuilder:
        """The length field has the byte order of this machine."""
        return self._set("byteorder", "native")

    def max_frame_length(self, size: int) -> LengthDelimitedBuilder:
        """The most that the length field may say, in bytes."""
        return self._set("max_frame_length", size)

    def length_field_type(self, kind: str) -> LengthDelimitedBuilder:
        """The length field as a type: "u8", "u16", "u32" or "u64"."""
        self._options.pop("length_field_length", None)
        return self._set("length_field_type", kind)

    def length_field_length(self, size: int) -> LengthDelimitedBuilder:
        """Bytes of the length field, 1 to 8."""
        self._options.pop("length_field_type", None)
        return self._set("length_field_length", size)

    def length_field_offset(self, size: int) -> LengthDelimitedBuilder:
        """Bytes of a head before the length field."""
        return self._set("length_field_offset", size)

    def length_adjustment(self, size: int) -> LengthDelimitedBuilder:
        """Is added to what the field says. May be negative."""
        return self._set("length_adjustment", size)

    def num_skip(self, size: int) -> LengthDelimitedBuilder:
        """Bytes that are dropped before a frame."""
        return self._set("num_skip", size)

    def new_codec(self) -> LengthDelimitedCodec:
        """A ``LengthDelimitedCodec`` with these options. ``TypeError`` or ``ValueError`` for a wrong one."""
        return LengthDelimitedCodec(**self._options)

    def new_read(self, io: Any) -> FramedRead:
        """A ``FramedRead`` of ``io`` with a new codec."""
        return FramedRead(io, self.new_codec())

    def new_write(self, io: Any) -> FramedWrite:
        """A ``FramedWrite`` to ``io`` with a new codec."""
        return FramedWrite(io, self.new_codec())

    def new_framed(self, io: Any) -> Framed:
        """A ``Framed`` of ``io`` with a new codec."""
        return Framed(io, self.new_codec())

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self._options.items())
        return f"LengthDelimitedBuilder({options})"
