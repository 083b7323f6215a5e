"""The numbers that a writer writes: ``write_u8`` to ``write_f64_le``. A part of ``AsyncWrite``.

Big endian; the methods that end in ``_le`` are little endian. Each raises ``OverflowError`` for a number that does not
fit, before a byte is written, and is not cancel safe: a part of the number may have been written.
"""

from __future__ import annotations

import operator
import struct
from typing import Any

_F32, _F64, _F32_LE, _F64_LE = (struct.Struct(form) for form in (">f", ">d", "<f", "<d"))


def _packed(value: Any, size: int, order: Any, signed: bool) -> bytes:
    try:
        return operator.index(value).to_bytes(size, order, signed=signed)
    except OverflowError:
        kind = f"{'i' if signed else 'u'}{8 * size}"
        raise OverflowError(f"{value!r} does not fit into {kind}") from None


def _packed_float(value: Any, form: struct.Struct) -> bytes:
    try:
        return form.pack(value)
    except struct.error:
        raise TypeError(f"a float is written as f{8 * form.size}, not {value!r}") from None


class WriteNumbers:
    """The mix-in. Source of the semantics: ``tokio::io::AsyncWriteExt::write_u8`` and those beside it."""

    __slots__ = ()

    def write_all(self, data: Any) -> Any:
        """``AsyncWrite.write_all``."""
        raise TypeError(f"{type(self).__name__} must define write_all(data)")

    async def write_u8(self, value: int) -> None:
        """Writes an 8-bit unsigned integer."""
        await self.write_all(_packed(value, 1, "big", False))

    async def write_i8(self, value: int) -> None:
        """Writes an 8-bit signed integer."""
        await self.write_all(_packed(value, 1, "big", True))

    async def write_u16(self, value: int) -> None:
        """Writes a 16-bit unsigned integer, big endian."""
        await self.write_all(_packed(value, 2, "big", False))

    async def write_i16(self, value: int) -> None:
        """Writes a 16-bit signed integer, big endian."""
        await self.write_all(_packed(value, 2, "big", True))

    async def write_u32(self, value: int) -> None:
        """Writes a 32-bit unsigned integer, big endian."""
        await self.write_all(_packed(value, 4, "big", False))

    async def write_i32(self, value: int) -> None:
        """Writes a 32-bit signed integer, big endian."""
        await self.write_all(_packed(value, 4, "big", True))

    async def write_u64(self, value: int) -> None:
        """Writes a 64-bit unsigned integer, big endian."""
        await self.write_all(_packed(value, 8, "big", False))

    async def write_i64(self, value: int) -> None:
        """Writes a 64-bit signed integer, big endian."""
        await self.write_all(_packed(value, 8, "big", True))

    async def write_u128(self, value: int) -> None:
        """Writes a 128-bit unsigned integer, big endian."""
        await self.write_all(_packed(value, 16, "big", False))

    async def write_i128(self, value: int) -> None:
        """Writes a 128-bit signed integer, big endian."""
        await self.write_all(_packed(value, 16, "big", True))

    async def write_f32(self, value: float) -> None:
        """Writes a 32-bit float, big endian."""
        await self.write_all(_packed_float(value, _F32))

    async def write_f64(self, value: float) -> None:
        """Writes a 64-bit float, big endian."""
        await self.write_all(_packed_float(value, _F64))

    async def write_u16_le(self, value: int) -> None:
        """Writes a 16-bit unsigned integer, little endian."""
        await self.write_all(_packed(value, 2, "little", False))

    async def write_i16_le(self, value: int) -> None:
        """Writes a 16-bit signed integer, little endian."""
        await self.write_all(_packed(value, 2, "little", True))

    async def write_u32_le(self, value: int) -> None:
        """Writes a 32-bit unsigned integer, little endian."""
        await self.write_all(_packed(value, 4, "little", False))

    async def write_i32_le(self, value: int) -> None:
        """Writes a 32-bit signed integer, little endian."""
        await self.write_all(_packed(value, 4, "little", True))

    async def write_u64_le(self, value: int) -> None:
        """Writes a 64-bit unsigned integer, little endian."""
        await self.write_all(_packed(value, 8, "little", False))

    async def write_i64_le(self, value: int) -> None:
        """Writes a 64-bit signed integer, little endian."""
        await self.write_all(_packed(value, 8, "little", True))

    async def write_u128_le(self, value: int) -> None:
        """Writes a 128-bit unsigned integer, little endian."""
        await self.write_all(_packed(value, 16, "little", False))

    async def write_i128_le(self, value: int) -> None:
        """Writes a 128-bit signed integer, little endian."""
        await self.write_all(_packed(value, 16, "little", True))

    async def write_f32_le(self, value: float) -> None:
        """Writes a 32-bit float, little endian."""
        await self.write_all(_packed_float(value, _F32_LE))

    async def write_f64_le(self, value: float) -> None:
        """Writes a 64-bit float, little endian."""
        await self.write_all(_packed_float(value, _F64_LE))
