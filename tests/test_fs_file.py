"""File: order, buffers, cancellation in every position, failures that nobody looks at, and the end of the runtime."""

import asyncio
import errno
import gc
import io
import logging
import os
import stat
import threading
from contextlib import contextmanager

import pytest
from polling import PATIENCE, CountingWaker, in_thread, wait_until

import mezame
from mezame import fs
from mezame.errors import JoinError, RuntimeClosedError, UnexpectedEof
from mezame.fs import File, lane, reading
from mezame.io import ReadBuf


@pytest.fixture(params=["current_thread", "multi_thread"])
def flavor(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "file")


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def get(path):
    with open(path, "rb") as file:
        return file.read()


@contextmanager
def held(pool):
    """All threads of ``pool`` (of one thread) are at work until the block ends."""
    go, begun = threading.Event(), threading.Event()

    def hold():
        begun.set()
        assert go.wait(PATIENCE)

    pool.submit(hold, (), {}, None)
    assert begun.wait(PATIENCE)
    try:
        yield go
    finally:
        go.set()


def begin(poll):
    """``poll()`` must answer Pending: the one thread of the pool is held until it has. See ``run_held``."""
    with held(mezame.Handle.current().pool):
        assert poll().is_pending()


def run_held(main):
    """Runs ``main`` with one blocking thread, which ``begin`` can hold: without a GIL it may be quicker than we are."""
    return mezame.run(main, max_blocking_threads=1)


@contextmanager
def one_thread(flavor="current_thread", **options):
    """A runtime whose pool has one thread."""
    with mezame.Runtime(flavor, max_blocking_threads=1, shutdown_timeout=PATIENCE, **options) as runtime:
        yield runtime


def settle(file):
    """Waits, without a runtime, until the file's queue is empty."""

    def is_empty():
        with file._lane.lock:
            return not file._lane.pending

    wait_until(is_empty)


class Calls:
    """Counts and may change the calls of one function of ``os`` on the descriptors of ``File``."""

    def __init__(self, monkeypatch, name):
        self.real = getattr(os, name)
        self.sizes = []
        self.fail = None  # called with the number of the call; may raise
        monkeypatch.setattr(lane.os, name, self)

    def __call__(self, fd, what):
        if not threading.current_thread().name.startswith("mezame-rt-worker"):
            return self.real(fd, what)
        self.sizes.append(what if isinstance(what, int) else len(what))
        if self.fail is not None:
            self.fail(len(self.sizes))
        return self.real(fd, what)


# --- reading and writing --------------------------------------------------------------------------------------------


def test_what_is_written_is_read(flavor, path):
    async def main():
        async with await File.create(path) as file:
            assert await file.write(b"hello") == 5
            await file.write_all(bytearray(b", wo"))
            assert await file.write_vectored([b"r", memoryview(b"ld")]) == 3
        async with File.open(path) as file:
            assert await file.read(5) == b"hello"
            assert await file.read_exact(2) == b", "
            buffer = bytearray(3)
            assert await file.read_into(buffer) == 3 and buffer == b"wor"
            assert await file.read_to_end() == b"ld"
            assert await file.read() == b"" == await file.read_to_end()
            await file.rewind()
            assert await file.read_to_string() == "hello, world"
            assert await file.tell() == 12
            with pytest.raises(UnexpectedEof) as caught:
                await file.read_exact(1)
            assert caught.value.partial == b""

    with mezame.Runtime(flavor) as runtime:
        runtime.block_on(main())


def test_numbers_and_what_else_comes_with_the_traits(path):
    async def main():
        async with await File.create_new(path) as file:
            await file.write_u16(513)
            await file.rewind()
            assert await file.read_u16() == 513
            with pytest.raises(UnexpectedEof):
                await file.read_u8()

    mezame.run(main())


def test_small_reads_are_not_a_job_each(path, monkeypatch):
    data = os.urandom(30_000)
    put(path, data)
    calls = Calls(monkeypatch, "read")

    async def main():
        async with fs.open(path) as file:
            parts = []
            while part := await file.read(10):
                parts.append(part)
            assert b"".join(parts) == data

    mezame.run(main())
    assert calls.sizes == [lane.READ_AHEAD] * 2  # the second finds the end


def test_a_read_asks_for_no_more_than_max_buf_size(path, monkeypatch):
    put(path, bytes(3000))
    calls = Calls(monkeypatch, "read")

    async def main():
        async with fs.open(path) as file:
            assert file.max_buf_size() == 2 * 1024 * 1024
            file.set_max_buf_size(1000)
            assert len(await file.read(2000)) == 1000
            assert len(await file.read_exact(2000)) == 2000

    mezame.run(main())
    assert calls.sizes == [1000] * 3


def test_a_pipe_is_not_read_ahead_and_gives_what_there_is(monkeypatch):
    source, sink = os.pipe()
    calls = Calls(monkeypatch, "read")

    async def main():
        async with File.from_std(source) as reader:
            os.write(sink, b"abcdef")
            assert await reader.read(2) == b"ab"
            assert await reader.read() == b"cdef"
            os.write(sink, b"xyz")
            os.close(sink)
            assert await reader.read_to_end() == b"xyz"

    mezame.run(main())
    assert calls.sizes[:2] == [2, 65536]


def test_small_writes_become_one_system_call(path, monkeypatch):
    with one_thread() as runtime:
        calls = Calls(monkeypatch, "write")

        async def main():
            file = await File.create(path)
            with held(runtime._pool):
                for number in range(1000):
                    await file.write_all(b"%d," % number)
                assert get(path) == b"" and calls.sizes == []
            await file.close()

        runtime.block_on(main())
        text = b"".join(b"%d," % number for number in range(1000))
        assert get(path) == text and calls.sizes == [len(text)]


def test_large_writes_are_cut_into_chunks(path, monkeypatch):
    calls = Calls(monkeypatch, "write")

    async def main():
        async with await File.create(path) as file:
            file.set_max_buf_size(1000)
            assert await file.write(bytes(2500)) == 1000
            await file.write_all(bytearray(2500))

    mezame.run(main())
    assert get(path) == bytes(3500) and max(calls.sizes) <= 1000


def test_a_buffer_that_is_changed_after_the_write_does_not_matter(path):
    with one_thread() as runtime:

        async def main():
            data = bytearray(b"before")
            async with await File.create(path) as file:
                with held(runtime._pool):
                    await file.write_all(data)
                    data[:] = b"after!"

        runtime.block_on(main())
        assert get(path) == b"before"


def test_a_write_returns_when_it_is_queued_and_flush_waits(path):
    with one_thread() as runtime:

        async def main():
            file = await File.create(path)
            waker = CountingWaker()
            with held(runtime._pool):
                await file.write_all(b"abc")
                flush = file.flush()
                assert flush.poll(waker.cx).is_pending() and get(path) == b""
            await flush
            assert get(path) == b"abc" and waker.wakes == 0  # the waker of the latest poll
            flush = file.flush()  # nothing to wait for: no job
            with held(runtime._pool):
                assert flush.poll(waker.cx).is_ready()
            with pytest.raises(RuntimeError, match="after it completed"):
                flush.poll(waker.cx)
            file.close()

        runtime.block_on(main())


def test_writers_wait_for_room_and_a_dropped_one_has_queued_nothing(path):
    with one_thread() as runtime:

        async def main():
            file = await File.create(path)
            file.set_max_buf_size(4)
            dropped, waiting = CountingWaker(), CountingWaker()
            with held(runtime._pool):
                await file.write_all(b"1234")
                one, two = file.write(b"dropped"), file.write_all(b"567")
                assert one.poll(dropped.cx).is_pending() and two.poll(waiting.cx).is_pending()
                one.close()
                assert len(file._lane.room) == 1
            settle(file)
            assert (dropped.wakes, waiting.wakes) == (0, 1) and not file._lane.room
            await two
            await file.close()

        runtime.block_on(main())
        assert get(path) == b"1234567"


def test_operations_happen_in_the_order_in_which_they_were_begun(path):
    put(path, b"0123456789")
    with one_thread() as runtime:

        async def main():
            file = await fs.open(path, "r+")
            cx = CountingWaker().cx
            assert await file.read(2) == b"01"  # and the rest is read ahead
            with held(runtime._pool):
                steps = [
                    file.write_all(b"AB"),
                    file.read(1),
                    file.seek(1, 1),
                    file.write_all(b"C"),
                    file.metadata(),
                    file.set_len(7),
                    file.seek(0, 2),
                    file.write_all(b"D"),
                    file.metadata(),
                ]
                answers = [step.poll(cx) for step in steps]
            both = zip(steps, answers, strict=True)
            values = [answer.value if answer.is_ready() else await step for step, answer in both]
            assert values[1] == b"4" and values[2] == 6 and values[6] == 7
            assert values[4].st_size == 10 and values[8].st_size == 8
            await file.close()

        runtime.block_on(main())
        assert get(path) == b"01AB45CD"


def test_many_tasks_use_one_file(flavor, path):
    """Each line is one write, so whole lines come out, and each task's in its order."""

    async def writer(file, name):
        for number in range(100):
            await file.write_all(b"%d:%d\n" % (name, number))

    async def reader(file, found):
        while part := await file.read(7):
            found.append(part)

    async def main():
        file = await fs.open(path, "w+")
        for task in [mezame.spawn(writer(file, name)) for name in range(8)]:
            await task
        await file.rewind()
        found = []
        for task in [mezame.spawn(reader(file, found)) for _ in range(8)]:
            await task
        await file.close()
        return found

    with mezame.Runtime(flavor) as runtime:
        found = runtime.block_on(main())
    lines = [tuple(map(int, line.split(b":"))) for line in get(path).splitlines()]
    assert sorted(lines) == [(name, number) for name in range(8) for number in range(100)]
    assert all([n for who, n in lines if who == name] == list(range(100)) for name in range(8))
    assert sum(map(len, found)) == os.path.getsize(path)


# --- cancellation ---------------------------------------------------------------------------------------------------


def read_of(file, kind):
    if kind == "read_into":
        return file.read_into(bytearray(3))
    return {"read": lambda: file.read(3), "read_exact": lambda: file.read_exact(3), "read_to_end": file.read_to_end}[
        kind
    ]()


READS = ["read", "read_into", "read_exact", "read_to_end"]


@pytest.mark.parametrize("kind", READS)
@pytest.mark.parametrize("before", [0, 2])
def test_a_read_that_is_dropped_loses_nothing(path, kind, before, monkeypatch):
    put(path, b"0123456789")
    monkeypatch.setattr(reading, "READ_AHEAD", 4)
    cx = CountingWaker().cx
    with one_thread() as runtime:

        async def main(when):
            async with fs.open(path) as file:
                assert await file.read(before) == b"0123456789"[:before]
                step = read_of(file, kind)
                if when == "fresh":
                    step.close()
                elif when == "queued":
                    with held(runtime._pool):
                        taken = step.poll(cx).is_ready()  # out of the buffer
                        step.close()
                else:
                    taken = step.poll(cx).is_ready()
                    settle(file)
                    step.close()
                    step.close()
                if when != "fresh" and taken:
                    await file.seek(before)
                return await file.read_to_end()

        for when in ("fresh", "queued", "done"):
            assert runtime.block_on(main(when)) == b"0123456789"[before:], when


@pytest.mark.parametrize("kind", READS)
def test_a_read_that_is_dropped_in_the_queue_reads_nothing(path, kind, monkeypatch):
    """Of a pipe with nothing in it, it would stop the file for good."""
    put(path, b"0123456789")
    calls = Calls(monkeypatch, "read")
    with one_thread() as runtime:

        async def main():
            async with fs.open(path) as file:
                with held(runtime._pool):
                    step = read_of(file, kind)
                    assert step.poll(CountingWaker().cx).is_pending()
                    step.close()
                await file.flush()

        runtime.block_on(main())
    assert calls.sizes == []


@pytest.mark.parametrize("kind", READS)
def test_a_read_that_is_dropped_while_the_system_reads_loses_nothing(path, kind, monkeypatch):
    put(path, b"0123456789")
    calls = Calls(monkeypatch, "read")
    entered, go = threading.Event(), threading.Event()

    def wait(number):
        entered.set()
        assert go.wait(PATIENCE)

    async def main():
        async with fs.open(path) as file:
            calls.fail = wait
            step = read_of(file, kind)
            assert step.poll(CountingWaker().cx).is_pending()
            assert entered.wait(PATIENCE)
            step.close()
            go.set()
            return await file.read_to_end()

    assert mezame.run(main()) == b"0123456789"


@pytest.mark.parametrize("kind", ["read_exact", "read_to_end"])
def test_a_read_that_fails_halfway_loses_nothing(path, kind, monkeypatch):
    put(path, b"0123456789")
    monkeypatch.setattr(reading, "READ_AHEAD", 2)
    calls = Calls(monkeypatch, "read")

    def fail_at_second(number):
        if number == 2:
            raise OSError(errno.EIO, "torn disk")

    async def main():
        async with fs.open(path) as file:
            file.set_max_buf_size(2)
            monkeypatch.setattr(reading, "_MOST", 2)
            calls.fail = fail_at_second
            with pytest.raises(OSError, match="torn disk"):
                await read_of(file, kind)
            calls.fail = None
            return await file.read_to_end()

    assert mezame.run(main()) == b"0123456789"


def test_bytes_of_a_dropped_read_do_not_come_back_after_the_position_moved(path):
    put(path, b"0123456789")

    async def main():
        async with fs.open(path) as file:
            step = file.read(3)
            begin(lambda: step.poll(CountingWaker().cx))
            settle(file)
            await file.seek(8)
            step.close()
            return await file.read_to_end()

    assert run_held(main()) == b"89"


def test_bytes_of_a_dropped_read_do_not_come_back_while_a_write_sets_the_position(path, monkeypatch):
    """The position is taken when the write begins, not when it has ended."""
    put(path, b"0123456789")
    calls = Calls(monkeypatch, "write")
    entered, go = threading.Event(), threading.Event()

    def wait(number):
        entered.set()
        assert go.wait(PATIENCE)

    async def main():
        file = await fs.open(path, "r+")
        step = file.read(3)
        begin(lambda: step.poll(CountingWaker().cx))
        settle(file)
        calls.fail = wait
        await file.write(b"ABC")
        assert entered.wait(PATIENCE)
        step.close()
        go.set()
        assert await file.read_to_end() == b"6789"
        await file.close()

    run_held(main())
    assert get(path) == b"012ABC6789"


def test_a_cancelled_seek_or_set_len_is_done_all_the_same(path):
    put(path, b"0123456789")
    with one_thread() as runtime:

        async def main():
            async with fs.open(path, "r+") as file:
                with held(runtime._pool):
                    for step in (file.seek(4), file.set_len(6)):
                        assert step.poll(CountingWaker().cx).is_pending()
                        step.close()
                return await file.read_to_end()

        assert runtime.block_on(main()) == b"45"


def test_a_timeout_ends_the_wait_and_nothing_else(path):
    put(path, b"0123456789")
    with one_thread() as runtime:

        async def main():
            async with fs.open(path) as file:
                with held(runtime._pool):
                    with pytest.raises(mezame.time.Elapsed):
                        await mezame.timeout(0.01, file.read_exact(5))
                return await file.read_exact(10)

        assert runtime.block_on(main()) == b"0123456789"


# --- failures -------------------------------------------------------------------------------------------------------


def test_a_failed_write_is_raised_by_the_next_call_and_only_once(path):
    put(path, b"abc")

    async def main(then):
        file = await File.open(path)  # it cannot be written
        assert await file.write(b"x") == 1
        settle(file)
        with pytest.raises(OSError) as caught:
            await then(file)
        assert caught.value.errno == errno.EBADF
        await file.flush()
        assert await file.read() == b"abc"  # and the file goes on
        await file.close()

    for then in (
        lambda file: file.write(b"y"),
        lambda file: file.write_all(b"y"),
        File.flush,
        File.shutdown,
        File.sync_all,
        File.sync_data,
        File.into_std,
    ):
        mezame.run(main(then))


def test_a_failed_write_is_raised_by_close_and_by_leaving_the_block(path, caplog):
    put(path, b"abc")

    async def main():
        file = await File.open(path)
        await file.write(b"x")
        with pytest.raises(OSError):
            await file.close()
        await file.close()
        with pytest.raises(OSError):
            async with File.open(path) as file:
                await file.write(b"x")

    mezame.run(main())
    gc.collect()
    assert not caplog.records


def test_what_a_block_is_left_with_is_more_important(path, caplog):
    put(path, b"abc")

    async def main():
        with pytest.raises(KeyError):
            async with File.open(path) as file:
                await file.write(b"x")
                raise KeyError("mine")

    mezame.run(main())
    gc.collect()
    assert [record.message for record in caplog.records] == [
        f"a queued write to the file {path!r} failed and nobody looked at it"
    ]


@pytest.mark.parametrize("how", ["dropped", "closed"])
def test_a_failed_write_that_nobody_looks_at_is_reported(path, caplog, how):
    put(path, b"abc")

    async def main():
        file = await File.open(path)
        await file.write(b"x")
        if how == "closed":
            file.close()

    with caplog.at_level(logging.ERROR, logger="mezame"):
        mezame.run(main())
        gc.collect()
    assert len(caplog.records) == 1 and "nobody looked" in caplog.text and "Bad file descriptor" in caplog.text


def test_nothing_is_written_behind_a_gap(path, monkeypatch):
    calls = Calls(monkeypatch, "write")

    def fail_once(number):
        if number == 1:
            raise OSError(errno.ENOSPC, "no room")

    calls.fail = fail_once
    with one_thread() as runtime:

        async def main():
            file = await File.create(path)
            with held(runtime._pool):
                await file.write_all(b"one")
                seek = file.seek(10)
                assert seek.poll(CountingWaker().cx).is_pending()
                await file.write_all(b"two")  # a step of its own, behind the seek
                await file.write_all(b"three")
            assert await seek == 10
            with pytest.raises(OSError, match="no room"):
                await file.flush()
            await file.rewind()
            await file.write_all(b"four")
            await file.close()

        runtime.block_on(main())
        assert get(path) == b"four" and calls.sizes == [3, 4]


def test_a_failed_close_is_raised(path, monkeypatch):
    async def main(queued):
        file = await File.create(path)
        real, fd = os.close, file.fileno()

        def fail(number):
            real(number)
            if number == fd:
                raise OSError(errno.EIO, "lost in the close")

        with monkeypatch.context() as patch:
            patch.setattr(os, "close", fail)
            if queued:
                await file.write(b"x")
            with pytest.raises(OSError, match="lost in the close"):
                await file.close()

    mezame.run(main(False))
    mezame.run(main(True))


def test_a_failed_set_len_that_was_cancelled_is_reported(path, caplog):
    put(path, b"")

    async def main(wait):
        async with File.open(path) as file:
            step = file.set_len(3)
            begin(lambda: step.poll(CountingWaker().cx))
            if wait:
                settle(file)
            step.close()

    for wait in (False, True):
        run_held(main(wait))
        assert "ftruncate of the file" in caplog.text, wait
        caplog.clear()


# --- the end of the runtime, of the file ----------------------------------------------------------------------------


def test_a_queued_write_is_run_at_shutdown(flavor, path):
    """A blocking job that is queued is dropped then."""
    with one_thread(flavor) as runtime:

        async def save(file):
            plain = mezame.spawn_blocking(pytest.fail, "it ran")
            await file.write_all(b"saved")
            return plain

        file = runtime.block_on(File.create(path))
        with held(runtime._pool) as go:
            plain = runtime.block_on(save(file))
            assert runtime.close(0.0).threads
            go.set()
            wait_until(lambda: get(path))
        assert get(path) == b"saved"
        assert plain.cancelled()


def test_close_waits_for_queued_writes(flavor, path):
    with mezame.Runtime(flavor) as runtime:
        runtime.block_on(begin_to_write(path))
    assert get(path) == bytes(1 << 20)


async def begin_to_write(path):
    file = await File.create(path)
    await file.write_all(bytes(1 << 20))


def test_after_the_end_of_the_runtime_an_operation_raises_and_the_file_closes(path):
    kept = []

    async def main():
        kept.append(await File.create(path))

    runtime = mezame.Runtime()
    runtime.block_on(main())
    (file,) = kept
    runtime.close()
    cx = CountingWaker().cx
    with runtime.enter():
        for step in (file.read(), file.write(b"x"), file.seek(1)):
            with pytest.raises(RuntimeClosedError):
                step.poll(cx)
    with pytest.raises(RuntimeError, match="needs a runtime"):
        file.read().poll(cx)
    with pytest.raises(RuntimeError, match="needs a runtime"):
        file.write(b"x").poll(cx)
    assert file._lane.pending == 0 and file._lane.unwritten == 0
    fd = file.fileno()
    file.close()
    with pytest.raises(OSError):
        os.fstat(fd)


def test_a_file_whose_job_was_refused_by_one_runtime_goes_on_in_another(path):
    put(path, b"abc")
    other = mezame.Runtime()
    other.close()

    async def main():
        file = await File.open(path)
        cx = CountingWaker().cx
        with other.enter(), pytest.raises(RuntimeClosedError):
            file.read().poll(cx)
        return await file.read()  # in this one it goes on

    assert mezame.run(main()) == b"abc"


def test_who_trusted_in_a_job_that_could_not_be_started_is_told(path, monkeypatch):
    """While one thread submits the job, another queues a step behind it; then there is no job."""
    put(path, b"abc")

    async def main():
        file = await File.open(path)
        cx = CountingWaker()
        second = file.read(1)

        def no_thread(*_):
            if second._phase == 0:
                assert second.poll(cx.cx).is_pending()
            raise RuntimeError("can't start new thread")

        with monkeypatch.context() as patch:
            patch.setattr(lane, "submit", no_thread)
            with pytest.raises(RuntimeError, match="new thread"):
                file.read(1).poll(CountingWaker().cx)
        assert cx.wakes == 1 and file._lane.pending == 0
        with pytest.raises(RuntimeError, match="new thread"):
            second.poll(cx.cx)
        assert await file.read() == b"abc"
        await file.close()

    mezame.run(main())


@pytest.mark.parametrize("queued", [False, True])
def test_dropping_a_file_closes_it_after_its_writes(path, queued):
    with one_thread() as runtime:

        async def main():
            file = await File.create(path)
            fd = file.fileno()
            if queued:
                with held(runtime._pool):
                    await file.write_all(b"data")
                    del file
                    gc.collect()
                    os.fstat(fd)  # still open
            else:
                del file
            await mezame.spawn_blocking(int)  # behind it: the pool has one thread
            gc.collect()
            with pytest.raises(OSError):
                os.fstat(fd)

        runtime.block_on(main())
        assert get(path) == (b"data" if queued else b"")


def test_closing_is_idempotent_and_later_operations_raise(path):
    async def main():
        file = await File.create(path)
        assert file.fileno() >= 0 and not file.is_closed() and repr(file) == f"<File {path!r}>"
        await file.write_all(b"abc")
        first, second = file.close(), file.close()
        assert file.is_closed() and file.fileno() == -1 and "closed" in repr(file)
        for call in (
            file.read,
            file.flush,
            file.sync_all,
            file.metadata,
            file.try_clone,
            file.try_into_std,
            lambda: file.write(b"x"),
            lambda: file.seek(0),
            lambda: file.set_len(0),
            lambda: file.read_exact(1),
            lambda: file.poll_read(CountingWaker().cx, ReadBuf(1)),
            lambda: file.poll_write(CountingWaker().cx, b"x"),
        ):
            with pytest.raises(OSError) as caught:
                call()
            assert caught.value.errno == errno.EBADF
        await second
        await first
        assert get(path) == b"abc"
        await file.close()

    mezame.run(main())


def test_an_operation_made_before_the_close_and_begun_after_it_raises(path):
    async def main():
        file = await File.create(path)
        late = [file.read(), file.write(b"x"), file.seek(0), file.sync_all()]
        file.close()
        for step in late:
            with pytest.raises(OSError, match="closed"):
                await step

    mezame.run(main())
    assert get(path) == b""


def test_opening_that_is_dropped_leaves_no_descriptor(path):
    put(path, b"")
    with one_thread() as runtime:

        async def main():
            before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
            with held(runtime._pool):
                opening = File.open(path)
                assert opening.poll(CountingWaker().cx).is_pending()
                opening.close()
            await mezame.spawn_blocking(int)
            gc.collect()
            after = len(os.listdir("/proc/self/fd")) if before else 0
            assert after == before

        runtime.block_on(main())


# --- handles --------------------------------------------------------------------------------------------------------


def test_clones_share_the_position_and_the_last_one_closes(path):
    put(path, b"0123456789")

    async def main():
        one = await fs.open(path, "r+")
        two = await one.try_clone()
        fd = one.fileno()
        assert two.fileno() == fd
        assert await one.read(3) == b"012" and await two.read(2) == b"34"
        await one.write_all(b"AB")
        await one.close()
        assert await two.read(1) == b"7"
        os.fstat(fd)
        three = await two.try_clone()
        del three
        gc.collect()
        await two.close()
        with pytest.raises(OSError):
            os.fstat(fd)

    mezame.run(main())
    assert get(path) == b"01234AB789"


def test_into_std_gives_the_true_position_and_what_was_written(path):
    put(path, b"0123456789")

    async def main():
        file = await fs.open(path, "r+")
        clone = await file.try_clone()
        assert await file.read(2) == b"01"
        await file.write_all(b"AB")
        std = await file.into_std()
        assert isinstance(std, io.FileIO) and std.fileno() != clone.fileno()
        with std:
            assert std.read(2) == b"45"
        assert file.is_closed()
        assert await clone.read(1) == b"6"
        fd = clone.fileno()
        with await clone.into_std() as std:
            assert std.fileno() == fd and std.read() == b"789"
            std.seek(0)
            std.write(b"xy")

    mezame.run(main())
    assert get(path) == b"xyAB456789"


def test_try_into_std(path):
    put(path, b"0123456789")
    with one_thread() as runtime:

        async def main():
            file = await fs.open(path, "r+")
            with held(runtime._pool):
                await file.write_all(b"AB")
                with pytest.raises(BlockingIOError):
                    file.try_into_std()
            assert await file.read(1) == b"2"
            with file.try_into_std() as std:
                assert std.read(1) == b"3"
            assert file.is_closed()

        runtime.block_on(main())


def test_from_std_takes_over(path):
    put(path, b"0123456789")

    async def main():
        std = open(path, "r+b", buffering=0)
        std.seek(3)
        file = File.from_std(std)
        assert await file.read(2) == b"34" and file.name == path
        assert await file.into_std() is std
        assert std.tell() == 5
        file = File.from_std(std)
        await file.close()
        assert std.closed
        fd = os.open(path, os.O_RDWR)
        async with File.from_std(fd) as file:
            assert file.fileno() == fd
            assert await file.read() == b"0123456789"
        with open(path, "rb") as buffered:
            for bad in (buffered, "name", True, None):
                with pytest.raises(TypeError, match="from_std"):
                    File.from_std(bad)
        with pytest.raises(OSError):
            File.from_std(fd)

    mezame.run(main())


def test_the_file_itself(path):
    put(path, b"0123456789")

    async def main():
        async with fs.open(path, "r+") as file:
            await file.sync_all()
            await file.sync_data()
            await file.set_permissions(0o600)
            found = await file.metadata()
            assert found.st_size == 10 and stat.S_IMODE(found.st_mode) == 0o600
            assert await file.read(4) == b"0123"
            await file.set_len(6)
            assert await file.read() == b"45"  # not what was read ahead
            await file.set_len(8)
            assert await file.read() == b"\0\0"

    mezame.run(main())


def test_a_folder_can_be_opened_and_synced_but_not_read(tmp_path):
    async def main():
        async with fs.open(tmp_path) as folder:
            await folder.sync_all()
            with pytest.raises(IsADirectoryError):
                await folder.read()

    mezame.run(main())


# --- the poll methods -----------------------------------------------------------------------------------------------


async def polled(function):
    return await mezame.poll_fn(function)


def test_polling_by_hand(path):
    async def main():
        file = await fs.open(path, "w+")
        assert await polled(lambda cx: file.poll_write(cx, b"hello")) == 5
        assert await polled(lambda cx: file.poll_write(cx, b"")) == 0
        assert file.is_write_vectored()
        assert await polled(lambda cx: file.poll_write_vectored(cx, [b" ", b"you"])) == 4
        await polled(file.poll_flush)
        assert get(path) == b"hello you"
        file.start_seek(-3, 2)
        with pytest.raises(OSError, match="under way"):
            file.start_seek(0)
        assert await polled(file.poll_complete) == 6 == await polled(file.poll_complete)
        buf = ReadBuf(2)
        await polled(lambda cx: file.poll_read(cx, buf))
        await polled(lambda cx: file.poll_read(cx, buf))
        assert buf.filled() == b"yo"
        small = ReadBuf(5)
        await polled(lambda cx: file.poll_read(cx, small))
        await polled(lambda cx: file.poll_read(cx, small))
        assert small.filled() == b"u"
        await polled(file.poll_shutdown)
        file.close()

    mezame.run(main())


def test_what_stands_on_the_traits(path):
    put(path, b"one\ntwo\nthree")

    async def main():
        async with fs.open(path) as file:
            reader = mezame.io.BufReader(file)
            assert [line async for line in reader.lines()] == ["one", "two", "three"]
            await file.rewind()
            async with fs.open(path + "2", "w") as target:
                assert await mezame.io.copy(file, target) == 13
        async with fs.open(path + "2", "a") as file:
            writer = mezame.io.BufWriter(file)
            await writer.write_all(b"!")
            await writer.flush()
        return get(path + "2")

    assert mezame.run(main()) == b"one\ntwo\nthree!"


def test_a_poll_read_that_was_given_up_leaves_its_bytes(path):
    put(path, b"0123456789")

    async def main(settled, then):
        file = await fs.open(path)
        begin(lambda: file.poll_read(CountingWaker().cx, ReadBuf(6)))
        if settled:
            settle(file)
        data = await then(file)
        file.close()
        return data

    async def smaller(file):
        buf = ReadBuf(2)
        await polled(lambda cx: file.poll_read(cx, buf))
        return bytes(buf.filled()) + await file.read(2)

    async def told(file):
        assert await file.tell() == 0
        return await file.read(4)

    for settled in (False, True):
        for then in (lambda file: file.read(4), lambda file: file.read_exact(4), smaller, told):
            assert run_held(main(settled, then)) == b"0123"


def test_a_poll_read_whose_place_is_taken_by_another_operation_is_woken(path):
    """Two tasks: one polls by hand, the other calls. Neither waits for ever."""
    put(path, b"0123456789")
    with one_thread() as runtime:

        async def main():
            file = await fs.open(path)
            waker = CountingWaker()
            with held(runtime._pool):
                assert file.poll_read(waker.cx, ReadBuf(4)).is_pending()
                other = file.read(2)
                assert waker.wakes == 1
                assert other.poll(waker.cx).is_pending()
                assert file.poll_read(waker.cx, ReadBuf(4)).is_pending()
            assert await other == b"01"
            settle(file)
            file.close()
            buf = ReadBuf(4)
            assert file.poll_read(waker.cx, buf).is_ready() and buf.filled() == b"2345"  # begun before the close

        runtime.block_on(main())


def test_a_poll_write_waits_for_room_with_the_latest_waker(path):
    with one_thread() as runtime:

        async def main():
            file = await fs.open(path, "w")
            file.set_max_buf_size(3)
            old, new = CountingWaker(), CountingWaker()
            with held(runtime._pool):
                assert file.poll_write(old.cx, b"12345").value == 3
                assert file.poll_write(old.cx, b"45").is_pending()
                assert file.poll_write(new.cx, b"45").is_pending()
            settle(file)
            assert (old.wakes, new.wakes) == (0, 1)
            assert file.poll_write(new.cx, b"45").value == 2
            await file.close()

        runtime.block_on(main())
        assert get(path) == b"12345"


def test_cooperation(path):
    """Reads out of the buffer and writes into it give way like other leaves."""
    put(path, bytes(1000))

    async def main():
        other = []

        async def count():
            while True:
                other.append(1)
                await mezame.yield_now()

        task = mezame.spawn(count())
        async with fs.open(path, "r+") as file:
            await file.read(1)
            settle(file)
            seen = len(other)
            for _ in range(500):
                await file.read(1)
            assert len(other) - seen >= 3
            seen = len(other)
            for _ in range(500):
                await file.write(b"x")
            assert len(other) - seen >= 3
        task.abort()
        with pytest.raises(JoinError):
            await task

    mezame.run(main())


# --- elsewhere ------------------------------------------------------------------------------------------------------


def test_from_asyncio_with_a_runtime_entered(path):
    async def main():
        async with fs.open(path, "w+") as file:
            await file.write_all(b"abc")
            await file.rewind()
            return await file.read()

    with mezame.Runtime() as runtime, runtime.enter():
        assert asyncio.run(main()) == b"abc"


def test_a_paused_clock_waits_for_a_file(path):
    async def main():
        async with fs.open(path, "w") as file:
            await file.write_all(b"x")
            await mezame.timeout(1, file.sync_all())

    mezame.run(main(), start_paused=True)


def test_from_several_threads(path):
    with mezame.Runtime("multi_thread", worker_threads=2) as runtime:

        async def write(file, name):
            for number in range(200):
                await file.write_all(b"%d:%d\n" % (name, number))

        file = runtime.block_on(File.create(path))
        handle = runtime.handle()
        threads = [
            threading.Thread(target=lambda name=name: handle.block_on(write(file, name)), daemon=True)
            for name in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        runtime.block_on(file.close())
    lines = [tuple(map(int, line.split(b":"))) for line in get(path).splitlines()]
    assert sorted(lines) == [(name, number) for name in range(4) for number in range(200)]
    assert in_thread(lambda: file.is_closed())


# --- bad input ------------------------------------------------------------------------------------------------------


def test_bad_input(path):
    put(path, b"abc")

    async def main():
        with pytest.raises(TypeError, match="File is opened"):
            File()
        async with fs.open(path, "r+") as file:
            for call in (file.read, file.read_exact, file.set_len, file.set_max_buf_size):
                for bad, kind in ((-1, ValueError), (1.5, TypeError), ("1", TypeError), (float("nan"), TypeError)):
                    with pytest.raises(kind):
                        call(bad)
            with pytest.raises(ValueError, match="at least 1"):
                file.set_max_buf_size(0)
            for bad in ((0, 3), (-1, 0)):
                with pytest.raises(ValueError):
                    file.seek(*bad)
                with pytest.raises(ValueError):
                    file.start_seek(*bad)
            with pytest.raises(TypeError):
                file.seek(0.5)
            with pytest.raises(OSError):
                await file.seek(-4, 2)
            assert await file.read() == b"abc"
            for bad in ("text", 5, None):
                with pytest.raises(TypeError):
                    file.write(bad)
                with pytest.raises(TypeError):
                    file.write_all(bad)
            with pytest.raises(TypeError, match="writable"):
                file.read_into(b"abc")
            for bad in (-1, 0o10000):
                with pytest.raises(ValueError, match="permissions"):
                    file.set_permissions(bad)
            with pytest.raises(TypeError, match="permissions"):
                file.set_permissions("644")
            assert await file.read(0) == b"" == await file.read_exact(0)
            assert await file.write(b"") == 0 == await file.read_into(bytearray())
            await file.write_all(b"")

    mezame.run(main())


def test_a_close_outside_of_a_runtime_does_what_is_left_itself(path, monkeypatch):
    """It begins to wait for an operation that is at work; by the time it is queued the job has ended."""
    put(path, b"0123456789")
    calls = Calls(monkeypatch, "read")
    go = threading.Event()
    push = lane.Lane.push

    def late(self, step):
        def is_at_rest():
            with self.lock:
                return not self._working

        go.set()
        wait_until(is_at_rest)
        return push(self, step)

    calls.fail = lambda number: go.wait(PATIENCE)
    with one_thread() as runtime:

        async def main():
            file = await fs.open(path)
            assert file.read(3).poll(CountingWaker().cx).is_pending()
            return file

        file = runtime.block_on(main())
        monkeypatch.setattr(lane.Lane, "push", late)
        file.close()
        assert file._lane.descriptor.fd < 0

