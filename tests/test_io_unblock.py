"""Unblock: a blocking file object as a stream: one call at a time, and nothing is lost when an await is cancelled."""

import gzip
import io
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import CountingWaker, until

import mezame
from mezame import Poll
from mezame.io import BufReader, ReadBuf, Unblock, copy, split

FLAVORS = pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
PATIENCE = 20


class Slow(io.RawIOBase):
    """A raw file whose calls wait for permission, one by one, and are noted."""

    def __init__(self, data=b"", *, fails=(), open_at_first=False):
        self.calls = []
        self.closing = False
        self.inner = io.BytesIO(data)
        self.begun = threading.Semaphore(0)
        self.allowed = threading.Semaphore(1000 if open_at_first else 0)
        self.fails = set(fails)
        self.at_work = 0

    def _call(self, name, function, *args):
        assert self.at_work == 0, "two calls at a time"
        self.at_work += 1
        self.calls.append(name)
        self.begun.release()
        assert self.allowed.acquire(timeout=PATIENCE)
        self.at_work -= 1
        if name in self.fails:
            raise OSError(5, f"{name} failed")
        return function(*args)

    def readable(self):
        return True

    writable = seekable = readable

    def read(self, size=-1):
        return self._call("read", self.inner.read, size)

    def write(self, data):
        return self._call("write", self.inner.write, bytes(data)[:4])  # at most 4 bytes a call

    def flush(self):
        if not self.closing:
            self._call("flush", lambda: None)

    def close(self):
        self.closing = True  # the interpreter closes what nobody holds any more
        super().close()

    def seek(self, offset, whence=0):
        return self._call("seek", self.inner.seek, offset, whence)

    def let(self, count=1):
        for _ in range(count):
            self.allowed.release()


def begun(file):
    assert file.begun.acquire(timeout=PATIENCE)


# --- the plain way ----------------------------------------------------------------------------------------------------


@FLAVORS
def test_write_rewind_and_read(flavor):
    async def main():
        inner = io.BytesIO()
        file = Unblock(inner)
        await file.write_all(b"one two three")
        assert await file.seek(4) == 4
        assert await file.read(3) == b"two"
        assert await file.tell() == 7
        assert await file.seek(-5, os.SEEK_END) == 8
        assert await file.read_to_end() == b"three"
        assert await file.read() == b"" and await file.read(0) == b""
        await file.flush()
        assert await file.into_inner() is inner and not inner.closed
        with pytest.raises(ValueError, match="closed"):
            await file.read()

    with mezame.Runtime(flavor) as runtime:
        runtime.block_on(runtime.spawn(main()))


@pytest.mark.mezame
async def test_a_compressed_file(tmp_path):
    path = tmp_path / "a.gz"
    data = bytes(range(256)) * 2000
    writer = Unblock(gzip.open(path, "wb"))
    await writer.write_all(data)
    await writer.shutdown()
    await writer.shutdown()  # again is fine
    assert gzip.decompress(path.read_bytes()) == data
    lines = BufReader(Unblock(gzip.open(path, "rb")))
    assert await lines.read_to_end() == data
    source, target = Unblock(gzip.open(path, "rb"), 1000), Unblock(io.BytesIO())
    assert await copy(source, target) == len(data)
    assert (await target.into_inner()).getvalue() == data


@pytest.mark.mezame
async def test_the_loop_goes_on_while_a_call_blocks():
    file = Slow(b"abc")
    reading = mezame.spawn(Unblock(file).read())
    while not file.calls:
        await mezame.yield_now()
    file.let()
    assert await reading == b"abc"


@pytest.mark.mezame
async def test_calls_are_no_larger_than_the_capacity_and_a_short_write_goes_on():
    file = Slow(bytes(100), open_at_first=True)
    stream = Unblock(file, capacity=10)
    assert len(await stream.read(64)) == 10 and len(await stream.read(3)) == 3
    assert await stream.write(b"x" * 64) == 10
    await stream.flush()
    assert file.calls == ["read", "read", "write", "write", "write", "flush"]
    assert file.inner.getvalue()[13:24] == b"x" * 10 + b"\0"
    await stream.flush()
    assert file.calls.count("flush") == 1, "nothing was written since"


# --- cancellation -----------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_the_bytes_of_a_cancelled_read_are_there_for_the_next():
    file = Slow(b"abcdef")
    stream = Unblock(file)
    reading = stream.read(4)
    assert reading.poll(CountingWaker().cx) is Poll.Pending
    begun(file)
    reading.close()
    file.let()
    assert await stream.read(3) == b"abc"
    assert await stream.read(3) == b"d"
    assert file.calls == ["read"]
    file.let(2)
    assert await stream.read() == b"ef" and await stream.read() == b""


@pytest.mark.mezame
async def test_the_end_that_a_cancelled_read_met_is_there_for_the_next():
    file = Slow(b"")
    stream = Unblock(file)
    reading = stream.read()
    assert reading.poll(CountingWaker().cx) is Poll.Pending
    reading.close()
    file.let()
    assert await stream.read() == b""
    assert file.calls == ["read"]


@pytest.mark.mezame
async def test_a_write_after_a_cancelled_read_goes_where_the_user_stands():
    file = Slow(b"abcdef")
    stream = Unblock(file)
    reading = stream.read(4)
    assert reading.poll(CountingWaker().cx) is Poll.Pending
    reading.close()
    file.let(1000)
    assert await stream.read(1) == b"a"
    assert await stream.write(b"X") == 1
    await stream.flush()
    assert file.inner.getvalue() == b"aXcdef"
    assert await stream.read() == b"cdef"


@pytest.mark.mezame
async def test_a_seek_from_here_after_a_cancelled_read_counts_from_where_the_user_stands():
    file = Slow(b"abcdef")
    stream = Unblock(file)
    reading = stream.read(4)
    assert reading.poll(CountingWaker().cx) is Poll.Pending
    reading.close()
    file.let(1000)
    assert await stream.read(1) == b"a"
    assert await stream.tell() == 1
    assert await stream.seek(2, 1) == 3
    assert await stream.read() == b"def"


@pytest.mark.mezame
async def test_what_cannot_seek_keeps_its_bytes_over_a_write():
    class Pipe(Slow):
        def seekable(self):
            return False

        def write(self, data):
            return self._call("write", len, data)

    file = Pipe(b"abcdef")
    stream = Unblock(file)
    reading = stream.read(4)
    assert reading.poll(CountingWaker().cx) is Poll.Pending
    reading.close()
    file.let(1000)
    assert await stream.read(1) == b"a"
    await stream.write_all(b"X")
    await stream.flush()
    assert await stream.read() == b"bcd" and await stream.read() == b"ef"
    assert "seek" not in file.calls


@pytest.mark.mezame
async def test_a_cancelled_write_has_written_nothing_and_a_queued_one_all():
    file = Slow()
    stream = Unblock(file)
    assert await stream.write(b"one") == 3
    begun(file)
    waiting = stream.write(b"two")
    assert waiting.poll(CountingWaker().cx) is Poll.Pending
    waiting.close()
    flushing = stream.flush()
    assert flushing.poll(CountingWaker().cx) is Poll.Pending
    flushing.close()
    file.let(1000)
    await stream.write_all(b"three")
    await stream.flush()
    assert file.inner.getvalue() == b"onethree"


def test_a_queued_write_outlives_the_runtime():
    file = Slow()

    async def main():
        await Unblock(file).write(b"one")

    with mezame.Runtime(max_blocking_threads=1) as runtime:
        gate = threading.Event()
        runtime.spawn_blocking(gate.wait)
        runtime.block_on(main())
        gate.set()
        file.let(1000)
    assert file.inner.getvalue() == b"one"


# --- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_the_failure_of_a_write_is_raised_by_what_comes_next_and_once():
    for after in ("write", "flush", "seek", "shutdown"):
        file = Slow(b"", fails=["write"], open_at_first=True)
        stream = Unblock(file)
        await stream.write(b"abc")
        with pytest.raises(OSError, match="write failed"):
            await getattr(stream, after)(*({"write": [b"d"], "seek": [0]}.get(after, [])))
        await stream.flush()
        assert await stream.tell() == 0


@pytest.mark.mezame
async def test_a_read_does_not_hear_of_a_failed_write_nor_a_write_of_a_failed_read():
    file = Slow(b"abc", fails=["write"], open_at_first=True)
    stream = Unblock(file)
    await stream.write(b"d")
    assert await stream.read() == b"abc"
    with pytest.raises(OSError, match="write failed"):
        await stream.flush()
    file = Slow(b"abc", fails=["read"], open_at_first=True)
    stream = Unblock(file)
    reading = stream.read()
    reading.poll(CountingWaker().cx)
    reading.close()
    await stream.write_all(b"d")
    await stream.flush()
    with pytest.raises(OSError, match="read failed"):
        await stream.read()
    file.fails.clear()
    assert await stream.read() == b"bc"


@pytest.mark.mezame
async def test_a_failed_seek_leaves_everything_as_it_was():
    file = Slow(b"abcdef", fails=["seek"], open_at_first=True)
    stream = Unblock(file)
    reading = stream.read(4)
    reading.poll(CountingWaker().cx)
    reading.close()
    assert await stream.read(1) == b"a"
    for _ in range(2):
        with pytest.raises(OSError, match="seek failed"):
            await stream.seek(0)
    with pytest.raises(OSError, match="seek failed"):
        await stream.write(b"x")
    assert await stream.read() == b"bcd"


@pytest.mark.mezame
async def test_bad_files_and_bad_arguments():
    with pytest.raises(TypeError, match="text file"):
        Unblock(io.StringIO())
    with pytest.raises(ValueError, match="capacity"):
        Unblock(io.BytesIO(), 0)
    with pytest.raises(TypeError, match="capacity"):
        Unblock(io.BytesIO(), 1.5)
    with pytest.raises(AttributeError):
        await Unblock(object()).read()
    stream = Unblock(io.BytesIO())
    stream.start_seek(0)
    with pytest.raises(OSError, match="under way"):
        stream.start_seek(0)

    class NonBlocking(io.RawIOBase):
        def read(self, size=-1):
            return None

        def write(self, data):
            return None

    stream = Unblock(NonBlocking())
    with pytest.raises(BlockingIOError, match="AsyncFd"):
        await stream.read()
    await stream.write(b"a")
    with pytest.raises(BlockingIOError, match="AsyncFd"):
        await stream.flush()


def test_it_needs_a_runtime():
    with pytest.raises(RuntimeError, match="needs a runtime"):
        Unblock(io.BytesIO()).poll_read(CountingWaker().cx, ReadBuf(4))


# --- close, with_mut, two tasks ---------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_close_waits_for_the_call_under_way_but_not_we():
    file = Slow(b"abc")
    stream = Unblock(file)
    reading = stream.read()
    reading.poll(CountingWaker().cx)
    begun(file)
    closed = threading.Event()
    file.close = closed.set
    stream.close()
    stream.close()
    assert not closed.is_set()
    file.let()
    await mezame.spawn_blocking(closed.wait, PATIENCE)
    assert closed.is_set()
    with pytest.raises(ValueError, match="closed"):
        await stream.write(b"x")


class Finished:
    """A job that ends between the look of ``close`` at it and the callback that is left with it."""

    def __init__(self, task):
        self.task = task

    def is_finished(self):
        return False

    def add_done_callback(self, function):
        self.task.add_done_callback(function)


@pytest.mark.parametrize("just_now", [False, True])
@pytest.mark.mezame
async def test_close_after_a_call_that_has_ended_is_not_on_our_thread(just_now):
    file = Slow(open_at_first=True)
    stream = Unblock(file)
    await stream.write(b"1234")
    await until(stream._task.is_finished)
    closers = []
    file.close = lambda: closers.append(threading.get_ident())
    if just_now:
        stream._task = Finished(stream._task)
    stream.close()
    await until(lambda: closers)
    assert len(closers) == 1 and closers[0] != threading.get_ident()


def test_close_outside_of_a_runtime_is_at_once():
    inner = io.BytesIO()
    Unblock(inner).close()
    assert inner.closed


@pytest.mark.mezame
async def test_with_mut_comes_after_what_was_written_and_goes_on_when_it_is_cancelled():
    file = Slow(b"")
    stream = Unblock(file)
    await stream.write(b"abc")
    file.let()
    assert await stream.with_mut(lambda inner: inner.inner.getvalue()) == b"abc"
    with pytest.raises(ZeroDivisionError):
        await stream.with_mut(lambda inner: 1 / 0)
    go, over = threading.Event(), []

    def slow(inner):
        over.append(go.wait(PATIENCE))

    calling = mezame.spawn(stream.with_mut(slow))
    while not over and stream._task.is_finished():
        await mezame.yield_now()
    calling.abort()
    with pytest.raises(mezame.JoinError):
        await calling
    go.set()
    file.let(10)
    await stream.write_all(b"d")
    await stream.flush()
    assert over == [True] and file.inner.getvalue() == b"abcd"


@FLAVORS
def test_both_halves_are_woken_when_the_one_call_ends(flavor):
    """A reader and a writer wait for the same call: whoever comes first takes what it left, the other goes on."""

    async def main():
        for _ in range(200):
            reader, writer = split(Unblock(io.BytesIO(b"abc" * 10)))
            reads = mezame.spawn(reader.read_exact(15))
            writes = mezame.spawn(write(writer))
            await mezame.join(reads, writes)

    async def write(writer):
        for _ in range(5):
            await writer.write_all(b"x")
            await writer.flush()

    with mezame.Runtime(flavor) as runtime:
        runtime.block_on(mezame.timeout(PATIENCE, main()))


@given(
    st.binary(max_size=40),
    st.lists(
        st.one_of(
            st.tuples(st.just("read"), st.integers(1, 12), st.booleans()),
            st.tuples(st.just("write"), st.binary(min_size=1, max_size=6), st.booleans()),
            st.tuples(st.just("seek"), st.integers(0, 45), st.booleans()),
            st.tuples(st.just("skip"), st.integers(-3, 3), st.booleans()),
        ),
        max_size=12,
    ),
)
def test_it_behaves_as_the_file_whatever_is_cancelled(data, steps):
    """Against a BytesIO: a step that is cancelled after its first poll may have been done or not; we ask which."""

    async def main():
        model, stream = io.BytesIO(data), Unblock(io.BytesIO(data), 8)
        for kind, value, cancelled in steps:
            if kind == "read":
                if cancelled:
                    reading = stream.read(value)
                    if reading.poll(CountingWaker().cx) is Poll.Pending:
                        reading.close()
                        continue  # nothing was taken
                    model.seek(0, 1)
                    model.seek(await stream.tell())
                    continue
                got = await stream.read(value)
                expected = model.read(len(got)) if got else model.read(value)
                assert got == expected
            elif kind == "write":
                await stream.write_all(value)
                model.write(value)
            else:
                position = value if kind == "seek" else max(0, model.tell() + value)
                if cancelled and kind == "skip":
                    assert await stream.seek(position - model.tell(), 1) == position
                else:
                    assert await stream.seek(position) == position
                model.seek(position)
            assert await stream.tell() == model.tell()
        return (await stream.into_inner()).getvalue(), model.getvalue()

    ours, theirs = RUNTIME.block_on(main())
    assert ours == theirs


RUNTIME = mezame.Runtime()


def teardown_module():
    RUNTIME.close()
