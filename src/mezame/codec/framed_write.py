"""FramedWrite: a byte stream as a sink of items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..io.operation import forward
from ..stream.sink import Sink
from .framed_read import UsedUp, checked_encoder
from .write_frame import WriteFrame


class FramedWrite(Sink):
    """Items are encoded by ``encoder`` and written to ``io``: ``await FramedWrite(io, encoder).send(item)``.

    Args:
        io: an ``AsyncWrite``. ``async with`` closes it; ``await close()`` flushes and shuts it down before.
        encoder: an ``Encoder``.

    ``send`` writes at once, ``feed`` only fills the buffer; with 8 KiB in it (``set_backpressure_boundary``) both wait
    until it is written. Cancelled while it waits for room, an item is lost; but what is in the buffer goes out whole.
    An encoder that raises leaves the sink as it was.

    >>> import mezame
    >>> from mezame.codec import FramedWrite, LinesCodec
    >>> async def main():
    ...     file = mezame.io.Cursor(bytearray())
    ...     sink = FramedWrite(file, LinesCodec())
    ...     await sink.feed("one")
    ...     await sink.send("two")
    ...     return bytes(file.into_inner())
    >>> mezame.run(main())
    b'one\\ntwo\\n'

    Source of the semantics: ``tokio_util::codec::FramedWrite``.
    """

    def __init__(self, io: Any, encoder: Any) -> None:
        forward(io, "poll_write")
        self._io = io
        self._encoder = checked_encoder("FramedWrite", encoder)
        self._frame = WriteFrame()

    def poll_ready(self, cx: Context) -> Any:
        return self._frame.poll_ready(self._io, cx)

    def start_send(self, item: Any) -> None:
        self._frame.start_send(self._encoder, item)

    def poll_flush(self, cx: Context) -> Any:
        return self._frame.poll_flush(self._io, cx)

    def poll_close(self, cx: Context) -> Any:
        return self._frame.poll_close(self._io, cx)

    def get_ref(self) -> Any:
        """The byte stream. Mind that what is written there directly goes past the buffer."""
        return self._io

    def encoder(self) -> Any:
        """The encoder."""
        return self._encoder

    def map_encoder(self, function: Callable[[Any], Any]) -> FramedWrite:
        """A FramedWrite that goes on here, buffer and all, with the encoder that ``function(encoder)`` returns.

        This one is used up.
        """
        other = FramedWrite(self._io, function(self._encoder))
        other._frame = self._frame
        self._give_up()
        return other

    def write_buffer(self) -> bytearray:
        """What is encoded and not written yet. To be looked at, or appended to, before the next flush."""
        return self._frame.rest()

    def backpressure_boundary(self) -> int:
        """How many bytes may wait in the buffer before the sink flushes first."""
        return self._frame.boundary

    def set_backpressure_boundary(self, size: int) -> None:
        """Sets the number of bytes from which on the sink flushes before it takes an item."""
        self._frame.set_boundary(size)

    def into_inner(self) -> Any:
        """Gives back the byte stream. What is in the buffer is lost."""
        io = self._io
        self._give_up()
        return io

    def _give_up(self) -> None:
        self._io = UsedUp("FramedWrite")
        self._frame = WriteFrame()

    def drop(self) -> None:
        """Closes the byte stream at once: what is in the buffer is lost. Idempotent."""
        self._io.close()

    async def __aenter__(self) -> FramedWrite:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.drop()

    def __repr__(self) -> str:
        return f"<FramedWrite to {self._io!r} by {self._encoder!r}>"
