"""The numbers that a reader reads: ``read_u8`` to ``read_f64_le``. A part of ``AsyncRead``.

Big endian; the methods that end in ``_le`` are little endian. Each raises ``UnexpectedEof`` if the stream ends within
the number, and is not cancel safe: the bytes that came before the cancellation are lost.
"""

from __future__ import annotations

import struct
from typing import Any

_F32, _F64, _F32_LE, _F64_LE = (struct.Struct(form) for form in (">f", ">d", "<f", "<d"))


class ReadNumbers:
    """The mix-in. Source of the semantics: ``tokio::io::AsyncReadExt::read_u8`` and those beside it."""

    __slots__ = ()

    def read_exact(self, size: int) -> Any:
        """``AsyncRead.read_exact``."""
        raise TypeError(f"{type(self).__name__} must define read_exact(size)")

    async def read_u8(self) -> int:
        """The next byte as an 8-bit unsigned integer."""
        return int.from_bytes(await self.read_exact(1), "big")

    async def read_i8(self) -> int:
        """The next byte as an 8-bit signed integer."""
        return int.from_bytes(await self.read_exact(1), "big", signed=True)

    async def read_u16(self) -> int:
        """The next 2 bytes as a 16-bit unsigned integer, big endian."""
        return int.from_bytes(await self.read_exact(2), "big")

    async def read_i16(self) -> int:
        """The next 2 bytes as a 16-bit signed integer, big endian."""
        return int.from_bytes(await self.read_exact(2), "big", signed=True)

    async def read_u32(self) -> int:
        """The next 4 bytes as a 32-bit unsigned integer, big endian."""
        return int.from_bytes(await self.read_exact(4), "big")

    async def read_i32(self) -> int:
        """The next 4 bytes as a 32-bit signed integer, big endian."""
        return int.from_bytes(await self.read_exact(4), "big", signed=True)

    async def read_u64(self) -> int:
        """The next 8 bytes as a 64-bit unsigned integer, big endian."""
        return int.from_bytes(await self.read_exact(8), "big")

    async def read_i64(self) -> int:
        """The next 8 bytes as a 64-bit signed integer, big endian."""
        return int.from_bytes(await self.read_exact(8), "big", signed=True)

    async def read_u128(self) -> int:
        """The next 16 bytes as a 128-bit unsigned integer, big endian."""
        return int.from_bytes(await self.read_exact(16), "big")

    async def read_i128(self) -> int:
        """The next 16 bytes as a 128-bit signed integer, big endian."""
        return int.from_bytes(await self.read_exact(16), "big", signed=True)

    async def read_f32(self) -> float:
        """The next 4 bytes as a 32-bit float, big endian."""
        return float(_F32.unpack(await self.read_exact(4))[0])

    async def read_f64(self) -> float:
        """The next 8 bytes as a 64-bit float, big endian."""
        return float(_F64.unpack(await self.read_exact(8))[0])

    async def read_u16_le(self) -> int:
        """The next 2 bytes as a 16-bit unsigned integer, little endian."""
        return int.from_bytes(await self.read_exact(2), "little")

    async def read_i16_le(self) -> int:
        """The next 2 bytes as a 16-bit signed integer, little endian."""
        return int.from_bytes(await self.read_exact(2), "little", signed=True)

    async def read_u32_le(self) -> int:
        """The next 4 bytes as a 32-bit unsigned integer, little endian."""
        return int.from_bytes(await self.read_exact(4), "little")

    async def read_i32_le(self) -> int:
        """The next 4 bytes as a 32-bit signed integer, little endian."""
        return int.from_bytes(await self.read_exact(4), "little", signed=True)

    async def read_u64_le(self) -> int:
        """The next 8 bytes as a 64-bit unsigned integer, little endian."""
        return int.from_bytes(await self.read_exact(8), "little")

    async def read_i64_le(self) -> int:
        """The next 8 bytes as a 64-bit signed integer, little endian."""
        return int.from_bytes(await self.read_exact(8), "little", signed=True)

    async def read_u128_le(self) -> int:
        """The next 16 bytes as a 128-bit unsigned integer, little endian."""
        return int.from_bytes(await self.read_exact(16), "little")

    async def read_i128_le(self) -> int:
        """The next 16 bytes as a 128-bit signed integer, little endian."""
        return int.from_bytes(await self.read_exact(16), "little", signed=True)

    async def read_f32_le(self) -> float:
        """The next 4 bytes as a 32-bit float, little endian."""
        return float(_F32_LE.unpack(await self.read_exact(4))[0])

    async def read_f64_le(self) -> float:
        """The next 8 bytes as a 64-bit float, little endian."""
        return float(_F64_LE.unpack(await self.read_exact(8))[0])
