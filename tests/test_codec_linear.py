"""No work of the codecs grows with the square of what comes: bytes that are searched and copied are counted."""

from __future__ import annotations

import pytest
from polling import CountingWaker
from wire import PENDING, Wire, drained, outcome

from mezame import Poll
from mezame.codec import (
    AnyDelimiterCodec,
    BytesCodec,
    Framed,
    FramedParts,
    FramedRead,
    FramedWrite,
    LengthDelimitedCodec,
    LinesCodec,
)
from mezame.io import AsyncRead

MIB = 1 << 20


class Counted(bytearray):
    """A bytearray that counts the bytes that are copied out of it, or moved within it."""

    copied = 0

    def __getitem__(self, key):
        found = bytearray.__getitem__(self, key)
        if isinstance(key, slice):
            self.copied += len(found)
        return found

    def __delitem__(self, key):
        start, stop, _ = key.indices(len(self))
        if start:
            self.copied += len(self) - stop
        bytearray.__delitem__(self, key)

    def __setitem__(self, key, value):
        self.copied += len(self)
        bytearray.__setitem__(self, key, value)


class CountedLines(LinesCodec):
    searched = 0

    def _find(self, buf, start, end):
        at = super()._find(buf, start, end)
        self.searched += (end if at < 0 else at + 1) - start
        return at


class CountedPieces(AnyDelimiterCodec):
    searched = 0

    def _find(self, buf, start, end):
        at = super()._find(buf, start, end)
        self.searched += (end if at < 0 else at + 1) - start
        return at


class Dripping(AsyncRead):
    """Gives ``data`` byte by byte."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def poll_read(self, cx, buf):
        if self.at < len(self.data):
            buf.put_slice(self.data[self.at : self.at + 1])
            self.at += 1
        return Poll.Ready(None)


@pytest.mark.parametrize(
    ("codec", "data", "item"),
    [
        (CountedLines(), b"x" * (MIB - 1) + b"\n", "x" * (MIB - 1)),
        (LengthDelimitedCodec(), (MIB - 4).to_bytes(4, "big") + b"x" * (MIB - 4), b"x" * (MIB - 4)),
    ],
    ids=["lines", "frames"],
)
def test_a_mebibyte_in_pieces_of_one_byte(codec, data, item):
    assert drained(FramedRead(Dripping(data), codec)) == [item]
    if isinstance(codec, CountedLines):
        assert codec.searched == MIB


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(
    ("codec", "data"),
    [
        (CountedLines(), (b"x" * 60 + b"\n") * 500),
        (CountedPieces(), b"y," * 10_000),
        (CountedPieces(b"\n"), b"z" * 20_000 + b"\n"),
        (LengthDelimitedCodec(), b"\0\0\0\x03abc" * 3000),
        (BytesCodec(), b"abc" * 5000),
    ],
    ids=["lines", "any", "one", "length", "bytes"],
)
def test_each_byte_is_searched_once_and_copied_once(codec, data, step):
    buf, whole = Counted(), 0
    for at in range(0, len(data), step):
        buf += data[at : at + step]
        while (item := codec.decode(buf)) is not None:
            whole += len(item)
    assert whole > 0
    assert buf == b""
    assert buf.copied <= len(data)
    if hasattr(codec, "searched"):
        assert codec.searched == len(data)
        codec.searched = 0


def test_a_line_that_is_skipped_is_searched_once():
    codec, buf = CountedLines(1000), Counted()
    errors = 0
    for _ in range(20_000):
        buf += b"xx"
        try:
            assert codec.decode(buf) is None
        except ValueError:
            errors += 1
    assert errors == 1
    assert codec.searched == 40_000
    assert buf.copied == 0


def test_many_small_frames_of_one_buffer_move_nothing():
    buf = Counted(b"\n" * 50_000)
    framed = Framed.from_parts(FramedParts(Wire(), LinesCodec(), buf))
    assert drained(framed) == [""] * 50_000
    assert buf.copied == 0


def test_a_peer_that_takes_one_byte_at_a_time_costs_no_copies():
    seen = set()

    class Sipping(Wire):
        def poll_write(self, cx, data):
            assert isinstance(data, memoryview)
            seen.add(id(data.obj))
            if len(self.written) % 1000 == 999 and self.room:
                return self.room.pop()
            self.written += data[:1]
            return Poll.Ready(1)

    wire = Sipping(room=[PENDING] * 5)
    sink = FramedWrite(wire, BytesCodec())
    sink.start_send(b"x" * 100_000)
    waiting = 0
    while sink.poll_flush(CountingWaker().cx) is PENDING:
        waiting += 1
    assert wire.written == b"x" * 100_000
    assert waiting == 5
    assert len(seen) == 1  # views of one buffer, which was never copied


def test_reading_appends_each_byte_once():
    buf = Counted(b"a")
    framed = Framed.from_parts(FramedParts(Wire([b"b" * 100] * 100 + [PENDING]), LinesCodec(), buf))
    assert outcome(framed) is PENDING
    assert len(buf) == 10_001
    assert buf.copied == 0
