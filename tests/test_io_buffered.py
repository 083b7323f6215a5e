"""BufReader, BufWriter, BufStream, LineWriter, and lines: buffers change the calls, never the bytes."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import CountingWaker
from streams import PEND, Both, Recorder, Script, cut

import mezame
from mezame import Poll
from mezame.io import (
    AsyncBufRead,
    BufReader,
    BufStream,
    BufWriter,
    Cursor,
    LineWriter,
    WriteZero,
    duplex,
    join,
)  # fmt: skip

SIZES = st.lists(st.integers(0, 9), max_size=20)

# --- BufReader --------------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_small_reads_come_out_of_the_buffer():
    below = Script(b"abcdef", b"gh")
    reader = BufReader(below, 4)
    assert await reader.read(1) == b"a" and below.asked == [4]
    assert bytes(reader.buffer()) == b"bcd" and reader.capacity() == 4
    assert await reader.read(10) == b"bcd", "what is in the buffer comes first, alone"
    assert await reader.read(2) == b"ef" and await reader.read(2) == b"gh" and await reader.read(2) == b""


@pytest.mark.mezame
async def test_large_reads_go_past_an_empty_buffer():
    below = Script(b"abcdefgh" * 2)
    reader = BufReader(below, 4)
    assert await reader.read(8) == b"abcdefgh" and below.asked == [8]
    assert await reader.read(3) == b"abc" and below.asked == [8, 4]
    assert await reader.read_exact(5) == b"defgh" and below.asked[2:] == [4]
    assert BufReader(below).capacity() == 8192


@pytest.mark.parametrize("capacity", [10**9, 10**12, 2**63])
@pytest.mark.mezame
async def test_a_large_capacity_is_reserved_as_it_fills(capacity):
    content = bytes(range(256)) * 2048  # 512 KiB
    below = Script(content)
    reader = BufReader(below, capacity)
    assert reader.capacity() == capacity
    got = [await reader.read(1)]
    while part := await reader.read(1 << 20):
        got.append(part)
    assert b"".join(got) == content
    assert below.asked[:4] == [65536, 131072, 262144, 524288], "it doubles when it came full"
    assert max(below.asked) == 524288


@pytest.mark.mezame
async def test_a_capacity_is_not_grown_beyond():
    below = Script(bytes(300_000))
    reader = BufReader(below, 100_000)
    assert await reader.read_exact(1) == b"\0"
    while await reader.fill_buf():
        reader.consume(len(reader.buffer()))
    assert below.asked == [65536, 100_000, 100_000, 100_000, 100_000]


@pytest.mark.mezame
async def test_fill_buf_shows_and_consume_takes():
    reader = BufReader(Script(PEND, b"abc", b"d"))
    assert bytes(await reader.fill_buf()) == b"abc"
    reader.consume(2)
    assert bytes(await reader.fill_buf()) == b"c"
    for bad in (2, -1):
        with pytest.raises(ValueError, match=str(bad)):
            reader.consume(bad)
    reader.consume(1)
    assert bytes(await reader.fill_buf()) == b"d"


def test_a_fill_that_was_dropped_has_lost_nothing():
    waker, reader = CountingWaker(), BufReader(Script(PEND, b"abc"))
    future = reader.fill_buf()
    assert future.poll(waker.cx) is Poll.Pending
    future.close()
    assert reader.read().poll(waker.cx) == Poll.Ready(b"abc")


@pytest.mark.mezame
async def test_seek_drops_the_buffer_and_knows_how_far_ahead_it_was():
    reader = BufReader(Cursor(b"0123456789"), 4)
    assert await reader.read(1) == b"0"
    assert await reader.seek(1, 1) == 2 and bytes(reader.buffer()) == b""
    assert await reader.read(1) == b"2" and await reader.tell() == 3
    assert await reader.seek(-1, 2) == 9 and await reader.read() == b"9"
    assert await reader.rewind() == 0 and await reader.read(2) == b"01"


@pytest.mark.mezame
async def test_writes_go_past_a_buf_reader_to_what_can_be_written():
    stream = Both(b"abc")
    async with BufReader(stream) as reader:
        await reader.write_all(b"xy")
        await reader.flush()
        await reader.shutdown()
        assert stream.calls == [b"xy", "flush", "shutdown"] and reader.into_inner() is stream is reader.inner
    assert stream.closes == 1
    with pytest.raises(TypeError, match="poll_write"):
        await BufReader(Script()).write(b"x")
    with pytest.raises(TypeError, match=r"start_seek|poll_complete"):
        await BufReader(Script()).seek(0)


def test_bad_arguments_of_buffers():
    with pytest.raises(TypeError, match="poll_read"):
        BufReader(Recorder())
    with pytest.raises(TypeError, match="poll_write"):
        BufWriter(Script())
    for bad in (0, -1):
        with pytest.raises(ValueError):
            BufReader(Script(), bad)
    with pytest.raises(ValueError):
        BufWriter(Recorder(), -1)
    with pytest.raises(TypeError):
        BufReader(Script(), "8")


@given(st.binary(max_size=60), SIZES, st.lists(st.integers(1, 12)), st.integers(1, 10))
def test_reads_through_a_buffer_give_the_bytes_in_order(data, sizes, reads, capacity):
    async def main():
        reader = BufReader(Script(*cut(data, sizes)), capacity)
        got = bytearray()
        for size in reads:
            part = await reader.read(size)
            assert len(part) <= size and (part or bytes(got) == data)
            got += part
        assert bytes(got) + await reader.read_to_end() == data

    mezame.run(main())


# --- lines ------------------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_read_line_and_read_until():
    reader = BufReader(Script(b"one\ntw", PEND, b"o\r\n\nthree"), 4)
    assert [await reader.read_line() for _ in range(5)] == ["one\n", "two\r\n", "\n", "three", ""]
    reader = BufReader(Script(b"a;bc", b";", b"d"))
    assert [await reader.read_until(b";") for _ in range(4)] == [b"a;", b"bc;", b"d", b""]
    out = bytearray(b"has:")
    reader = BufReader(Script(b"a;bc"))
    assert await reader.read_until(59, out) == 2 and await reader.read_until(59, out) == 2 and out == b"has:a;bc"
    assert await reader.read_until(59, out) == 0
    with pytest.raises(UnicodeDecodeError):
        await BufReader(Script(b"\xff\n")).read_line()


def test_what_read_until_has_read_survives_in_the_callers_buffer():
    waker, out = CountingWaker(), bytearray()
    reader = BufReader(Script(b"ab", PEND, b"c;d"))
    future = reader.read_until(b";", out)
    assert future.poll(waker.cx) is Poll.Pending
    future.close()
    assert out == b"ab"
    assert reader.read_until(b";", out).poll(waker.cx) == Poll.Ready(2) and out == b"abc;"


@pytest.mark.mezame
async def test_limits_against_endless_lines():
    reader = BufReader(Script(b"12345\n123456\nok\n"), 4)
    assert await reader.read_line(limit=5) == "12345\n"
    with pytest.raises(ValueError, match="limit=5"):
        await reader.read_line(limit=5)
    with pytest.raises(ValueError, match="limit=3"):
        await BufReader(Script(b"x" * 100)).read_until(b"\n", limit=3)
    lines = BufReader(Script(b"12345\n123456\nok\n"), 64).lines(limit=5)
    assert await lines.next_line() == "12345"
    with pytest.raises(ValueError):
        await lines.next_line()
    assert await lines.next_line() == "ok", "a line that was read whole and is too long is skipped"
    for bad in (-1, "5"):
        with pytest.raises((ValueError, TypeError)):
            reader.lines(limit=bad)


@pytest.mark.mezame
async def test_lines_and_split_leave_the_delimiters_out():
    lines = BufReader(Script(b"a\r\n\n", PEND, b"\rb\r", b"\nc"), 2).lines()
    assert [line async for line in lines] == ["a", "", "\rb", "c"]
    assert await lines.next_line() is None
    below = Script(b";a;;b;")
    pieces = BufReader(below).split(b";")
    assert [piece async for piece in pieces] == [b"", b"a", b"", b"b"] and await pieces.next_segment() is None
    assert pieces.into_inner().inner is below
    lines = Cursor(b"ok\n\xff\nok").lines()
    assert await lines.next_line() == "ok"
    with pytest.raises(UnicodeDecodeError):
        await lines.next_line()
    assert await lines.next_line() == "ok" and await lines.next_line() is None


def test_next_line_is_cancel_safe_at_every_wait():
    waker = CountingWaker()
    lines = BufReader(Script(PEND, b"on", PEND, b"e\nt", PEND, b"wo"), 8).lines()
    got = []
    while True:
        future = lines.next_line()
        answer = future.poll(waker.cx)
        if answer is Poll.Pending:
            future.close()  # dropped in each wait
            continue
        if answer.value is None:
            break
        got.append(answer.value)
    assert got == ["one", "two"]
    assert lines.poll_next_line(waker.cx) == Poll.Ready(None)


@given(st.text(alphabet="ab\r\n日", max_size=400), st.lists(st.integers(0, 200), max_size=9), st.integers(1, 300))
def test_lines_are_those_of_the_standard_library(text, sizes, capacity):
    data = text.encode()

    async def main():
        reader = BufReader(Script(*cut(data, sizes)), capacity)
        whole = []
        while line := await reader.read_line():
            whole.append(line)
        assert "".join(whole) == text and all(line.count("\n") <= 1 for line in whole)
        lines = [line async for line in BufReader(Script(*cut(data, sizes)), capacity).lines()]
        expected = text.split("\n")
        if expected[-1] == "":
            expected.pop()
        assert lines == [line.removesuffix("\r") for line in expected]

    mezame.run(main())


# --- BufWriter --------------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_small_writes_become_large_ones():
    below = Recorder()
    writer = BufWriter(below, 4)
    for byte in (b"a", b"bc", b"d"):
        await writer.write_all(byte)
    assert below.calls == [] and writer.buffer() == b"abcd" and writer.capacity() == 4
    await writer.write_all(b"e")
    assert below.calls == [b"abcd"] and writer.buffer() == b"e"
    await writer.flush()
    assert below.calls == [b"abcd", b"e", "flush"] and writer.buffer() == b""


@pytest.mark.mezame
async def test_large_writes_go_past_the_buffer_but_behind_what_is_in_it():
    below = Recorder()
    writer = BufWriter(below, 4)
    await writer.write_all(b"a")
    await writer.write_all(b"bcdef")
    await writer.write_all(b"ghij")
    assert below.calls == [b"a", b"bcdef", b"ghij"]
    assert BufWriter(below).capacity() == 8192
    unbuffered = BufWriter(Recorder(), 0)
    await unbuffered.write_all(b"x")
    assert unbuffered.inner.calls == [b"x"]


@pytest.mark.mezame
async def test_shutdown_flushes_first_and_short_writes_are_gone_on_with():
    below = Recorder(1, PEND, 2)
    writer = BufWriter(below)
    await writer.write_all(b"abcdef")
    await writer.shutdown()
    assert below.calls == [b"a", b"bc", b"def", "shutdown"]


@pytest.mark.mezame
async def test_a_flush_that_was_cancelled_or_failed_has_lost_nothing():
    waker, below = CountingWaker(), Recorder(1, PEND, ConnectionResetError(), 0)
    writer = BufWriter(below)
    await writer.write_all(b"abc")
    future = writer.flush()
    assert future.poll(waker.cx) is Poll.Pending
    future.close()
    assert writer.buffer() == b"bc"
    with pytest.raises(ConnectionResetError):
        await writer.flush()
    with pytest.raises(WriteZero):
        await writer.flush()
    await writer.flush()
    assert below.data == b"abc"


def test_a_write_that_waits_for_room_and_is_dropped_has_written_nothing():
    waker, below = CountingWaker(), Recorder(PEND)
    writer = BufWriter(below, 4)
    assert writer.write(b"abc").poll(waker.cx) == Poll.Ready(3)
    future = writer.write(b"de")
    assert future.poll(waker.cx) is Poll.Pending
    future.close()
    assert writer.flush().poll(waker.cx) == Poll.Ready(None) and below.data == b"abc"


@pytest.mark.mezame
async def test_what_was_not_flushed_is_lost_with_a_warning():
    below = Recorder()
    writer = BufWriter(below)
    await writer.write_all(b"abc")
    with pytest.warns(ResourceWarning, match="3 bytes"):
        writer.close()
    writer.close()
    assert below.data == b"" and below.closes == 2
    writer = BufWriter(below)
    await writer.write_all(b"abc")
    with pytest.warns(ResourceWarning, match="dropped"):
        del writer
    writer = BufWriter(below)
    await writer.write_all(b"ab")
    with pytest.warns(ResourceWarning, match="2 bytes"):
        assert writer.into_inner() is below


@pytest.mark.mezame
async def test_async_with_flushes_unless_the_block_raised():
    below = Recorder()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with BufWriter(below) as writer:
            await writer.write_all(b"abc")
        assert below.calls == [b"abc", "flush"] and below.closes == 1
        with pytest.raises(KeyError):
            async with BufWriter(below) as writer:
                await writer.write_all(b"lost")
                raise KeyError
        assert below.data == b"abc" and below.closes == 2
        stream = Both()
        async with BufStream(stream) as both:
            await both.write_all(b"abc")
        assert stream.data == b"abc" and stream.closes == 1
        with pytest.raises(BrokenPipeError):
            async with BufWriter(Recorder(BrokenPipeError())) as writer:
                await writer.write_all(b"abc")


@pytest.mark.mezame
async def test_seek_of_a_buf_writer_writes_the_buffer_where_it_belongs():
    target = Cursor(b"0123456789")
    writer = BufWriter(target)
    await writer.write_all(b"ab")
    assert await writer.seek(5) == 5 and target.getvalue() == b"ab23456789"
    await writer.write_all(b"cd")
    await writer.flush()
    assert target.getvalue() == b"ab234cd789" and await writer.tell() == 7
    assert await writer.read(2) == b"78", "reads go past it"
    writer.start_seek(0)
    with pytest.raises(OSError, match="under way"):
        writer.start_seek(1)
    assert await writer.tell() == 0


STEP = st.one_of(st.binary(max_size=12), st.just("flush"))


TAKEN = st.one_of(st.integers(1, 5), st.just(PEND))


@given(st.lists(STEP, max_size=20), st.lists(TAKEN, max_size=20), st.integers(0, 9))
def test_writes_through_a_buffer_come_in_order(steps, script, capacity):
    async def main():
        below, sent = Recorder(*script), bytearray()
        writer = BufWriter(below, capacity)
        for step in steps:
            if step == "flush":
                await writer.flush()
                assert below.data == sent
            else:
                await writer.write_all(step)
                sent += step
            assert bytes(below.data) + writer.buffer() == sent and len(writer.buffer()) <= capacity
        await writer.flush()
        assert below.data == sent

    mezame.run(main())


# --- BufStream, LineWriter, and buffers on buffers --------------------------------------------------------------------


@pytest.mark.mezame
async def test_a_buf_stream_buffers_both_ways():
    below = Both(b"one\ntwo\n")
    stream = BufStream(below, 16, 4)
    assert await stream.read_line() == "one\n" and below.asked == [16]
    await stream.write_all(b"ab")
    assert below.calls == []
    await stream.flush()
    assert below.calls == [b"ab", "flush"] and stream.inner is below and stream.into_inner() is below


@pytest.mark.mezame
async def test_a_line_writer_keeps_no_whole_line():
    below = Recorder()
    writer = LineWriter(below, 8)
    await writer.write_all(b"ab")
    assert below.calls == []
    await writer.write_all(b"c\nd\nef")
    assert below.data == b"abc\nd\n" and writer.buffer() == b"ef"
    await writer.write_all(b"0123456789")
    assert below.data == b"abc\nd\nef0123456789"
    await writer.write_all(b"\n" + b"x" * 20)
    await writer.flush()
    assert below.data == b"abc\nd\nef0123456789\n" + b"x" * 20


@given(st.lists(st.text(alphabet="ab\n", max_size=9), max_size=12), st.lists(st.integers(1, 4), max_size=9))
def test_a_line_writer_writes_the_same_bytes(texts, script):
    async def main():
        below, sent = Recorder(*script), b""
        writer = LineWriter(below, 5)
        for text in texts:
            await writer.write_all(text.encode())
            sent += text.encode()
            assert bytes(below.data) + writer.buffer() == sent
            assert b"\n" not in writer.buffer()
        await writer.flush()

    mezame.run(main())


@pytest.mark.mezame
async def test_whether_an_adapter_has_lines_depends_on_what_is_below():
    assert not isinstance(BufWriter(Both(b"abc")).take(2), AsyncBufRead)
    assert await BufWriter(Both(b"abc")).take(2).read() == b"ab"
    buffered = BufWriter(BufReader(Both(b"a\nb")))
    assert await buffered.read_line() == "a\n" and isinstance(buffered.take(2), AsyncBufRead)
    assert await join(BufWriter(Both(b"abc")), Recorder()).read() == b"abc"
    with pytest.raises(TypeError, match="poll_fill_buf"):
        await BufWriter(Both(b"abc")).fill_buf()


@pytest.mark.mezame
async def test_lines_of_a_connection():
    client, server = duplex(8)

    async def serve():
        async with BufStream(server) as stream:
            async for line in stream.lines():
                await stream.write_all(line[::-1].encode() + b"\n")
                await stream.flush()

    task = mezame.spawn(serve())
    reader = BufReader(client)
    for word in ("hello", "a line that is longer than the pipe"):
        await reader.write_all(word.encode() + b"\n")
        assert await reader.read_line() == word[::-1] + "\n"
    await reader.shutdown()
    await task
    assert await reader.read_line() == ""
