"""What the tests of codecs share: a byte stream that does what its script says, and streams that are polled by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from polling import CountingWaker

from mezame import Poll
from mezame.io import AsyncRead, AsyncWrite
from mezame.stream import END

PENDING = Poll.Pending


class Wire(AsyncRead, AsyncWrite):
    """``reads``: what each read finds: bytes (b"": the end), PENDING or an exception; when it is used up, the end.

    ``room``: how many bytes each write takes, PENDING or an exception; None, and when it is used up: all.
    """

    def __init__(self, reads: Any = (), room: Any = None) -> None:
        self.reads = list(reads)
        self.room = list(room or ())
        self.written = bytearray()
        self.writes = 0
        self.flushes = 0
        self.closed = False
        self.shut = False
        self.reader: Any = None
        self.writer: Any = None

    def poll_read(self, cx, buf):
        if not self.reads:
            return Poll.Ready(None)
        found = self.reads.pop(0)
        if found is PENDING:
            self.reader = cx.waker
            return PENDING
        if isinstance(found, BaseException):
            raise found
        if len(found) > buf.remaining():
            self.reads.insert(0, found[buf.remaining() :])
            found = found[: buf.remaining()]
        buf.put_slice(found)
        return Poll.Ready(None)

    def poll_write(self, cx, data):
        self.writes += 1
        room = self.room.pop(0) if self.room else len(data)
        if room is PENDING:
            self.writer = cx.waker
            return PENDING
        if isinstance(room, BaseException):
            raise room
        count = min(room, len(data))
        self.written += data[:count]
        return Poll.Ready(count)

    def poll_flush(self, cx):
        self.flushes += 1
        return Poll.Ready(None)

    def poll_shutdown(self, cx):
        self.shut = True
        return Poll.Ready(None)

    def close(self):
        self.closed = True


def outcome(stream: Any, cx: Any = None) -> Any:
    """What one ``poll_next`` gives: the item, END, PENDING or the exception."""
    try:
        answer = stream.poll_next(cx or CountingWaker().cx)
    except Exception as error:
        return error
    return answer if answer is PENDING else answer.value


def drained(stream: Any) -> list[Any]:
    """All outcomes up to an END that no exception brought on, without the ENDs."""
    found: list[Any] = []
    while True:
        one = outcome(stream)
        if one is END:
            if not (found and isinstance(found[-1], Exception)) or outcome_again(found, stream):
                return found
        else:
            found.append(one)


def outcome_again(found: list[Any], stream: Any) -> bool:
    """After the END that follows an exception: goes on; True if the next outcome is the END of the stream."""
    one = outcome(stream)
    if one is END:
        return True
    found.append(one)
    return False


def cuts(data: bytes, places: Any) -> list[bytes]:
    """``data`` cut at ``places``."""
    edges = sorted({0, len(data), *(place for place in places if place < len(data))})
    return [data[a:b] for a, b in pairwise(edges)]
