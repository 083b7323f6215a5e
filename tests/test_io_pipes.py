"""duplex, simplex, split and join: streams in memory and halves, in one task, in several, in threads."""

import gc
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import PATIENCE, CountingWaker, in_thread
from streams import Both, Recorder, Script

import mezame
from mezame import Poll
from mezame.io import ReadBuf, SimplexStream, duplex, join, simplex, split


@pytest.mark.mezame
async def test_duplex_goes_both_ways():
    one, two = duplex(64)
    await one.write_all(b"ping")
    await two.write_all(b"pong")
    assert (await two.read(), await one.read()) == (b"ping", b"pong")
    await one.flush()


def test_a_write_waits_for_room_and_a_read_for_bytes():
    reader_waker, writer_waker = CountingWaker(), CountingWaker()
    one, two = duplex(4)
    read = two.read(3)
    assert read.poll(reader_waker.cx) is Poll.Pending
    assert one.write(b"abcdef").poll(writer_waker.cx) == Poll.Ready(4) and reader_waker.wakes == 1
    more = one.write(b"ef")
    assert more.poll(writer_waker.cx) is Poll.Pending
    assert read.poll(reader_waker.cx) == Poll.Ready(b"abc") and writer_waker.wakes == 1
    assert more.poll(writer_waker.cx) == Poll.Ready(2)
    assert two.read().poll(reader_waker.cx) == Poll.Ready(b"def")


def test_the_latest_waker_is_the_one_that_is_woken():
    old, new = CountingWaker(), CountingWaker()
    one, two = duplex(4)
    read = two.read()
    assert read.poll(old.cx) is Poll.Pending and read.poll(new.cx) is Poll.Pending
    assert one.write(b"a").poll(old.cx) == Poll.Ready(1)
    assert (old.wakes, new.wakes) == (0, 1)


@pytest.mark.parametrize("how", ["close", "drop"])
@pytest.mark.mezame
async def test_when_one_side_is_gone_reads_drain_and_writes_raise(how):
    one, two = duplex(64)
    await one.write_all(b"last words")
    waiting = mezame.spawn(split(two)[1].write_all(bytes(1000)))
    await mezame.yield_now()
    if how == "close":
        one.close()
        one.close()
    else:
        del one
        gc.collect()
    with pytest.raises(BrokenPipeError):
        await waiting
    assert await two.read(4) == b"last" and await two.read() == b" words" and await two.read() == b""
    with pytest.raises(BrokenPipeError):
        await two.write(b"x")


@pytest.mark.mezame
async def test_a_shutdown_ends_one_direction():
    one, two = duplex(64)
    await one.write_all(b"abc")
    await one.shutdown()
    await one.shutdown()
    assert await two.read_to_end() == b"abc"
    with pytest.raises(BrokenPipeError):
        await one.write(b"d")
    await two.write_all(b"still")
    assert await one.read() == b"still"


@pytest.mark.mezame
async def test_an_end_that_this_side_closed_says_so():
    one, _two = duplex(64)
    one.close()
    for call in (one.read(), one.write(b"x"), one.flush(), one.shutdown()):
        with pytest.raises(OSError, match="closed"):
            await call
    reader, writer = simplex(8)
    reader.close()
    writer.close()
    for call in (reader.read(), writer.write(b"x"), writer.flush(), writer.shutdown()):
        with pytest.raises(OSError, match="closed"):
            await call


def test_a_dropped_read_or_write_has_moved_nothing():
    waker = CountingWaker()
    one, two = duplex(2)
    read = two.read()
    assert read.poll(waker.cx) is Poll.Pending
    read.close()
    assert one.write(b"ab").poll(waker.cx) == Poll.Ready(2)
    write = one.write(b"cd")
    assert write.poll(waker.cx) is Poll.Pending
    write.close()
    assert two.read().poll(waker.cx) == Poll.Ready(b"ab")
    assert two.read().poll(waker.cx) is Poll.Pending


@pytest.mark.mezame
async def test_a_read_without_room_and_bad_sizes():
    one, two = duplex(2)
    assert two.poll_read(mezame.Context.from_waker(mezame.Waker.noop()), ReadBuf(0)) == Poll.Ready(None)
    for make in (duplex, simplex, SimplexStream):
        for bad in (0, -1):
            with pytest.raises(ValueError, match=r"max_buf_size"):
                make(bad)
        with pytest.raises(TypeError):
            make(1.5)
    assert "0 of 2 bytes" in repr(one)


@pytest.mark.parametrize("how", ["close", "drop", "shutdown"])
@pytest.mark.mezame
async def test_simplex_ends_after_what_is_left(how):
    reader, writer = simplex(64)
    await writer.write_all(b"abc")
    task = mezame.spawn(reader.read_to_end())
    await mezame.yield_now()
    if how == "shutdown":
        await writer.shutdown()
    elif how == "close":
        writer.close()
    else:
        del writer
        gc.collect()
    assert await task == b"abc"


@pytest.mark.mezame
async def test_simplex_without_a_reader_breaks_the_writer():
    reader, writer = simplex(2)
    waiting = mezame.spawn(writer.write_all(b"abc"))
    await mezame.yield_now()
    reader.close()
    with pytest.raises(BrokenPipeError):
        await waiting


@pytest.mark.mezame
async def test_a_simplex_stream_is_both_ends():
    pipe = SimplexStream(8)
    await pipe.write_all(b"abc")
    assert await pipe.read(2) == b"ab"
    await pipe.shutdown()
    assert await pipe.read_to_end() == b"c"
    pipe.close()


@given(st.lists(st.one_of(st.binary(min_size=1, max_size=9), st.integers(1, 9), st.just("end"))), st.integers(1, 8))
def test_a_pipe_is_a_queue_of_bytes(steps, size):
    waker, pipe, model, ended = CountingWaker(), SimplexStream(size), bytearray(), False
    for step in steps:
        if step == "end":
            pipe.close_write()
            ended = True
        elif isinstance(step, bytes):
            if ended:
                with pytest.raises(BrokenPipeError):
                    pipe.write(step).poll(waker.cx)
                continue
            room = size - len(model)
            answer = pipe.write(step).poll(waker.cx)
            assert answer == (Poll.Ready(min(room, len(step))) if room else Poll.Pending)
            model += step[:room]
        else:
            answer = pipe.read(step).poll(waker.cx)
            assert answer == (Poll.Ready(bytes(model[:step])) if model or ended else Poll.Pending)
            del model[:step]


def test_what_changes_between_the_look_and_the_registration_is_seen():
    class Slot:
        """In the place of a waker's slot: something happens just before the waker is in it."""

        def __init__(self, happens):
            self.register = lambda waker: happens()
            self.wake = lambda: None

    waker, pipe = CountingWaker(), SimplexStream(2)
    pipe._reader = Slot(lambda: pipe._take(b"ab"))
    assert pipe.read().poll(waker.cx) == Poll.Ready(b"ab")
    pipe._reader = Slot(lambda: None)
    assert pipe._take(b"cd") == 2
    pipe._writer = Slot(lambda: pipe._give(ReadBuf(1)))
    assert pipe.write(b"ef").poll(waker.cx) == Poll.Ready(1)


@pytest.mark.mezame
async def test_a_pipe_that_has_to_wait_uses_no_budget_and_one_that_works_does():
    def wait(cx):
        for _ in range(200):
            assert two.poll_read(cx, ReadBuf(1)) is Poll.Pending
            assert full.poll_write(cx, b"x") is Poll.Pending
        assert mezame.task.has_budget_remaining()
        for _ in range(200):
            if roomy.poll_write(cx, b"x") is Poll.Pending:
                return Poll.Ready(None)
        raise AssertionError("work without end in one poll")

    _one, two = duplex(1)
    full, _end = duplex(1)
    roomy = SimplexStream(1000)
    await full.write_all(b"x")
    await mezame.poll_fn(wait)


def test_what_nobody_will_read_is_dropped():
    waker, pipe = CountingWaker(), SimplexStream(8)
    assert pipe.write(b"abc").poll(waker.cx) == Poll.Ready(3)
    pipe.close_read()
    assert "0 of 8 bytes closed" in repr(pipe) and pipe.read().poll(waker.cx) == Poll.Ready(b"")


@pytest.mark.parametrize("flavour", ["current_thread", "multi_thread"])
def test_pipes_between_tasks_of_both_flavours(flavour):
    data = bytes(range(256)) * 200

    async def send(stream):
        await stream.write_all(data)
        stream.close()

    async def main():
        pairs = [duplex(100) for _ in range(8)]
        tasks = [mezame.spawn(send(one)) for one, _ in pairs]
        readers = [mezame.spawn(two.read_to_end()) for _, two in pairs]
        for task in tasks:
            await task
        return [await reader for reader in readers]

    options = {"worker_threads": 3} if flavour == "multi_thread" else {}
    with mezame.Runtime(flavour, **options) as runtime:
        assert runtime.block_on(main()) == [data] * 8


def test_a_pipe_joins_two_threads_without_a_runtime():
    one, two = duplex(7)
    data = bytes(range(256)) * 20

    async def send():
        await one.write_all(data)
        one.close()

    thread = threading.Thread(target=lambda: mezame.block_on(send()))
    thread.start()
    assert mezame.block_on(two.read_to_end()) == data
    thread.join(PATIENCE)


# --- split and join ---------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_the_halves_of_a_stream_and_back():
    stream = Both(b"abc")
    reader, writer = split(stream)
    assert await reader.read() == b"abc"
    await writer.write_all(b"xy")
    await writer.write_vectored([b"z"])
    await writer.flush()
    await writer.shutdown()
    assert stream.calls == [b"xy", b"z", "flush", "shutdown"] and not writer.is_write_vectored()
    assert reader.is_pair_of(writer) and writer.is_pair_of(reader)
    assert writer.unsplit(reader) is stream and stream.closes == 0
    assert not reader.is_pair_of(writer)
    for call in (reader.read(), writer.write(b"x"), writer.flush(), writer.shutdown()):
        with pytest.raises(OSError, match="closed"):
            await call


@pytest.mark.mezame
async def test_strangers_cannot_be_put_together():
    one, two = split(Both()), split(Both())
    assert not one[0].is_pair_of(two[1]) and not one[0].is_pair_of(one)
    for first, second in ((one[0], two[1]), (one[1], two[0]), (one[0], one[0]), (one[1], one[1]), (one[0], None)):
        with pytest.raises(ValueError):
            first.unsplit(second)
    assert one[0].unsplit(one[1])
    with pytest.raises(TypeError, match="poll_write"):
        split(Script())


@pytest.mark.mezame
async def test_the_stream_is_closed_with_the_second_half():
    stream = Both(b"abc")
    reader, writer = split(stream)
    writer.close()
    writer.close()
    assert stream.closes == 0 and await reader.read() == b"abc"
    async with reader:
        pass
    assert stream.closes == 1


def test_a_stream_in_halves_sees_one_call_at_a_time():
    class Careful(Both):
        entered = 0

        def _enter(self):
            self.entered += 1
            assert not in_thread(lambda: lock.acquire(blocking=False)), "another thread could come in here"

        def poll_read(self, cx, buf):
            self._enter()
            return Poll.Ready(None)

        def poll_write(self, cx, data):
            self._enter()
            return Poll.Ready(len(data))

        def poll_write_vectored(self, cx, buffers):
            self._enter()
            return Poll.Ready(1)

        def poll_flush(self, cx):
            self._enter()
            return Poll.Ready(None)

        poll_shutdown = poll_flush

    stream, waker = Careful(), CountingWaker()
    reader, writer = split(stream)
    lock = reader._shared.lock
    for future in (
        reader.read(1), writer.write(b"x"), writer.write_vectored([b"x"]), writer.flush(), writer.shutdown(),
    ):  # fmt: skip
        assert future.poll(waker.cx).is_ready()
    assert stream.entered == 5


@pytest.mark.mezame
async def test_join_reads_from_one_and_writes_to_the_other():
    reader, writer = Script(b"abc"), Recorder()
    async with join(reader, writer) as stream:
        assert await stream.read() == b"abc"
        await stream.write_all(b"x")
        await stream.write_vectored([b"", b"y"])
        await stream.flush()
        await stream.shutdown()
        assert writer.calls == [b"x", b"y", "flush", "shutdown"] and not stream.is_write_vectored()
        assert (stream.reader, stream.writer) == stream.into_inner() == (reader, writer)
    assert (reader.closes, writer.closes) == (1, 1)
    with pytest.raises(TypeError):
        join(writer, reader)
