"""Between bytes and other forms: streams of chunks, sinks, blocking files, functions that look on."""

import csv
import gc
import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import PATIENCE, CountingWaker
from streams import PEND, Both, Recorder, Script, cut

import mezame
from mezame import Poll
from mezame.future import END
from mezame.io import (
    BufReader,
    BufWriter,
    Cursor,
    InspectReader,
    InspectWriter,
    ReaderStream,
    SinkWriter,
    StreamReader,
    SyncIoBridge,
    WriteZero,
    duplex,
    empty,
    sink,
    write_all_vectored,
)  # fmt: skip

# --- ReaderStream and StreamReader ------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_a_reader_as_a_stream_of_chunks():
    chunks = ReaderStream(Script(b"abcde", PEND, b"f"), 4)
    assert [chunk async for chunk in chunks] == [b"abcd", b"e", b"f"]
    assert [chunk async for chunk in chunks] == []
    below = Script(b"x" * 5000)
    assert [len(chunk) async for chunk in ReaderStream(below)] == [4096, 904]


@pytest.mark.mezame
async def test_a_reader_stream_ends_after_its_first_error():
    chunks = ReaderStream(Script(b"a", ConnectionResetError(), b"b"))
    assert await anext(chunks) == b"a"
    with pytest.raises(ConnectionResetError):
        await anext(chunks)
    with pytest.raises(StopAsyncIteration):
        await anext(chunks)
    for bad in (0, -1):
        with pytest.raises(ValueError):
            ReaderStream(Script(), bad)
    with pytest.raises(TypeError, match="poll_read"):
        ReaderStream(Recorder())


def test_a_reader_stream_polled_by_hand_loses_nothing():
    waker, below = CountingWaker(), Script(PEND, b"a")
    chunks = ReaderStream(below)
    assert chunks.poll_next(waker.cx) is Poll.Pending
    assert chunks.poll_next(waker.cx) == Poll.Ready(b"a")
    assert chunks.poll_next(waker.cx).value is END and chunks.into_inner() is below


async def items(*chunks):
    for chunk in chunks:
        if chunk is PEND:
            await mezame.yield_now()
        elif isinstance(chunk, BaseException):
            raise chunk
        else:
            yield chunk


class Polled:
    """A stream with poll_next, from a script."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def poll_next(self, cx):
        step = self.steps.pop(0) if self.steps else END
        if step is PEND:
            cx.waker.wake()
            return Poll.Pending
        return Poll.Ready(step)


@pytest.mark.parametrize("make", [items, Polled])
@pytest.mark.mezame
async def test_a_stream_of_chunks_as_a_reader(make):
    stream = make(b"", b"ab", PEND, bytearray(b"cd\n"), b"", memoryview(b"ef"))
    reader = StreamReader(stream)
    assert await reader.read(1) == b"a" and await reader.read(9) == b"b"
    assert await reader.read_line() == "cd\n"
    assert bytes(await reader.fill_buf()) == b"ef"
    for bad in (3, -1):
        with pytest.raises(ValueError, match="consume"):
            reader.consume(bad)
    reader.consume(1)
    assert reader.into_inner_with_chunk() == (stream, b"f") and reader.into_inner() is stream is reader.inner
    assert await reader.read_to_end() == b"f" and await reader.read() == b""


@pytest.mark.mezame
async def test_errors_and_bad_items_of_the_stream():
    reader = StreamReader(items(b"a", KeyError("k")))
    assert await reader.read() == b"a"
    with pytest.raises(KeyError):
        await reader.read()
    with pytest.raises(TypeError, match="encode"):
        await StreamReader(items("text")).read()
    with pytest.raises(TypeError, match="async iterator"):
        StreamReader([b"a"])


def test_a_read_that_was_dropped_does_not_end_the_generator():
    waker, ended = CountingWaker(), []
    gate = mezame.sync.Notify()

    async def chunks():
        try:
            await gate.notified()
            yield b"a"
        finally:
            ended.append(True)

    reader = StreamReader(chunks())
    read = reader.read()
    assert read.poll(waker.cx) is Poll.Pending
    read.close()
    gate.notify_one()
    assert reader.read().poll(waker.cx) == Poll.Ready(b"a") and not ended


@pytest.mark.mezame
async def test_closing_a_stream_reader_closes_the_generator():
    ended = []

    async def chunks():
        try:
            yield b"a"
            await mezame.pending()
        finally:
            await mezame.yield_now()
            ended.append(True)

    async with StreamReader(chunks()) as reader:
        assert await reader.read(1) == b"a"
        with pytest.raises(TimeoutError):
            await mezame.timeout(0.001, reader.read())
    assert ended == [True] and await reader.read() == b""
    reader.close()
    async with StreamReader(Polled(b"a")) as reader:
        pass
    assert await reader.read() == b""


@given(st.lists(st.binary(max_size=9)), st.integers(1, 12))
def test_there_and_back_again(chunks, size):
    async def main():
        reader = StreamReader(items(*chunks))
        assert b"".join([chunk async for chunk in ReaderStream(reader, size)]) == b"".join(chunks)

    mezame.run(main())


# --- SinkWriter, Inspect, write_all_vectored --------------------------------------------------------------------------


class Items:
    """A sink that is ready at each second poll."""

    def __init__(self):
        self.items, self.polls = [], 0

    def poll_ready(self, cx):
        self.polls += 1
        if self.polls % 2:
            cx.waker.wake()
            return Poll.Pending
        return Poll.Ready(None)

    def start_send(self, item):
        self.items.append(item)

    def poll_flush(self, cx):
        self.items.append("flush")
        return Poll.Ready(None)

    def poll_close(self, cx):
        self.items.append("close")
        return Poll.Ready(None)


@pytest.mark.mezame
async def test_a_sink_as_a_writer():
    below = Items()
    async with SinkWriter(below) as writer:
        await writer.write_all(bytearray(b"one"))
        assert await writer.write(b"two") == 3
        await writer.flush()
    assert below.items == [b"one", b"two", "flush", "close"] and type(below.items[0]) is bytes
    assert writer.into_inner() is below
    with pytest.raises(TypeError, match="poll_ready"):
        SinkWriter(Recorder())
    with pytest.raises(KeyError):
        async with SinkWriter(below):
            raise KeyError
    assert below.items.count("close") == 1
    SinkWriter(below).close()


@pytest.mark.mezame
async def test_inspectors_see_exactly_what_passes():
    seen = []
    reader = InspectReader(Both(b"abcd", PEND, b"e"), seen.append)
    assert await reader.read(3) == b"abc" and await reader.read_to_end() == b"de"
    assert b"".join(seen) == b"abcde" and b"" not in seen
    await reader.write_all(b"not seen")
    assert reader.inner.data == b"not seen" and b"not seen" not in seen
    seen.clear()
    below = Recorder(2, PEND, 1)
    writer = InspectWriter(below, seen.append)
    await writer.write_all(b"abcdef")
    assert seen == [b"ab", b"c", b"def"]
    await writer.write_vectored([b"", b"g", b"h"])
    assert seen[3:] == [b"g"]
    await writer.flush()
    await writer.shutdown()
    assert below.calls[-2:] == ["flush", "shutdown"]
    async with writer:
        pass
    assert below.closes == 1
    for make in (lambda: InspectReader(Script(), None), lambda: InspectWriter(Recorder(), "f")):
        with pytest.raises(TypeError, match="function"):
            make()


class Vectored(Recorder):
    """Takes of all the buffers at once, ``most`` bytes a call."""

    def __init__(self, most):
        Recorder.__init__(self)
        self.most = most

    def is_write_vectored(self):
        return True

    def poll_write_vectored(self, cx, buffers):
        data = b"".join(buffers)[: self.most]
        self.data += data
        return Poll.Ready(len(data))


@given(st.lists(st.binary(max_size=9), max_size=200), st.integers(1, 40))
def test_all_of_several_buffers(buffers, most):
    async def main():
        for writer in (Vectored(most), Recorder()):
            await write_all_vectored(writer, buffers)
            assert writer.data == b"".join(buffers)

    mezame.run(main())


@pytest.mark.mezame
async def test_buffers_that_are_not_taken():
    with pytest.raises(WriteZero) as caught:
        await write_all_vectored(Recorder(2, 0), [b"ab", b"c"])
    assert caught.value.written == 2
    with pytest.raises(TypeError):
        await write_all_vectored(Recorder(), ["text"])
    await write_all_vectored(sink(), [])


# --- SyncIoBridge -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", ["current_thread", "multi_thread"])
def test_a_stream_as_a_file_for_blocking_code(flavour):
    def work(file):
        with file:
            text = io.TextIOWrapper(io.BufferedReader(file), newline="")
            rows = list(csv.reader(text))
            text.detach().detach()
            file.write(repr(rows).encode())
        return rows

    async def main():
        ours, theirs = duplex(4)
        task = mezame.spawn_blocking(work, SyncIoBridge(BufWriter(theirs)))
        await ours.write_all(b"a,b\r\nc,d\r\n")
        await ours.shutdown()
        answer = await ours.read_to_end()
        assert await task == [["a", "b"], ["c", "d"]] and answer == repr([["a", "b"], ["c", "d"]]).encode()

    with mezame.Runtime(flavour) as runtime:
        runtime.block_on(main())


@pytest.mark.mezame
async def test_the_methods_of_a_file():
    def work(file):
        assert file.readable() and file.writable() and file.seekable() and not file.is_write_vectored()
        assert file.read(2) == b"on" and file.readline() == b"e\n" and file.readline(2) == b"tw"
        assert file.seek(0) == 0 and file.tell() == 0 and file.read() == b"one\ntwo\n"
        assert file.write(b"!") == 1 and file.seek(-2, 2) == 7
        buffer = bytearray(10)
        assert file.readinto(buffer) == 2 and buffer[:2] == b"\n!"
        file.flush()
        file.shutdown()
        stream = file.into_inner()
        assert file.closed and stream.getvalue() == b"one\ntwo\n!"
        for call in (file.read, file.readline, lambda: file.write(b"x")):
            with pytest.raises(ValueError, match="closed"):
                call()
        file.close()

    await mezame.spawn_blocking(work, SyncIoBridge(Cursor(b"one\ntwo\n")))


@pytest.mark.mezame
async def test_a_bridge_can_do_what_its_stream_can():
    def work(reader, writer):
        assert not reader.writable() and not reader.seekable() and not writer.readable()
        assert reader.readline() == b"ab\n" and reader.readline() == b"c"
        with pytest.raises(io.UnsupportedOperation):
            reader.write(b"x")
        with pytest.raises(io.UnsupportedOperation):
            writer.read(1)
        with pytest.raises(io.UnsupportedOperation):
            reader.seek(0)
        with pytest.raises(TypeError, match="encode"):
            writer.write("text")
        reader.flush()
        reader.close()
        reader.close()
        with pytest.raises(KeyError), writer:
            writer.write(b"x")
            raise KeyError

    reader, writer = Script(b"ab\nc"), Recorder()
    await mezame.spawn_blocking(work, SyncIoBridge(reader), SyncIoBridge(writer))
    assert reader.closes == 1 and writer.closes == 1 and writer.calls == [b"x"]


@pytest.mark.mezame
async def test_a_bridge_refuses_to_block_a_task():
    file = SyncIoBridge(empty())
    for call, *args in ((file.read,), (file.write, b"x"), (file.flush,), (file.seek, 0), (file.shutdown,)):
        with pytest.raises(RuntimeError):
            call(*args)
    del call, args
    file.close()
    file = SyncIoBridge(Recorder())
    del file  # and the end of one in a task says nothing
    gc.collect()


def test_a_bridge_needs_a_runtime_and_is_dropped_in_silence():
    with pytest.raises(RuntimeError):
        SyncIoBridge(empty())
    below = Recorder()

    async def main():
        return SyncIoBridge(below, mezame.Handle.current())

    with mezame.Runtime() as runtime:
        file = runtime.block_on(main())
        outcome = []
        thread = threading.Thread(target=lambda write: outcome.append(write(b"abc")), args=(file.write,))
        thread.start()
        thread.join(PATIENCE)
        assert outcome == [3] and below.data == b"abc"
        del file, thread
        gc.collect()
        assert below.closes == 1


@given(st.binary(max_size=60), st.lists(st.integers(0, 9), max_size=9))
def test_lines_of_a_bridge(data, sizes):
    async def main():
        for below in (Script(*cut(data, sizes)), BufReader(Script(*cut(data, sizes)), 4)):
            assert await mezame.spawn_blocking(SyncIoBridge(below).readlines) == io.BytesIO(data).readlines()

    mezame.run(main())
