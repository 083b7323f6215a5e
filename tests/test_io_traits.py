"""The traits of mezame.io: what comes with poll_read, poll_write and the others; ReadBuf; Cursor."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import CountingWaker
from streams import PEND, Both, Recorder, Script, cut

import mezame
from mezame import Poll
from mezame.io import (
    AllowStdIo,
    AsyncBufRead,
    AsyncRead,
    AsyncSeek,
    AsyncWrite,
    Cursor,
    ReadBuf,
    UnexpectedEof,
    WriteZero,
    empty,
    repeat,
    sink,
)  # fmt: skip

HUGE = [10**9, 10**12, 2**63]  # sizes that a peer may announce


@pytest.mark.parametrize("size", HUGE)
@pytest.mark.mezame
async def test_a_huge_limit_or_size_reserves_no_memory(size):
    script = Script(PEND, b"abc", b"de")
    assert await script.read(size) == b"abc" and max(script.asked) <= 1 << 20
    with pytest.raises(UnexpectedEof) as caught:
        await script.read_exact(size)
    assert caught.value.partial == b"de" and caught.value.expected == size and max(script.asked) <= 1 << 20


@pytest.mark.mezame
async def test_more_than_a_read_reserves_comes_in_several():
    content = bytes(range(256)) * 8192  # 2 MiB
    left, right = mezame.io.duplex(len(content))
    await left.write_all(content)
    left.close()
    parts = []
    while part := await right.read(len(content)):
        parts.append(part)
    assert b"".join(parts) == content and len(parts) > 1


# --- ReadBuf ----------------------------------------------------------------------------------------------------------


def test_a_read_buf_has_a_filled_mark():
    storage = bytearray(8)
    buf = ReadBuf(storage)
    assert (buf.capacity(), buf.remaining(), buf.filled().tobytes()) == (8, 8, b"")
    buf.put_slice(b"abc")
    buf.unfilled()[:2] = b"de"
    buf.advance(2)
    assert buf.filled() == b"abcde" and buf.remaining() == 3 and bytes(storage[:5]) == b"abcde"
    buf.filled()[0] = ord("A")
    assert storage[0] == ord("A"), "filled is a view"
    buf.set_filled(1)
    assert buf.filled() == b"A" and buf.filled_len() == 1
    buf.clear()
    assert buf.remaining() == 8 and repr(buf) == "<ReadBuf 0 of 8 bytes>"


def test_what_does_not_fit_into_a_read_buf_raises_and_changes_nothing():
    buf = ReadBuf(4)
    buf.put_slice(b"abc")
    for call, bad in ((buf.put_slice, b"de"), (buf.advance, 2), (buf.advance, -1), (buf.set_filled, 5)):
        with pytest.raises(ValueError):
            call(bad)
    assert buf.filled() == b"abc"
    with pytest.raises(ValueError, match="-1"):
        ReadBuf(-1)
    with pytest.raises(TypeError, match="bytes"):
        ReadBuf(b"immutable")
    with pytest.raises(ValueError):
        buf.take(-1)


def test_take_is_a_part_of_the_room_and_other_formats_are_bytes():
    buf = ReadBuf(memoryview(bytearray(8)).cast("I"))
    buf.put_slice(memoryview(b"abcd").cast("I"))
    part = buf.take(2)
    part.put_slice(b"xy")
    assert part.remaining() == 0 and buf.filled() == b"abcd"
    buf.advance(part.filled_len())
    assert buf.filled() == b"abcdxy" and buf.take(100).capacity() == 2


# --- AsyncRead --------------------------------------------------------------------------------------------------------


async def read_to(reader, size):
    return await reader.read(size)


@pytest.mark.mezame
async def test_read_gives_what_is_there_and_nothing_at_the_end():
    reader = Script(b"abc", PEND, b"defg")
    assert await reader.read() == b"abc"
    assert await reader.read(2) == b"de" and await reader.read(0) == b""
    buffer = bytearray(8)
    assert await reader.read_into(buffer) == 2 and buffer[:2] == b"fg"
    assert await reader.read_into(bytearray()) == 0
    assert await reader.read_into(buffer) == 0 and await reader.read() == b""


@pytest.mark.mezame
async def test_read_into_a_read_buf_adds_to_it():
    buf = ReadBuf(4)
    buf.put_slice(b"a")
    assert await Script(b"bc").read_into(buf) == 2 and buf.filled() == b"abc"


def test_a_read_that_was_dropped_has_lost_nothing_and_is_over():
    waker, reader = CountingWaker(), Script(PEND, b"abc")
    future = reader.read()
    assert future.poll(waker.cx) is Poll.Pending and waker.wakes == 1
    future.close()
    future.close()
    with pytest.raises(RuntimeError, match="call the method again"):
        future.poll(waker.cx)
    again = reader.read()
    assert again.poll(waker.cx) == Poll.Ready(b"abc")
    with pytest.raises(RuntimeError):
        again.poll(waker.cx)


@pytest.mark.mezame
async def test_read_exact_and_its_short_stream():
    reader = Script(b"ab", PEND, b"cde", b"f")
    assert await reader.read_exact(4) == b"abcd" and await reader.read_exact(0) == b""
    with pytest.raises(UnexpectedEof) as caught:
        await reader.read_exact(3)
    assert (caught.value.partial, caught.value.expected) == (b"ef", 3)
    assert isinstance(caught.value, EOFError) and isinstance(caught.value, OSError)
    with pytest.raises(UnexpectedEof) as caught:
        await reader.read_exact(10**12)  # no memory is taken for what a peer merely announces
    assert caught.value.partial == b""
    assert max(reader.asked) <= 1 << 20


@pytest.mark.mezame
async def test_read_exact_larger_than_a_chunk():
    data = bytes(range(256)) * 16384
    reader = Script(*cut(data, [100, 0, 70000, 1, 65536]))
    assert await reader.read_exact(len(data)) == data and max(reader.asked) == 1 << 20
    reader = Script(data)
    assert await reader.read_to_end() == data and max(reader.asked) == 1 << 20


@pytest.mark.mezame
async def test_read_to_end_and_to_string():
    data = "日本語".encode() * 30000
    reader = Script(*cut(data, [5, 0, 8192, 8192, 0]))
    assert await reader.read_to_string() == data.decode()
    assert await reader.read_to_end() == b""
    with pytest.raises(UnicodeDecodeError):
        await Script("日".encode()[:2]).read_to_string()
    with pytest.raises(ConnectionResetError):
        await Script(b"abc", ConnectionResetError()).read_to_end()


@pytest.mark.mezame
async def test_bad_sizes_are_refused_with_the_value():
    for call in (Script().read, Script().read_exact, Script().take, Cursor().read):
        with pytest.raises(ValueError, match="-1"):
            call(-1)
        for bad in ("3", 1.5, None, True):
            with pytest.raises(TypeError):
                call(bad)
    with pytest.raises(TypeError, match="writable"):
        Script().read_into(b"abc")


def test_a_class_without_its_method_says_so():
    cx = CountingWaker().cx

    class Nothing(AsyncBufRead, AsyncWrite, AsyncSeek):
        pass

    class Reader(AsyncRead):
        pass

    with pytest.raises(TypeError, match="poll_read"):
        Reader().read().poll(cx)
    nothing = Nothing()
    for future, name in (
        (nothing.read(), "poll_fill_buf"), (nothing.write(b"x"), "poll_write"), (nothing.flush(), "poll_flush"),
        (nothing.shutdown(), "poll_shutdown"), (nothing.seek(0), "poll_complete"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=name):
            future.poll(cx)
    with pytest.raises(TypeError, match="consume"):
        nothing.consume(1)
    with pytest.raises(TypeError, match="start_seek"):
        nothing.start_seek(1)


NUMBERS = [
    ("u8", "B"), ("i8", "b"), ("u16", "H"), ("i16", "h"), ("u32", "I"), ("i32", "i"), ("u64", "Q"), ("i64", "q"),
    ("f32", "f"), ("f64", "d"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "form"), NUMBERS)
@pytest.mark.mezame
async def test_numbers_go_out_and_come_in_as_struct_has_them(name, form):
    values = [1.5, -0.0, math.inf] if name[0] == "f" else [0, 1, 2 ** (8 * struct.calcsize(form) - 1) - 1]
    values += [-1] if name[0] == "i" else []
    orders = [("", ">")] if form in "Bb" else [("", ">"), ("_le", "<")]
    for suffix, order in orders:
        out = Cursor()
        for value in values:
            await getattr(out, f"write_{name}{suffix}")(value)
        assert out.getvalue() == struct.pack(f"{order}{len(values)}{form}", *values)
        await out.rewind()
        assert [await getattr(out, f"read_{name}{suffix}")() for _ in values] == values
        with pytest.raises(UnexpectedEof):
            await getattr(Script(bytes(struct.calcsize(form) - 1)), f"read_{name}{suffix}")()


@pytest.mark.mezame
async def test_numbers_of_128_bits_and_numbers_that_do_not_fit():
    out = Cursor()
    await out.write_u128(2**128 - 1)
    await out.write_i128_le(-(2**127))
    await out.rewind()
    assert (await out.read_u128(), await out.read_i128_le()) == (2**128 - 1, -(2**127))
    writer = Recorder()
    for name, value in (("u8", 256), ("u16", -1), ("i8", 128), ("i64_le", 2**63), ("u32_le", 2**32)):
        with pytest.raises(OverflowError, match=str(value)):
            await getattr(writer, f"write_{name}")(value)
    with pytest.raises(OverflowError):
        await writer.write_f32(1e300)
    for name in ("f32", "f64", "f32_le", "f64_le"):
        with pytest.raises(TypeError, match=f"a float is written as {name[:3]}, not 'x'"):
            await getattr(writer, f"write_{name}")("x")
    with pytest.raises(TypeError):
        await writer.write_u8(1.0)
    assert writer.calls == []


# --- take and chain ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Script, lambda data: Cursor(data)])
@pytest.mark.mezame
async def test_take_ends_at_its_limit_and_can_be_armed_again(make):
    part = make(b"abcdefgh").take(3)
    assert await part.read(2) == b"ab" and part.limit() == 1
    assert await part.read() == b"c" and await part.read() == b"" and part.limit() == 0
    part.set_limit(2)
    assert await part.read_exact(2) == b"de"
    assert await part.into_inner().read() == b"fgh" and part.inner is part.into_inner()
    part.set_limit(10)
    assert await part.read_to_end() == b"" and part.limit() == 10
    with pytest.raises(ValueError):
        part.set_limit(-1)


@pytest.mark.mezame
async def test_take_passes_pending_on_and_closes_what_is_below():
    reader = Script(PEND, b"abc")
    async with reader.take(2) as part:
        assert await part.read() == b"ab"
    assert reader.closes == 1


@pytest.mark.parametrize("make", [Script, lambda data: Cursor(data)])
@pytest.mark.mezame
async def test_chain_goes_on_with_the_second_at_the_end_of_the_first(make):
    one, two = make(b"abc"), make(b"def")
    both = one.chain(two)
    assert await both.read(2) == b"ab" and await both.read_exact(3) == b"cde"
    assert await both.read_to_end() == b"f" and both.into_inner() == (one, two)


@pytest.mark.mezame
async def test_what_stands_on_buffered_readers_is_buffered():
    both = Cursor(b"one\ntw").chain(Cursor(b"o\nthree").take(4))
    assert [line async for line in both.lines()] == ["one", "two", "th"]
    part = Cursor(b"abc").take(2)
    assert bytes(await part.fill_buf()) == b"ab"
    with pytest.raises(ValueError):
        part.consume(3)
    assert not isinstance(Script().take(1), AsyncBufRead)
    assert not isinstance(Script().chain(Cursor()), AsyncBufRead)
    with pytest.raises(TypeError, match="poll_read"):
        Script().chain(b"no reader")


@pytest.mark.mezame
async def test_a_chain_asks_the_first_no_more_after_its_end():
    first = Script(b"a")
    both = first.chain(Script(b"b", PEND, b"c"))
    assert await both.read_to_end() == b"abc" and len(first.asked) == 2


# --- AsyncWrite -------------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_write_may_take_less_and_write_all_goes_on():
    writer = Recorder(2, PEND, 1)
    assert await writer.write(b"abcd") == 2 and await writer.write(b"") == 0
    await writer.write_all(b"efgh")
    assert writer.calls == [b"ab", b"e", b"fgh"]
    await writer.write_all(bytearray(b"x"))
    await writer.write_all(memoryview(b"yyyy").cast("I"))
    await writer.flush()
    await writer.shutdown()
    assert writer.calls[3:] == [b"x", b"yyyy", "flush", "shutdown"]


@pytest.mark.mezame
async def test_a_sink_that_takes_nothing_ends_write_all():
    writer = Recorder(2, 0)
    with pytest.raises(WriteZero) as caught:
        await writer.write_all(b"abcd")
    assert caught.value.written == 2 and isinstance(caught.value, OSError)
    assert await Recorder(0).write(b"abcd") == 0
    await Recorder(0).write_all(b"")


@pytest.mark.mezame
async def test_a_writer_that_lies_is_found_out():
    class Liar(Recorder):
        def poll_write(self, cx, data):
            return Poll.Ready(len(data) + 1)

    with pytest.raises(ValueError, match="Liar"):
        await Liar().write_all(b"abc")


@pytest.mark.mezame
async def test_write_vectored_takes_of_the_first_that_is_not_empty():
    writer = Recorder()
    assert await writer.write_vectored([b"", b"ab", bytearray(b"cd")]) == 2 and writer.calls == [b"ab"]
    assert await writer.write_vectored([]) == 0 and not writer.is_write_vectored()
    assert await sink().write_vectored([b"ab", b"cd"]) == 4


def test_only_bytes_are_written():
    for call in (Recorder().write, Recorder().write_all, lambda data: Recorder().write_vectored([data])):
        with pytest.raises(TypeError, match="encode"):
            call("text")
        with pytest.raises(TypeError):
            call(3)


def test_a_write_that_was_dropped_has_written_nothing():
    waker, writer = CountingWaker(), Recorder(PEND)
    future = writer.write(b"abc")
    assert future.poll(waker.cx) is Poll.Pending
    future.close()
    assert writer.data == b"" and writer.write(b"abc").poll(waker.cx) == Poll.Ready(3)


@pytest.mark.mezame
async def test_async_with_closes():
    stream = Both(b"abc")
    with pytest.raises(KeyError):
        async with stream as same:
            assert same is stream
            raise KeyError
    assert stream.closes == 1


# --- Cursor, AllowStdIo, and the trivial ones -------------------------------------------------------------------------


@pytest.mark.mezame
async def test_a_cursor_reads_writes_and_seeks_as_bytes_io():
    cursor = Cursor(b"abcdef")
    assert await cursor.seek(-2, 2) == 4 and await cursor.read() == b"ef" and await cursor.tell() == 6
    assert await cursor.seek(-5, 1) == 1
    await cursor.write_all(b"XY")
    assert (cursor.getvalue(), cursor.position()) == (b"aXYdef", 3)
    cursor.set_position(8)
    assert await cursor.read() == b""
    await cursor.write_all(b"!")
    assert cursor.into_inner() == b"aXYdef\0\0!"
    for call in (lambda: cursor.set_position(-1), lambda: cursor.seek(0, 3), lambda: cursor.consume(1)):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(ValueError, match="before the start"):
        await cursor.seek(-1)
    with pytest.raises(TypeError):
        cursor.seek(1.0)
    await cursor.flush()
    await cursor.shutdown()
    assert await cursor.rewind() == 0


SEEK = st.tuples(st.integers(-5, 40), st.integers(0, 2))


@given(st.lists(st.one_of(st.binary(max_size=20), st.integers(0, 30), SEEK)))
def test_a_cursor_is_a_bytes_io(steps):
    import io

    async def main():
        model, cursor = io.BytesIO(b"0123456789"), Cursor(b"0123456789")
        held = []
        for step in steps:
            if isinstance(step, bytes):
                await cursor.write_all(step)
                if step:
                    model.write(step)
            elif isinstance(step, int):
                assert await cursor.read(step) == model.read(step)
                held.append(await cursor.fill_buf())  # a view that is still held must not hinder a write
            else:
                offset, whence = step
                base = (0, model.tell(), len(model.getvalue()))[whence]
                if base + offset >= 0:
                    assert await cursor.seek(offset, whence) == model.seek(base + offset)
            assert (await cursor.tell(), cursor.getvalue()) == (model.tell(), model.getvalue())

    mezame.run(main())


@pytest.mark.mezame
async def test_an_ordinary_file_object_as_a_stream(tmp_path):
    async with AllowStdIo(open(tmp_path / "file", "w+b", buffering=0)) as stream:
        await stream.write_all(b"hello")
        await stream.flush()
        assert await stream.seek(1) == 1 and await stream.tell() == 1
        assert await stream.read(2) == b"el" and await stream.read_to_end() == b"lo"
        await stream.shutdown()
        file = stream.into_inner()
        assert stream.inner is file
    assert file.closed

    class OnlyRead:
        def read(self, size):
            return b"abc"[:size]

    assert await AllowStdIo(OnlyRead()).read(2) == b"ab"
    with pytest.raises(TypeError, match="write"):
        await AllowStdIo(OnlyRead()).write(b"x")

    class WouldBlock:
        def readinto(self, view):
            return None

    with pytest.raises(BlockingIOError, match="AsyncFd"):
        await AllowStdIo(WouldBlock()).read()


@pytest.mark.mezame
async def test_empty_repeat_and_sink():
    nothing = empty()
    assert await nothing.read() == b"" and bytes(await nothing.fill_buf()) == b"" and await nothing.seek(5) == 0
    await nothing.write_all(b"swallowed")
    await nothing.shutdown()
    nothing.consume(0)
    with pytest.raises(ValueError):
        nothing.consume(1)
    assert await repeat(7).read(3) == b"\7\7\7" and await repeat(b"ab"[:1]).read_exact(100_000) == b"a" * 100_000
    await sink().write_all(bytes(100))
    await sink().flush()
    for bad in (256, -1, b"", b"ab", "a", True):
        with pytest.raises(ValueError, match="one byte"):
            repeat(bad)


@pytest.mark.parametrize("make", [
    lambda: repeat(0).read(1), lambda: empty().read(1), lambda: sink().write(b"x"), lambda: Cursor(b"").read(1),
    lambda: Cursor().write(b"x"),
])  # fmt: skip
def test_streams_that_never_wait_give_way(make):
    """A task that only uses what is always ready comes to the end of its budget."""

    async def greedy():
        while True:
            await make()

    async def main():
        task = mezame.spawn(greedy())
        await mezame.yield_now()
        await mezame.yield_now()
        task.abort()

    mezame.run(main())
