"""FramedRead: a byte stream as a stream of frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..io.operation import forward
from ..stream.stream import Stream
from .read_frame import CAPACITY, ReadFrame


class FramedRead(Stream):
    """The frames that ``decoder`` finds in what is read from ``io``: ``async for frame in FramedRead(io, decoder):``.

    Args:
        io: an ``AsyncRead``. ``drop()`` and ``async with`` close it.
        decoder: a ``Decoder``.
        capacity: bytes that the first reads ask for; 8192 as it stands. While they come full, they grow to 65536.

    The end of ``io`` in the middle of a frame raises. After whatever was raised, the stream ends once; iterated again,
    it goes on with what the decoder has left in the buffer and what is read then. ``next()`` is cancel safe.

    >>> import mezame
    >>> from mezame.codec import FramedRead, LinesCodec
    >>> async def main():
    ...     return [line async for line in FramedRead(mezame.io.Cursor(b"one\\ntwo"), LinesCodec())]
    >>> mezame.run(main())
    ['one', 'two']

    Source of the semantics: ``tokio_util::codec::FramedRead``.
    """

    def __init__(self, io: Any, decoder: Any, *, capacity: int = CAPACITY) -> None:
        forward(io, "poll_read")
        self._io = io
        self._decoder = checked_decoder("FramedRead", decoder)
        self._frame = ReadFrame(capacity)

    def poll_next(self, cx: Context) -> Any:
        return self._frame.poll_next(self._io, self._decoder, cx)

    def get_ref(self) -> Any:
        """The byte stream. Mind that what is read there directly goes past the buffer."""
        return self._io

    def decoder(self) -> Any:
        """The decoder."""
        return self._decoder

    def map_decoder(self, function: Callable[[Any], Any]) -> FramedRead:
        """A FramedRead that goes on here, buffer and all, with the decoder that ``function(decoder)`` returns.

        This one is used up.
        """
        other = FramedRead(self._io, function(self._decoder))
        other._frame = self._frame
        other._frame.see_again()
        self._give_up()
        return other

    def read_buffer(self) -> bytearray:
        """What was read and is not decoded yet."""
        return self._frame.buffer

    def into_inner(self) -> Any:
        """Gives back the byte stream. What is in the buffer is lost."""
        io = self._io
        self._give_up()
        return io

    def _give_up(self) -> None:
        self._io = UsedUp("FramedRead")
        self._frame = ReadFrame(CAPACITY)

    def drop(self) -> None:
        """Closes the byte stream. Idempotent."""
        self._io.close()

    def __repr__(self) -> str:
        return f"<FramedRead of {self._io!r} by {self._decoder!r}>"


def checked_decoder(what: str, codec: Any) -> Any:
    """``codec``, or ``TypeError`` if it is not what decodes."""
    if not (hasattr(codec, "decode") and hasattr(codec, "decode_eof")) or isinstance(codec, type):
        raise TypeError(f"{what} needs a Decoder such as LinesCodec(), not {codec!r}")
    return codec


def checked_encoder(what: str, codec: Any) -> Any:
    """``codec``, or ``TypeError`` if it is not what encodes."""
    if not hasattr(codec, "encode") or isinstance(codec, (type, str)):
        raise TypeError(f"{what} needs an Encoder such as LinesCodec(), not {codec!r}")
    return codec


class UsedUp:
    """In the place of a byte stream that was given back: whatever is done with it raises."""

    def __init__(self, name: str) -> None:
        self._name = name

    def close(self) -> None:
        """Nothing to do: the byte stream is somebody else's now."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(f"this {self._name} has given its byte stream away: use what it was turned into")

    def __repr__(self) -> str:
        return "nothing"
