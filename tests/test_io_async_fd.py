"""AsyncFd: readiness is kept until it is cleared, never missed, and each descriptor is registered once."""

import gc
import os
import socket

import pytest
from polling import CountingWaker

import mezame
from mezame import Poll
from mezame.errors import RuntimeClosedError
from mezame.io import AsyncFd, Interest, Ready
from mezame.net import TcpListener, TcpStream
from mezame.runtime import Handle

pytestmark = pytest.mark.parametrize("driver", ["epoll", "selectors"])


def run(main, driver, **options):
    return mezame.run(main(), driver=driver, **options)


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            pass


def drain(fd):
    return os.read(fd, 100)


async def settle():
    for _ in range(5):
        await mezame.yield_now()


def test_nothing_is_ready_before_the_driver_said_so(driver, pipe):
    async def main():
        reader, writer = (AsyncFd(end) for end in pipe)
        waiting = mezame.spawn(reader.readable())
        with await writer.writable() as guard:
            assert guard.ready().is_writable() and not guard.ready().is_readable()
            assert guard.try_io(lambda fd: os.write(fd, b"abc")) == 3
        guard = await waiting
        assert guard.ready() == Ready.READABLE and guard.async_fd is reader and guard.inner == pipe[0]
        assert guard.try_io(drain) == b"abc"

    run(main, driver)


def test_readiness_is_kept_until_it_is_cleared(driver, pipe):
    async def main():
        reader = AsyncFd(pipe[0], Interest.READABLE)
        os.write(pipe[1], b"abc")
        guard = await reader.readable()
        assert guard.try_io(drain) == b"abc"
        guard = await reader.readable()  # at once, though it is empty: nobody has said so
        guard.retain_ready()
        with pytest.raises(BlockingIOError):
            (await reader.readable()).try_io(drain)
        waiting = mezame.spawn(reader.readable())
        await settle()
        assert not waiting.is_finished()
        os.write(pipe[1], b"d")
        assert (await waiting).try_io(drain) == b"d"

    run(main, driver)


def test_a_stale_guard_clears_nothing(driver, pipe):
    async def main():
        reader = AsyncFd(pipe[0], Interest.READABLE)
        os.write(pipe[1], b"a")
        old = await reader.readable()
        with pytest.raises(BlockingIOError):
            guard = await reader.readable()
            guard.try_io(drain)
            guard.try_io(drain)
        os.write(pipe[1], b"b")
        new = await reader.readable()
        old.clear_ready()
        assert (await reader.readable()).try_io(drain) == b"b"
        new.clear_ready()
        waiting = mezame.spawn(reader.readable())
        await settle()
        assert not waiting.is_finished(), "the guard of the latest event does clear"
        waiting.abort()

    run(main, driver)


def test_try_io_clears_only_at_blocking_io_error(driver, pipe):
    async def main():
        reader = AsyncFd(pipe[0], Interest.READABLE)
        os.write(pipe[1], b"a")
        guard = await reader.readable()

        def fails(fd):
            raise KeyError

        with pytest.raises(KeyError):
            guard.try_io(fails)
        assert reader.try_io(Interest.READABLE, drain) == b"a"
        with pytest.raises(BlockingIOError):
            reader.try_io(Interest.READABLE, drain)
        with pytest.raises(BlockingIOError, match="not ready"):
            reader.try_io(Interest.READABLE, fails)

    run(main, driver)


def test_a_part_can_be_cleared(driver):
    async def main():
        ours, theirs = socket.socketpair()
        with ours, theirs, AsyncFd(ours) as fd:
            theirs.send(b"a")
            await fd.readable()
            await fd.writable()
            guard = await fd.ready(Interest.READABLE | Interest.WRITABLE)
            assert guard.ready() == Ready.READABLE | Ready.WRITABLE
            guard.clear_ready_matching(Ready.READABLE)
            assert guard.ready() == Ready.WRITABLE
            guard = await fd.ready(Interest.READABLE | Interest.WRITABLE)
            assert guard.ready() == Ready.WRITABLE, "the other is kept"

    run(main, driver)


def test_waiting_for_either_direction_is_woken_by_both(driver):
    async def main():
        ours, theirs = socket.socketpair()
        with ours, theirs, AsyncFd(ours) as fd:
            while True:
                try:
                    await fd.async_io(Interest.WRITABLE, lambda sock: None)
                    fd.try_io(Interest.WRITABLE, lambda sock: sock.send(bytes(65536)))
                except BlockingIOError:
                    break
            either = Interest.READABLE | Interest.WRITABLE
            waiting = mezame.spawn(fd.ready(either))
            await settle()
            assert not waiting.is_finished()
            theirs.send(b"a")
            guard = await waiting
            assert guard.ready() == Ready.READABLE and ours.recv(9) == b"a"
            guard.clear_ready()
            waiting = mezame.spawn(fd.ready(either))
            await settle()
            theirs.setblocking(False)
            try:
                while theirs.recv(1 << 20):
                    pass
            except BlockingIOError:
                pass
            assert (await waiting).ready().is_writable()
            assert fd.source.waiting() == (0, 0)

    run(main, driver)


def test_all_who_wait_are_woken(driver, pipe):
    async def main():
        reader = AsyncFd(pipe[0], Interest.READABLE)
        tasks = [mezame.spawn(reader.readable()) for _ in range(5)]
        await settle()
        assert reader.source.waiting() == (5, 0)
        waker = CountingWaker()
        assert reader.poll_read_ready(waker.cx) is Poll.Pending
        os.write(pipe[1], b"a")
        for task in tasks:
            assert (await task).ready().is_readable()
        assert waker.wakes == 1 and reader.poll_read_ready(waker.cx).value.ready().is_readable()

    run(main, driver)


def test_poll_keeps_the_latest_waker_of_each_direction(driver, pipe):
    async def main():
        reader, writer = AsyncFd(pipe[0], Interest.READABLE), AsyncFd(pipe[1], Interest.WRITABLE)
        old, new = CountingWaker(), CountingWaker()
        assert reader.poll_read_ready(old.cx) is Poll.Pending and reader.poll_read_ready(new.cx) is Poll.Pending
        assert reader.source.waiting() == (1, 0)
        os.write(pipe[1], b"a")
        await reader.readable()
        assert (old.wakes, new.wakes) == (0, 1)
        await writer.writable()
        assert writer.poll_write_ready(old.cx).value.ready().is_writable()

    run(main, driver)


def test_a_wait_that_was_dropped_leaves_nothing(driver, pipe):
    async def main():
        reader = AsyncFd(pipe[0])
        future = reader.ready(Interest.READABLE)
        waker = CountingWaker()
        assert future.poll(waker.cx) is Poll.Pending and reader.source.waiting() == (1, 0)
        future.close()
        future.close()
        assert reader.source.waiting() == (0, 0)
        with pytest.raises(RuntimeError, match="again"):
            future.poll(waker.cx)
        task = mezame.spawn(reader.readable())
        await settle()
        task.abort()
        await settle()
        assert reader.source.waiting() == (0, 0)

    run(main, driver)


def test_async_io_tries_until_it_is_done(driver, pipe):
    async def main():
        calls = []

        def read(fd):
            calls.append(fd)
            return os.read(fd, 2)

        reader, writer = AsyncFd(pipe[0], Interest.READABLE), AsyncFd(pipe[1], Interest.WRITABLE)
        task = mezame.spawn(reader.async_io(Interest.READABLE, read))
        await settle()
        assert calls == []
        assert await writer.async_io(Interest.WRITABLE, lambda fd: os.write(fd, b"abc")) == 3
        assert await task == b"ab" and calls == [pipe[0]]
        assert await reader.async_io(Interest.READABLE, read) == b"c"
        task = mezame.spawn(reader.async_io(Interest.READABLE, read))
        await settle()
        writer.detach()
        os.close(pipe[1])
        assert await task == b""

    run(main, driver)


def test_the_ends_of_a_pipe(driver, pipe):
    async def main():
        reader, writer = (AsyncFd(end) for end in pipe)
        os.close(reader.detach())
        guard = await writer.writable()
        if driver == "epoll":  # the portable driver knows two words only
            assert guard.ready().is_error() and guard.ready().is_write_closed()
        with pytest.raises(BrokenPipeError):
            guard.try_io(lambda fd: os.write(fd, b"x"))

    run(main, driver)


def test_a_closed_peer_is_never_cleared(driver):
    async def main():
        ours, theirs = socket.socketpair()
        with AsyncFd(ours) as fd:
            theirs.close()
            guard = await fd.readable()
            guard.clear_ready()
            guard = await fd.readable()
            if driver == "epoll":
                assert guard.ready().is_read_closed()

    run(main, driver)


def test_out_of_band_data(driver):
    async def main():
        listener = await TcpListener.bind("127.0.0.1:0")
        sock = socket.create_connection(listener.local_addr())
        stream, _ = await listener.accept()
        with sock, stream:
            fd = AsyncFd(sock, Interest.READABLE | Interest.PRIORITY)
            task = mezame.spawn(fd.ready(Interest.PRIORITY))
            await settle()
            await stream.write_all(b"a")
            await fd.readable()
            assert not task.is_finished()
            stream.get_socket().send(b"!", socket.MSG_OOB)
            assert (await task).ready().is_priority()
            assert sock.recv(1, socket.MSG_OOB) == b"!"
            fd.detach()
            error = AsyncFd(sock, Interest.ERROR)
            task = mezame.spawn(error.ready(Interest.ERROR))
            await settle()
            assert not task.is_finished()
            task.abort()
            error.detach()

    run(main, driver)


def test_an_error_alone_is_waited_for(driver, pipe):
    """The writer of a pipe meets an error when the reader goes; nothing else is reported to who asks for that only."""

    async def main():
        reader, writer = pipe
        fd = AsyncFd(writer, Interest.ERROR)
        task = mezame.spawn(fd.ready(Interest.ERROR))
        await settle()
        assert not task.is_finished()
        os.close(reader)
        assert (await task).ready().is_error()
        assert Handle.current().metrics().driver_turns_count < 1000, "it does not spin"
        fd.detach()

    run(main, driver)


def test_who_waits_for_priority_or_for_an_error_hears_of_the_end(driver):
    """And the driver does not tell of it for ever to who does not want to know."""

    async def main():
        for interest in (Interest.PRIORITY, Interest.ERROR):
            ours, theirs = socket.socketpair()
            fd = AsyncFd(ours, interest)
            task = mezame.spawn(fd.ready(interest))
            await settle()
            assert not task.is_finished()
            theirs.close()
            if interest == Interest.PRIORITY:
                assert (await task).ready().is_read_closed()
            await mezame.sleep(0.02)
            assert Handle.current().metrics().driver_turns_count < 200
            task.abort()
            fd.close()

    run(main, driver)


def test_priority_comes_to_who_asks_while_others_go_on(driver):
    """The selectors driver changes its selector in the middle of the game: nobody who waits is forgotten."""

    async def main():
        listener = await TcpListener.bind("127.0.0.1:0")
        sock = socket.create_connection(listener.local_addr())
        stream, _ = await listener.accept()
        ours, theirs = socket.socketpair()
        waiting = AsyncFd(ours)
        reads = mezame.spawn(waiting.async_io(Interest.READABLE, lambda fd: fd.recv(10)))
        await settle()
        with sock, stream, theirs:
            fd = AsyncFd(sock, Interest.PRIORITY)
            for _ in range(3):
                task = mezame.spawn(fd.ready(Interest.PRIORITY))
                await settle()
                assert not task.is_finished()
                stream.get_socket().send(b"!", socket.MSG_OOB)
                guard = await task
                assert guard.ready().is_priority()
                assert sock.recv(1, socket.MSG_OOB) == b"!"
                guard.clear_ready()
            theirs.send(b"still here")
            assert await reads == b"still here"
            theirs.close()
            assert await waiting.async_io(Interest.READABLE, lambda fd: fd.recv(10)) == b""
            assert Handle.current().metrics().driver_turns_count < 1000, "it does not spin"
            fd.detach()
            waiting.close()

    run(main, driver)


def test_an_error_that_is_over_keeps_nobody_busy(driver):
    async def main():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            nobody = other.getsockname()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(nobody)
        with AsyncFd(sock) as fd:
            sock.send(b"anybody there?")
            with pytest.raises(ConnectionRefusedError):
                await fd.async_io(Interest.READABLE, lambda sock: sock.recv(9))
            task = mezame.spawn(fd.async_io(Interest.READABLE, lambda sock: sock.recv(9)))
            await settle()
            assert fd.source.waiting() == (1, 0) and not fd.source.readiness & Ready.ERROR
            task.abort()

    run(main, driver)


def test_a_short_read_does_not_prove_that_there_is_no_error(driver):
    async def main():
        listener = await TcpListener.bind("127.0.0.1:0")
        ours = await TcpStream.connect(listener.local_addr())
        theirs, _ = await listener.accept()
        with ours, theirs:
            await theirs.write_all(b"abc")
            await ours.readable()
            ours.source.set_ready(Ready.READABLE | Ready.ERROR)
            assert await ours.read() == b"abc"
            assert ours.source.readiness & (Ready.READABLE | Ready.ERROR) == Ready.ERROR
            with pytest.raises(TimeoutError):
                await mezame.timeout(0, ours.read())
            assert not ours.source.readiness & (Ready.READABLE | Ready.ERROR), "EAGAIN does"

    run(main, driver)


# --- registration and its end -----------------------------------------------------------------------------------------


def test_a_descriptor_is_registered_once(driver, pipe):
    async def main():
        reader = AsyncFd(pipe[0], Interest.READABLE)
        with pytest.raises(FileExistsError, match="registered"):
            AsyncFd(pipe[0], Interest.READABLE)
        task = mezame.spawn(reader.readable())
        await settle()
        os.write(pipe[1], b"a")
        assert (await task).try_io(drain) == b"a", "the first one is as it was"
        assert reader.detach() == pipe[0]
        with AsyncFd(pipe[0], Interest.READABLE) as again:
            os.write(pipe[1], b"b")
            assert (await again.readable()).try_io(drain) == b"b"
        AsyncFd(pipe[0], Interest.READABLE).close()
        os.fstat(pipe[0])
        listener = await TcpListener.bind("127.0.0.1:0")
        with pytest.raises(FileExistsError):
            AsyncFd(listener.get_socket())

    run(main, driver)


def test_a_descriptor_that_was_closed_behind_our_back_can_be_used_again(driver):
    async def main():
        ours, theirs = socket.socketpair()
        number = ours.fileno()
        first = AsyncFd(ours, Interest.READABLE)
        await settle()
        ours.close()
        reader, writer = os.pipe()
        if reader != number:
            os.dup2(reader, number)
            os.close(reader)
        try:
            second = AsyncFd(number, Interest.READABLE)
            task = mezame.spawn(second.readable())
            await settle()
            os.write(writer, b"a")
            await task
            first.close()
            assert second.try_io(Interest.READABLE, drain) == b"a"
            with pytest.raises(BlockingIOError):
                second.try_io(Interest.READABLE, drain)
            os.write(writer, b"b")
            assert (await second.readable()).try_io(drain) == b"b", "closing the first took nothing from the second"
        finally:
            os.close(number)
            os.close(writer)
            theirs.close()

    run(main, driver)


def test_close_closes_the_object_and_wakes_who_waits(driver):
    async def main():
        ours, theirs = socket.socketpair()
        async with AsyncFd(ours) as fd:
            assert fd.inner is ours and fd.fileno() == ours.fileno() and not os.get_blocking(fd.fileno())
            task = mezame.spawn(fd.readable())
            await settle()
        with pytest.raises(OSError, match="the AsyncFd was closed"):
            await task
        fd.close()
        assert fd.is_closed() and fd.fileno() == -1 and ours.fileno() == -1 and "closed" in repr(fd)
        for call in (lambda: fd.readable().poll(CountingWaker().cx), lambda: fd.try_io(Interest.READABLE, print)):
            with pytest.raises(OSError, match="the AsyncFd was closed"):
                call()
        theirs.close()

    run(main, driver)


def test_detach_leaves_the_object_open_even_from_within_a_call(driver):
    async def main():
        ours, theirs = socket.socketpair()
        with ours, theirs:
            fd = AsyncFd(ours)
            task = mezame.spawn(fd.readable())
            guard = await fd.writable()
            assert guard.try_io(lambda sock: fd.detach()) is ours
            with pytest.raises(OSError, match="closed"):
                await task
            assert ours.fileno() >= 0
            fd = AsyncFd(ours)
            guard = await fd.writable()
            guard.try_io(lambda sock: [fd.close(), sock.getsockname()])  # still open within the call
            assert ours.fileno() == -1

    run(main, driver)


def test_a_dropped_async_fd_is_deregistered_and_closes_nothing(driver, pipe):
    async def main():
        fd = AsyncFd(pipe[0], Interest.READABLE)
        assert fd.poll_read_ready(CountingWaker().cx) is Poll.Pending
        del fd
        gc.collect()
        os.fstat(pipe[0])
        AsyncFd(pipe[0], Interest.READABLE).detach()

    run(main, driver)


def test_bad_input(driver, pipe, tmp_path):
    async def main():
        with pytest.raises(PermissionError, match=r"mezame\.fs"):
            AsyncFd(open(tmp_path / "file", "w"))
        for bad in ("3", None, True, 1.5):
            with pytest.raises(TypeError, match="AsyncFd needs"):
                AsyncFd(bad)
        with pytest.raises(ValueError):
            AsyncFd(-1)
        with pytest.raises(OSError):
            AsyncFd(100_000)
        for bad in (0, 1, Interest(0), "r"):
            with pytest.raises(ValueError, match="Interest"):
                AsyncFd(pipe[0], bad)
        fd = AsyncFd(pipe[0], Interest.READABLE)
        for bad in (Interest.WRITABLE, Interest.PRIORITY, Interest(0), 1):
            with pytest.raises(ValueError, match="made for"):
                fd.ready(bad)

    run(main, driver)
    with pytest.raises(RuntimeError, match="needs a runtime"):
        AsyncFd(pipe[0])


def test_after_the_runtime_is_gone(driver, pipe):
    with mezame.Runtime(driver=driver) as runtime:

        async def main():
            return AsyncFd(pipe[0], Interest.READABLE)

        fd = runtime.block_on(main())
    with pytest.raises(RuntimeClosedError):
        fd.readable().poll(CountingWaker().cx)
    with mezame.Runtime(enable_io=False) as runtime:

        async def without():
            AsyncFd(pipe[0])

        with pytest.raises(RuntimeError, match="enable_io"):
            runtime.block_on(without())


def test_readable_takes_of_the_budget(driver, pipe):
    async def greedy(fd):
        while True:
            await fd.readable()

    async def main():
        fd = AsyncFd(pipe[0], Interest.READABLE)
        os.write(pipe[1], b"a")
        task = mezame.spawn(greedy(fd))
        await settle()
        task.abort()

    run(main, driver)


def test_many_tasks_of_several_workers_share_a_descriptor(driver):
    async def take(fd, got):
        while True:
            data = await fd.async_io(Interest.READABLE, lambda sock: sock.recv(1))
            if not data:
                return
            got.append(data)

    async def main():
        ours, theirs = socket.socketpair()
        got = []
        with AsyncFd(ours, Interest.READABLE) as fd, AsyncFd(theirs, Interest.WRITABLE) as other:
            tasks = [mezame.spawn(take(fd, got)) for _ in range(6)]
            for number in range(200):
                await other.async_io(Interest.WRITABLE, lambda sock, byte=number: sock.send(bytes((byte,))))
            theirs.shutdown(socket.SHUT_WR)
            for task in tasks:
                await task
        assert sorted(got) == [bytes((number,)) for number in range(200)]

    with mezame.Runtime("multi_thread", worker_threads=3, driver=driver) as runtime:
        runtime.block_on(main())


def test_streams_are_not_disturbed_by_all_this(driver):
    async def main():
        listener = await TcpListener.bind("127.0.0.1:0")
        ours = await TcpStream.connect(listener.local_addr())
        theirs, _ = await listener.accept()
        with ours, theirs:
            await ours.write_all(b"abc")
            assert await theirs.read() == b"abc"
            theirs.into_std().close()
            assert await ours.read() == b""

    run(main, driver)


def test_the_words_of_interest_and_ready(driver):
    both = Interest.READABLE.add(Interest.WRITABLE)
    assert both == Interest.READABLE | Interest.WRITABLE and both.is_readable() and both.is_writable()
    assert not both.is_priority() and not both.is_error()
    assert both.remove(Interest.READABLE) is Interest.WRITABLE and Interest.READABLE.remove(both) is None
    assert Ready.EMPTY.is_empty() and not Ready.ALL.is_empty() and Ready.ALL.is_priority()
    assert Ready.READ_CLOSED.is_readable() and Ready.WRITE_CLOSED.is_writable() and not Ready.ERROR.is_readable()
    assert Ready.ERROR.is_error() and Ready.ALL.is_read_closed() and Ready.ALL.is_write_closed()
