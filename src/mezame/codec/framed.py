"""Framed: a byte stream as a stream and a sink of frames; FramedParts: what one is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..io.operation import forward
from ..stream.sink import Sink
from ..stream.stream import Stream
from .framed_read import UsedUp, checked_decoder, checked_encoder
from .read_frame import CAPACITY, ReadFrame
from .write_frame import WriteFrame


class FramedParts:
    """A ``Framed`` taken apart, with nothing lost: from ``Framed.into_parts``, and back by ``Framed.from_parts``.

    Args:
        io: the byte stream.
        codec: the codec.
        read_buf: what was read and is not decoded yet.
        write_buf: what is encoded and not written yet.

    Source of the semantics: ``tokio_util::codec::FramedParts``.
    """

    __slots__ = ("codec", "io", "read_buf", "write_buf")

    def __init__(self, io: Any, codec: Any, read_buf: Any = b"", write_buf: Any = b"") -> None:
        self.io = io
        self.codec = codec
        self.read_buf = read_buf if isinstance(read_buf, bytearray) else bytearray(memoryview(read_buf))
        self.write_buf = write_buf if isinstance(write_buf, bytearray) else bytearray(memoryview(write_buf))

    def __repr__(self) -> str:
        return (
            f"<FramedParts {self.io!r} {self.codec!r}, {len(self.read_buf)} bytes read, "
            f"{len(self.write_buf)} bytes to write>"
        )


class Framed(Stream, Sink):
    """Both directions of ``io`` through one codec: ``async for item in framed:`` and ``await framed.send(item)``.

    Args:
        io: an ``AsyncRead`` and ``AsyncWrite``. ``drop()`` and ``async with`` close it; ``await close()`` flushes and
            shuts it down for writing.
        codec: a ``Decoder`` and ``Encoder``.
        capacity: bytes that the first reads ask for; 8192 as it stands. While they come full, they grow to 65536.

    Reading is as for ``FramedRead`` (``next()`` is cancel safe), writing as for ``FramedWrite``. One task may read
    while another writes; not two the same way.

    >>> import mezame
    >>> from mezame.codec import Framed, LinesCodec
    >>> async def serve(io):
    ...     framed = Framed(io, LinesCodec())
    ...     async for line in framed:
    ...         await framed.send(line.upper())
    >>> async def main():
    ...     here, there = mezame.io.duplex(1024)
    ...     mezame.spawn(serve(there))
    ...     framed = Framed(here, LinesCodec())
    ...     await framed.send("hello")
    ...     return await framed.next()
    >>> mezame.run(main())
    'HELLO'

    Source of the semantics: ``tokio_util::codec::Framed``.
    """

    def __init__(self, io: Any, codec: Any, *, capacity: int = CAPACITY) -> None:
        forward(io, "poll_read")
        forward(io, "poll_write")
        self._io = io
        self._codec = checked_encoder("Framed", checked_decoder("Framed", codec))
        self._reading = ReadFrame(capacity)
        self._writing = WriteFrame()

    @staticmethod
    def with_capacity(io: Any, codec: Any, capacity: int) -> Framed:
        """``Framed(io, codec, capacity=capacity)``."""
        return Framed(io, codec, capacity=capacity)

    @staticmethod
    def from_parts(parts: FramedParts) -> Framed:
        """A ``Framed`` that goes on with what the buffers of ``parts`` hold, and uses these very buffers."""
        framed = Framed(parts.io, parts.codec)
        framed._reading = ReadFrame(CAPACITY, parts.read_buf)
        framed._writing = WriteFrame(parts.write_buf)
        return framed

    def into_parts(self) -> FramedParts:
        """Takes it apart: the byte stream, the codec and what the buffers hold. This one is used up."""
        parts = FramedParts(self._io, self._codec, self._reading.buffer, self._writing.rest())
        self._give_up()
        return parts

    def into_inner(self) -> Any:
        """Gives back the byte stream. What is in the buffers is lost; ``into_parts`` gives that too."""
        io = self._io
        self._give_up()
        return io

    def map_codec(self, function: Callable[[Any], Any]) -> Framed:
        """A Framed that goes on here, buffers and all, with the codec that ``function(codec)`` returns.

        This one is used up.

        >>> import mezame
        >>> from mezame.codec import BytesCodec, Framed, LinesCodec
        >>> async def main():
        ...     framed = Framed(mezame.io.Cursor(bytearray(b"name\\nbody")), LinesCodec())
        ...     name = await framed.next()
        ...     return name, await framed.map_codec(lambda _: BytesCodec()).next()
        >>> mezame.run(main())
        ('name', b'body')
        """
        other = Framed(self._io, function(self._codec))
        other._reading = self._reading
        other._reading.see_again()
        other._writing = self._writing
        self._give_up()
        return other

    def _give_up(self) -> None:
        self._io = UsedUp("Framed")
        self._reading = ReadFrame(CAPACITY)
        self._writing = WriteFrame()

    # --- stream and sink --------------------------------------------------------------------------------------------

    def poll_next(self, cx: Context) -> Any:
        return self._reading.poll_next(self._io, self._codec, cx)

    def poll_ready(self, cx: Context) -> Any:
        return self._writing.poll_ready(self._io, cx)

    def start_send(self, item: Any) -> None:
        self._writing.start_send(self._codec, item)

    def poll_flush(self, cx: Context) -> Any:
        return self._writing.poll_flush(self._io, cx)

    def poll_close(self, cx: Context) -> Any:
        return self._writing.poll_close(self._io, cx)

    def drop(self) -> None:
        """Closes the byte stream at once: what waits to be written is lost. Idempotent."""
        self._io.close()

    # --- its parts --------------------------------------------------------------------------------------------------

    def get_ref(self) -> Any:
        """The byte stream. Mind that what is read or written there directly goes past the buffers."""
        return self._io

    def codec(self) -> Any:
        """The codec."""
        return self._codec

    def read_buffer(self) -> bytearray:
        """What was read and is not decoded yet."""
        return self._reading.buffer

    def write_buffer(self) -> bytearray:
        """What is encoded and not written yet. To be looked at, or appended to, before the next flush."""
        return self._writing.rest()

    def backpressure_boundary(self) -> int:
        """How many bytes may wait to be written before the sink flushes first."""
        return self._writing.boundary

    def set_backpressure_boundary(self, size: int) -> None:
        """Sets the number of bytes from which on the sink flushes before it takes an item."""
        self._writing.set_boundary(size)

    def __repr__(self) -> str:
        return f"<Framed {self._io!r} by {self._codec!r}>"
