"""Reading: the steps that read. A plain file is read ahead, so that small reads are not a visit to a thread each.

A step that is dropped before the job comes to it reads nothing; one that is dropped later gives its bytes back, in
front of the read-ahead: so every read here is cancel safe. (Unless another step moved the position meanwhile: then
its bytes were read, and given to nobody.)
"""

from __future__ import annotations

import os
from typing import Any

from ..errors import UnexpectedEof
from .lane import READ_AHEAD, Lane
from .step import LATER, Step

_FIRST = 65536
_MOST = 1 << 30  # bytes of one system call: the system itself takes no more than 2 GiB


class Read(Step):
    """Between 1 and ``want`` bytes; none at the end."""

    __slots__ = ("_mark", "_want")

    def __init__(self, lane: Lane, want: int) -> None:
        Step.__init__(self, lane)
        self._want = want
        self._mark = -1

    def at_once(self, lane: Lane) -> Any:
        if not lane.ahead():
            return LATER
        lane.changes += 1
        self._mark = lane.changes
        return lane.take_ahead(self._want)

    def run(self, lane: Lane) -> bytes:
        if self.is_dropped():
            return b""
        return lane.move() or os.read(lane.descriptor.fd, read_size(lane, self._want))

    def keep(self, lane: Lane, value: bytes) -> bytes:
        self._mark = lane.changes
        if len(value) <= self._want:
            return value
        lane.store(value, self._want)
        return value[: self._want]

    def give_back(self, lane: Lane, value: bytes) -> None:
        if self._mark == lane.changes:
            lane.put_back(value)


def read_size(lane: Lane, want: int) -> int:
    """How many bytes to ask the system for, where ``want`` are wanted."""
    if want < READ_AHEAD and lane.descriptor.is_regular():
        want = READ_AHEAD
    return min(want, lane.max_buf_size)


class ReadInto(Read):
    """The same into a buffer; the value is their number."""

    __slots__ = ("_view",)

    def __init__(self, lane: Lane, view: memoryview) -> None:
        Read.__init__(self, lane, len(view))
        self._view = view

    def unwrap(self, value: bytes) -> int:
        self._view[: len(value)] = value
        return len(value)


class ReadExact(Read):
    """``want`` bytes, however many system calls it takes."""

    __slots__ = ()

    def at_once(self, lane: Lane) -> Any:
        return LATER if lane.ahead() < self._want else Read.at_once(self, lane)

    def run(self, lane: Lane) -> bytes:
        if self.is_dropped():
            return b""
        pieces = [lane.move()]
        missing = self._want - len(pieces[0])
        try:
            while missing > 0:
                piece = os.read(lane.descriptor.fd, read_size(lane, missing))
                if not piece:
                    break
                pieces.append(piece)
                missing -= len(piece)
        except BaseException:
            put_back(lane, pieces)
            raise
        return b"".join(pieces)

    def unwrap(self, value: bytes) -> bytes:
        if len(value) < self._want:
            raise UnexpectedEof(
                f"the file ended after {len(value)} of {self._want} bytes", partial=value, expected=self._want
            )
        return value


class ReadToEnd(Read):
    """All bytes up to the end."""

    __slots__ = ()

    def __init__(self, lane: Lane) -> None:
        Read.__init__(self, lane, 1 << 62)

    def at_once(self, lane: Lane) -> Any:
        return LATER

    def run(self, lane: Lane) -> bytes:
        if self.is_dropped():
            return b""
        fd = lane.descriptor.fd
        pieces = [lane.move()]
        try:
            size = _FIRST
            if lane.descriptor.is_regular():  # all of it, and one byte to see the end
                size = max(os.fstat(fd).st_size - os.lseek(fd, 0, os.SEEK_CUR), 0) + 1
            piece = os.read(fd, min(size, _MOST))
            while piece:
                pieces.append(piece)
                piece = os.read(fd, min(max(_FIRST, len(piece)), lane.max_buf_size))
        except BaseException:
            put_back(lane, pieces)
            raise
        return b"".join(pieces)


def put_back(lane: Lane, pieces: list[bytes]) -> None:
    """In the job, after a failure: what was read before it is not lost."""
    data = b"".join(pieces)
    with lane.lock:
        lane.put_back(data)
