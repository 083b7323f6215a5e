"""mezame.testing.io and stream_mock: scripts that are kept to, scripts that are not, awkward streams."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mezame
from mezame import Poll
from mezame.io import ReadBuf
from mezame.stream import END
from mezame.testing import assert_elapsed, io, task
from mezame.testing.io import Builder, interleave_pending, limited, track_closed
from mezame.testing.stream_mock import StreamMockBuilder

paused = pytest.mark.mezame(start_paused=True)
pytestmark = pytest.mark.filterwarnings("error")


@paused
async def test_a_program_that_keeps_to_the_script():
    async with Builder().read(b"ping").write(b"pong").read(b"a").read(b"b").build() as stream:
        assert await stream.read() == b"ping"
        await stream.write_all(b"pong")
        assert await stream.read_to_end() == b"ab"
        assert await stream.read() == b""
        await stream.flush()
        assert not stream.is_shutdown
        await stream.shutdown()
        assert stream.is_shutdown


@paused
async def test_pieces_of_any_size():
    stream = Builder().read(b"hello").write(b"abcdef").write(b"gh").build()
    assert await stream.read(2) == b"he"
    assert await stream.read_exact(3) == b"llo"
    assert await stream.write(b"ab") == 2
    assert await stream.write(b"cdefgh") == 6
    assert await stream.write(b"") == 0
    assert await stream.read(0) == b""
    stream.close()


@paused
async def test_a_wrong_write_fails_and_says_where():
    stream = Builder().write(b"hello").name("the peer").build()
    with pytest.raises(AssertionError, match=r"the peer: line 1 .* b'hello'.*b'help!' was written: byte 3 differs"):
        await stream.write_all(b"help!")
    stream.close()  # it was said


@paused
async def test_a_write_too_many_fails():
    stream = Builder().write(b"a").read(b"b").build()
    await stream.write_all(b"a")
    with pytest.raises(AssertionError, match=r"unexpected write of b'c': the script has only \[read\(b'b'\)\] left"):
        await stream.write(b"c")
    stream.close()
    done = Builder().build()
    with pytest.raises(AssertionError, match="at its end"):
        await done.write(b"c")


@paused
@pytest.mark.parametrize("method", ["read", "write", "read_error", "write_error"])
async def test_what_was_not_used_fails_at_close(method):
    value = OSError("x") if "error" in method else b"x"
    with pytest.raises(AssertionError, match="1 lines of the script did not happen"):
        async with getattr(Builder(), method)(value).wait(1).build():
            pass
    stream = getattr(Builder(), method)(value).build()
    with pytest.raises(AssertionError, match=method):
        stream.close()
    stream.close()
    with pytest.raises(ZeroDivisionError):
        async with getattr(Builder(), method)(value).build():
            raise ZeroDivisionError("the test's own failure is the one that is shown")


@pytest.mark.filterwarnings("ignore")
def test_a_forgotten_close_is_not_forgotten(monkeypatch):
    told = []
    monkeypatch.setattr("sys.unraisablehook", lambda info: told.append(info.exc_value))
    stream = Builder().read(b"x").build()
    del stream
    gc.collect()
    assert len(told) == 1 and "did not happen" in str(told[0])
    stream = Builder().wait(1).build()
    del stream
    gc.collect()
    assert len(told) == 1


@paused
async def test_errors_come_where_they_stand():
    lost, full = ConnectionResetError("lost"), OSError("full")
    stream = Builder().read(b"a").read_error(lost).write(b"b").write_error(full).read(b"c").build()
    assert await stream.read() == b"a"
    with pytest.raises(ConnectionResetError) as caught:
        await stream.read()
    assert caught.value is lost
    await stream.write_all(b"b")
    with pytest.raises(OSError) as caught:
        await stream.write(b"more")
    assert caught.value is full
    assert await stream.read() == b"c"
    stream.close()


@paused
async def test_waits_are_on_the_runtimes_clock():
    stream = Builder().read(b"a").wait(5).read(b"b").wait(3).write(b"c").build()
    start = mezame.time.now()
    assert await stream.read() == b"a"
    assert_elapsed(start, 0)
    assert await stream.read() == b"b"
    assert_elapsed(start, 5)
    await stream.write_all(b"c")
    assert_elapsed(start, 8)
    stream.close()


def test_the_reader_waits_for_the_writes_before_its_bytes():
    stream = Builder().write(b"ask").read(b"answer").build()
    buf = ReadBuf(10)
    reading = task.spawn(mezame.poll_fn(lambda cx: stream.poll_read(cx, buf)))
    reading.assert_pending()
    writing = task.spawn(stream.write(b"as"))
    writing.assert_ready_eq(2)
    assert reading.is_woken()
    reading.assert_pending()
    task.spawn(stream.write(b"k")).assert_ready_eq(1)
    assert reading.is_woken()
    reading.assert_ready()
    assert bytes(buf.filled()) == b"answer"
    assert reading.waker_ref_count() == 1
    stream.close()


def test_a_write_passes_over_reads_but_not_over_a_wait():
    stream = Builder().read(b"a").write(b"b").build()
    task.spawn(stream.write(b"b")).assert_ready_eq(1)
    task.spawn(stream.read()).assert_ready_eq(b"a")
    stream.close()

    async def body():
        stream = Builder().read(b"a").wait(5).write(b"b").build()
        start = mezame.time.now()
        writing = mezame.spawn(stream.write(b"b"))
        await mezame.sleep(100)
        assert not writing.is_finished()
        assert await stream.read() == b"a"
        assert await writing == 1
        assert_elapsed(start, 105)
        stream.close()

    mezame.run(body(), start_paused=True)


@paused
async def test_a_cancelled_read_loses_nothing():
    stream = Builder().wait(5).read(b"a").build()
    with pytest.raises(TimeoutError):
        await mezame.timeout(1, stream.read())
    start = mezame.time.now()
    assert await stream.read() == b"a"
    assert_elapsed(start, 4)
    stream.close()


@paused
async def test_a_handle_adds_to_the_script_while_it_runs():
    stream, handle = Builder().read(b"1").build_with_handle()
    assert await stream.read() == b"1"
    reading = mezame.spawn(stream.read())
    await mezame.yield_now()
    assert not reading.is_finished()
    handle.read(b"2").wait(5).write(b"3")
    assert await reading == b"2"
    start = mezame.time.now()
    await stream.write_all(b"3")
    assert_elapsed(start, 5)
    writing = mezame.spawn(stream.write(b"4"))
    await mezame.yield_now()
    assert not writing.is_finished(), "more may be added"
    handle.write_error(OSError("no"))
    with pytest.raises(OSError, match="no"):
        await writing
    handle.read_error(ConnectionResetError("gone"))
    with pytest.raises(ConnectionResetError):
        await stream.read()
    reading = mezame.spawn(stream.read())
    await mezame.yield_now()
    handle.close()
    assert await reading == b""
    with pytest.raises(RuntimeError, match="closed"):
        handle.read(b"late")
    stream.close()


@paused
async def test_a_closed_stream_is_closed():
    stream = Builder().build()
    stream.close()
    for operation in (stream.read(), stream.write(b"x"), stream.flush(), stream.shutdown()):
        with pytest.raises(OSError, match="was closed"):
            await operation


def test_bad_lines_are_named():
    with pytest.raises(TypeError, match="str"):
        Builder().read("text")
    with pytest.raises(TypeError, match="bytes-like"):
        Builder().write(3)
    with pytest.raises(TypeError, match="read_error needs an exception"):
        Builder().read_error("no")
    with pytest.raises(ValueError, match="NaN"):
        Builder().wait(float("nan"))
    with pytest.raises(ValueError, match="at least 1"):
        limited(Builder().build(), 0)
    with pytest.raises(ValueError):
        limited(Builder().build(), -1)


def test_a_builder_builds_again():
    builder = Builder().read(b"abc")
    for _ in range(2):
        stream = builder.build()
        assert mezame.run(stream.read_to_end()) == b"abc"
        stream.close()


@given(st.lists(st.binary(max_size=6), max_size=6), st.lists(st.integers(1, 7), min_size=1, max_size=8))
def test_reads_of_any_size_give_the_bytes_of_the_script(parts, sizes):
    async def body():
        builder = Builder()
        for part in parts:
            builder.read(part)
        stream, got, turn = builder.build(), [], 0
        while chunk := await stream.read(sizes[turn % len(sizes)]):
            assert len(chunk) <= sizes[turn % len(sizes)]
            got.append(chunk)
            turn += 1
        stream.close()
        return b"".join(got)

    assert mezame.block_on(body()) == b"".join(parts)


@given(st.lists(st.binary(max_size=6), max_size=6), st.lists(st.integers(1, 7), min_size=1, max_size=8))
def test_writes_of_any_size_must_make_the_bytes_of_the_script(parts, sizes):
    async def body():
        builder = Builder()
        for part in parts:
            builder.write(part)
        stream, data, turn = builder.build(), b"".join(parts), 0
        while data:
            data = data[await stream.write(data[: sizes[turn % len(sizes)]]) :]
            turn += 1
        stream.close()

    mezame.block_on(body())


# --- adapters ---------------------------------------------------------------------------------------------------------


@paused
async def test_limited_reads_and_writes_little():
    stream = limited(Builder().read(b"hello").write(b"hello").build(), 2)
    assert await stream.read() == b"he"
    assert await stream.read_exact(3) == b"llo"
    assert await stream.write(b"hello") == 2
    await stream.write_all(b"llo")
    await stream.flush()
    await stream.shutdown()
    assert stream.inner.is_shutdown
    stream.close()


def test_interleave_pending_is_pending_before_each_operation():
    stream = interleave_pending(Builder().read(b"ab").write(b"c").build())
    for operation, value in (
        (stream.read(1), b"a"),
        (stream.read(1), b"b"),
        (stream.write(b"c"), 1),
        (stream.flush(), None),
        (stream.shutdown(), None),
    ):
        spawned = task.spawn(operation)
        spawned.assert_pending()
        assert spawned.is_woken()
        spawned.assert_ready_eq(value)
    stream.close()


@paused
async def test_track_closed_sees_the_end_and_writes_after_it():
    stream = track_closed(Builder().write(b"a").build())
    await stream.write_all(b"a")
    await stream.flush()
    assert not stream.is_closed()
    await stream.shutdown()
    assert stream.is_closed()
    for operation in (stream.write(b"b"), stream.flush()):
        with pytest.raises(AssertionError, match="after the stream was closed"):
            await operation
    closed = track_closed(Builder().build())
    closed.close()
    assert closed.is_closed()
    assert isinstance(closed, io.TrackClosed)


# --- streams ----------------------------------------------------------------------------------------------------------


@paused
async def test_a_stream_mock_plays_its_script():
    builder = StreamMockBuilder().next(1).wait(5).wait(1).next(None)
    for _ in range(2):
        async with builder.build() as stream:
            start = mezame.time.now()
            assert stream.size_hint() == (2, 2)
            assert await stream.next() == 1
            assert_elapsed(start, 0)
            assert await stream.next("end") is None
            assert 6 <= start.elapsed() < 6.003
            assert await stream.next("end") == "end"


@paused
async def test_a_stream_mock_that_was_not_used_up_fails():
    stream = StreamMockBuilder().next(1).next(2).build()
    assert await stream.next() == 1
    with pytest.raises(AssertionError, match=r"1 lines .*\('next', 2\)"):
        stream.drop()
    stream.drop()
    with pytest.raises(AssertionError, match="2 lines"):
        async with StreamMockBuilder().next(1).wait(1).build():
            pass
    with pytest.raises(ZeroDivisionError):
        async with StreamMockBuilder().next(1).build():
            raise ZeroDivisionError


@paused
async def test_a_cancelled_next_of_a_stream_mock_loses_nothing():
    stream = StreamMockBuilder().wait(5).next("item").build()
    with pytest.raises(TimeoutError):
        await mezame.timeout(1, stream.next())
    assert await stream.next() == "item"
    spawned = task.spawn(stream)
    assert spawned.poll_next() == Poll.Ready(END)
    stream.drop()
