"""Decoder: how frames are cut out of bytes, without any I/O.

    decode(buf) -> item     its bytes are taken from the front of ``buf``; it is called again, there may be more
    decode(buf) -> None     not enough bytes for a frame; it is called again when more have come
    decode(buf) raises      the frame is bad; what of ``buf`` is not to be seen again has been taken

``buf`` is the bytearray of whoever reads. ``del buf[:n]`` at its front costs nothing that grows with the buffer (a
bytearray moves its beginning), so that many small frames in a large buffer are not quadratic work. What else has to be
linear is the search: a decoder that looks for a delimiter remembers how far it has looked.

A decoder decides how much is kept in memory: it must raise, and not ask for more, when the frame that it sees the
beginning of is longer than any frame may be.
"""

from __future__ import annotations

from typing import Any

from ..errors import UnexpectedEof


class Decoder:
    """Cuts frames out of bytes. Subclass it and define ``decode``; use it with ``FramedRead`` or ``Framed``.

    >>> import mezame
    >>> from mezame.codec import Decoder, FramedRead
    >>> class Pairs(Decoder):
    ...     def decode(self, buf):
    ...         if len(buf) < 2:
    ...             return None
    ...         pair = bytes(buf[:2])
    ...         del buf[:2]
    ...         return pair
    >>> async def main():
    ...     return [pair async for pair in FramedRead(mezame.io.Cursor(b"abcdef"), Pairs())]
    >>> mezame.run(main())
    [b'ab', b'cd', b'ef']

    Source of the semantics: ``tokio_util::codec::Decoder``.
    """

    __slots__ = ()

    def decode(self, buf: bytearray) -> Any:
        """Takes the next frame from the front of ``buf`` with ``del buf[:n]``.

        Returns what the frame holds, or None if more bytes are needed (so None cannot be an item).
        Raises what it likes if the frame is bad.
        """
        raise TypeError(f"{type(self).__name__} is a Decoder without a decode(buf) method: define one")

    def decode_eof(self, buf: bytearray) -> Any:
        """``decode`` when no more bytes will come. It is called until it returns None.

        As it stands, it calls ``decode`` and raises ``UnexpectedEof`` if bytes remain that are no whole frame.
        Its ``expected`` is then the least that was needed: one byte more. Override it where the end ends a frame.
        """
        item = self.decode(buf)
        if item is None and buf:
            count = len(buf)
            raise UnexpectedEof(
                f"the stream ended in the middle of a frame: {count} bytes remain that {type(self).__name__} can make "
                "no item of",
                partial=bytes(buf),
                expected=count + 1,
            )
        return item

    def reset(self) -> None:
        """Forgets the frame that it is in the middle of, if any. ``UdpFramed`` calls it at each new datagram."""

    def framed(self, io: Any) -> Any:
        """A ``Framed`` of ``io`` with this as its codec, which must be an ``Encoder`` too.

        Source of the semantics: ``tokio_util::codec::Decoder::framed``.
        """
        from .framed import Framed

        return Framed(io, self)


_SMALL = 8192  # bytes up to which a second copy is cheaper than the two views that save it


def take(buf: bytearray, size: int, behind: int = 0) -> bytes:
    """The first ``size`` bytes of ``buf``. They are removed from it, with ``behind`` more."""
    if size <= _SMALL:
        data = bytes(buf[:size])
    else:
        with memoryview(buf) as view, view[:size] as part:
            data = bytes(part)
    del buf[: size + behind]
    return data
