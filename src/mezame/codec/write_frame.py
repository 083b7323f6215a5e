"""WriteFrame: the writing side of a framed stream.

    encode --> buffer --(flush)--> out[at:] --> io

Encoders append to ``buffer``. A flush takes the whole of it as ``out`` and writes that piece by piece; only ``at``
moves, so a peer that takes one byte at a time costs no copies. What was once in ``buffer`` goes out whole and in order,
whichever ``send`` or ``flush`` is dropped meanwhile: no half of a frame can be followed by another frame.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from ..io.async_write import taken
from ..io.operation import byte_count

BACKPRESSURE = 8192  # bytes, as in tokio: with so many waiting, a sink flushes before it takes an item


class WriteFrame:
    """The state of the writing side; ``io`` and the encoder come with each call."""

    __slots__ = ("_at", "_buffer", "_out", "boundary")

    def __init__(self, buffer: bytearray | None = None) -> None:
        self._buffer = bytearray() if buffer is None else buffer
        self._out = bytearray()
        self._at = 0
        self.boundary = BACKPRESSURE

    def set_boundary(self, size: int) -> None:
        """Sets the size from which on the sink flushes first."""
        self.boundary = byte_count("backpressure boundary", size)

    def waiting(self) -> int:
        """How many bytes are encoded and not yet written."""
        return len(self._buffer) + len(self._out) - self._at

    def rest(self) -> bytearray:
        """What is encoded and not yet written, as the one live buffer."""
        if self._out:
            self._buffer[:0] = memoryview(self._out)[self._at :]
            self._out = bytearray()
            self._at = 0
        return self._buffer

    def poll_ready(self, io: Any, cx: Context) -> Any:
        """``Sink.poll_ready``."""
        return self.poll_flush(io, cx) if self.waiting() >= self.boundary else make_ready(None)

    def start_send(self, encoder: Any, item: Any) -> None:
        """``Sink.start_send``. If ``encode`` raises, nothing of the item is sent."""
        buffer = self._buffer
        before = len(buffer)
        try:
            encoder.encode(item, buffer)
        except BaseException:
            del buffer[before:]
            raise

    def poll_flush(self, io: Any, cx: Context) -> Any:
        """``Sink.poll_flush``."""
        while True:
            out = self._out
            if not out:
                if not self._buffer:
                    return io.poll_flush(cx)
                out = self._out = self._buffer
                self._buffer = bytearray()
            while self._at < len(out):
                answer = io.poll_write(cx, memoryview(out)[self._at :])
                if answer is PENDING:
                    return PENDING
                self._at += taken(io, answer.value, len(out) - self._at, self._at)
            self._out = bytearray()
            self._at = 0

    def poll_close(self, io: Any, cx: Context) -> Any:
        """``Sink.poll_close``: flushes, then ends the stream for its reader."""
        return PENDING if self.poll_flush(io, cx) is PENDING else io.poll_shutdown(cx)
