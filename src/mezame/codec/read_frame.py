"""ReadFrame: the reading side of a framed stream: the buffer, and where in its life it is.

    state      ended  readable  failed   what poll_next does
    READING    no     no        no       reads: bytes -> FRAMING, the end -> PAUSING
    FRAMING    no     yes       no       decode: item -> FRAMING, None -> READING
    PAUSING    yes    yes       no       decode_eof: item -> PAUSING, None -> PAUSED, and answers END
    PAUSED     yes    no        no       reads: bytes -> FRAMING (a file that grew), the end -> answers END
    FAILED     any    any       yes      answers END, once; -> FRAMING or PAUSING if the decoder took something of the
                                         buffer when it raised, else READING or PAUSED

Whatever raises (read, decode, decode_eof) leads to FAILED. If the decoder took nothing it would raise the same again,
so it is asked again only when more bytes have come: whoever resumes in a loop waits for the peer and does not spin.

An item takes a unit of the cooperative budget: a peer that sends a buffer full of tiny frames does not keep the thread.
All that was read is in ``buffer`` and stays there: a poll that is Pending has taken nothing from anywhere, so a
dropped ``next()`` loses nothing.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.poll import PENDING, make_ready
from ..future.end import END
from ..io.operation import byte_count
from ..io.read_buf import ReadBuf

CAPACITY = 8192  # bytes that the first reads ask for, as in tokio
_LARGEST = 65536  # what they grow to while they come full: the most that is read beyond what a decoder asked for


class ReadFrame:
    """The state of the reading side; ``io`` and the decoder come with each poll."""

    __slots__ = ("_capacity", "_room", "buffer", "ended", "failed", "readable")

    def __init__(self, capacity: int, buffer: bytearray | None = None) -> None:
        if byte_count("capacity", capacity) == 0:
            raise ValueError("capacity must be at least 1 byte, not 0")
        self._capacity = capacity
        self._room: ReadBuf | None = None
        self.buffer = bytearray() if buffer is None else buffer
        self.readable = bool(self.buffer)
        self.ended = False
        self.failed = False

    def poll_next(self, io: Any, decoder: Any, cx: Context) -> Any:
        """``Stream.poll_next`` of ``io`` through ``decoder``."""
        if self.failed:
            self.failed = False
            return make_ready(END)
        while True:
            if self.readable:
                if not poll_proceed(cx):
                    return PENDING
                item = self._decode(decoder)
                if item is not None:
                    return make_ready(item)
                refund()
                self.readable = False
                if self.ended:
                    return make_ready(END)
            count = self._poll_read(io, cx)
            if count < 0:
                return PENDING
            if count == 0 and self.ended:
                return make_ready(END)
            self.ended = count == 0
            self.readable = True

    def _decode(self, decoder: Any) -> Any:
        buffer = self.buffer
        before = len(buffer)
        try:
            return decoder.decode_eof(buffer) if self.ended else decoder.decode(buffer)
        except BaseException:
            self.failed = True
            self.readable = len(buffer) != before
            raise

    def _poll_read(self, io: Any, cx: Context) -> int:
        """Reads once. How many bytes came; -1 for Pending."""
        room = self._room
        if room is None:
            room = self._room = ReadBuf(self._capacity)
        room.clear()
        try:
            if io.poll_read(cx, room) is PENDING:
                return -1
        except BaseException:
            self.failed = True
            raise
        count = room.filled_len()
        self.buffer += room.filled()
        if count == self._capacity < _LARGEST:
            self._capacity = min(2 * count, _LARGEST)
            self._room = None
        return count

    def see_again(self) -> None:
        """Another decoder has come: it has not seen yet what is in the buffer."""
        self.readable = bool(self.buffer)
