"""Pipes and FIFOs."""

import errno
import gc
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polling import CountingWaker, in_thread, until
from sizes import examples

import mezame
from mezame import Poll
from mezame.io import ReadBuf
from mezame.net.pipe import Receiver, Sender, open_receiver, open_sender, pipe

pytestmark = pytest.mark.mezame

DRIVERS = ["selectors", *(["epoll"] if mezame.driver.epoll.available() else [])]
FLAVORS = ["current_thread", "multi_thread"]
LARGE = bytes(range(256)) * 4000


def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def fill(sender):
    """Writes until there is no room; what it wrote."""
    written = 0
    with pytest.raises(BlockingIOError):
        while True:
            written += sender.try_write(b"x" * 4096)
    return written


# --- bytes go through -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_much_goes_through_a_small_pipe(flavor, driver):
    async def send(sender):
        async with sender:
            await sender.write_all(LARGE)

    async def main():
        sender, receiver = pipe()
        sending = mezame.spawn(send(sender))
        got = await receiver.read_to_end()
        await sending
        receiver.close()
        return got

    assert mezame.run(main(), flavor=flavor, driver=driver) == LARGE


async def test_a_read_gives_what_there_is_then_the_end():
    sender, receiver = pipe()
    assert await sender.write(b"hello") == 5
    assert await receiver.read(3) == b"hel"
    assert await receiver.read() == b"lo"
    assert await receiver.read(0) == b"" and await sender.write(b"") == 0
    await sender.shutdown()
    assert sender.is_closed()
    assert await receiver.read() == b"" == await receiver.read()
    with pytest.raises(mezame.net.UnexpectedEof):
        await receiver.read_exact(1)
    receiver.close()


async def test_the_traits_come_with_it():
    sender, receiver = pipe()
    await sender.write_u16(513)
    await sender.write_vectored([b"ab", b"", memoryview(b"cd")])
    await sender.flush()
    assert await receiver.read_u16() == 513
    buffer = bytearray(3)
    assert await receiver.read_into(buffer) == 3 and buffer == b"abc"
    sender.close()
    assert await receiver.read_to_string() == "d"
    receiver.close()


async def test_more_buffers_than_one_call_takes():
    sender, receiver = pipe()
    assert await sender.write_vectored([b"x"] * 3000) == 1024
    assert len(await receiver.read()) == 1024
    assert await sender.write_vectored([b""] * 2000 + [b"y"]) >= 0
    for end in (sender, receiver):
        end.close()


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=20_000), st.integers(1, 30_000)), max_size=30),
    st.sampled_from(DRIVERS),
)
def test_model(steps, driver):
    """A pipe is a byte string: what is written comes out at the other end, in whatever pieces."""

    async def main():
        sender, receiver = pipe()
        written, got = b"", b""
        for step in steps:
            if isinstance(step, bytes):
                try:
                    written += step[: sender.try_write(step)]
                except BlockingIOError:
                    assert len(written) > len(got)
            elif len(written) > len(got):
                got += await receiver.read(step)
            else:
                counting = CountingWaker()
                reading = receiver.read(step)
                assert reading.poll(counting.cx) is Poll.Pending
                reading.close()
            assert written.startswith(got)
        sender.close()
        got += await receiver.read_to_end()
        assert got == written
        receiver.close()

    mezame.run(main(), driver=driver)


# --- waiting and giving up --------------------------------------------------------------------------------------------


async def test_a_cancelled_read_loses_nothing():
    sender, receiver = pipe()
    counting = CountingWaker()
    reading = receiver.read()
    assert reading.poll(counting.cx) is Poll.Pending
    await sender.write(b"kept")
    await until(lambda: counting.wakes)
    reading.close()
    assert await receiver.read() == b"kept"
    for end in (sender, receiver):
        end.close()


async def test_a_cancelled_write_has_written_nothing():
    sender, receiver = pipe()
    written = fill(sender)
    with pytest.raises(TimeoutError):
        await mezame.timeout(0.002, sender.write(b"y" * 4096))
    sender.close()
    assert await receiver.read_to_end() == b"x" * written
    receiver.close()


async def test_the_waker_of_the_latest_poll_is_woken():
    sender, receiver = pipe()
    old, new = CountingWaker(), CountingWaker()
    first, second = ReadBuf(2), ReadBuf(4)
    assert receiver.poll_read(old.cx, first) is Poll.Pending
    assert receiver.poll_read(new.cx, second) is Poll.Pending
    assert sum(receiver.source.waiting()) == 1
    await sender.write(b"abcdef")
    await until(lambda: new.wakes)
    assert old.wakes == 0
    assert receiver.poll_read(new.cx, second) == Poll.Ready(None)
    assert second.filled() == b"abcd" and first.filled() == b""
    assert receiver.poll_read(new.cx, first) == Poll.Ready(None)
    assert first.filled() == b"ef"
    assert receiver.poll_read(new.cx, ReadBuf(0)) == Poll.Ready(None)
    for end in (sender, receiver):
        end.close()


async def test_a_writer_is_woken_by_room():
    sender, receiver = pipe()
    written = fill(sender)
    counting = CountingWaker()
    assert sender.poll_write(counting.cx, b"more") is Poll.Pending
    assert len(await receiver.read(written)) == written
    await until(lambda: counting.wakes)
    assert sender.poll_write(counting.cx, b"more") == Poll.Ready(4)
    assert await receiver.read() == b"more"
    for end in (sender, receiver):
        end.close()


async def test_readable_and_writable():
    sender, receiver = pipe()
    fill(sender)
    await receiver.readable()
    while True:
        try:
            receiver.try_read()
        except BlockingIOError:
            break
    await sender.writable()
    assert sender.try_write(b"x") == 1
    for end in (sender, receiver):
        end.close()


async def test_a_ready_pipe_cannot_starve_other_tasks():
    sender, receiver = pipe()
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await mezame.yield_now()

    task = mezame.spawn(other())
    for _ in range(500):
        await sender.write(b"x")
        await receiver.read()
    assert turns >= 5
    task.abort()
    for end in (sender, receiver):
        end.close()


# --- closed ends ------------------------------------------------------------------------------------------------------


async def test_a_write_without_a_reader_is_a_broken_pipe():
    sender, receiver = pipe()
    fill(sender)
    writing = mezame.spawn(sender.write_all(b"x" * 100_000))
    await mezame.yield_now()  # now it waits
    receiver.close()
    with pytest.raises(BrokenPipeError):
        await writing
    with pytest.raises(BrokenPipeError):
        await sender.write(b"x")
    sender.close()


async def test_closing_wakes_who_waits():
    sender, receiver = pipe()
    reading = mezame.spawn(receiver.read_exact(5))
    await mezame.yield_now()  # now it waits
    number = receiver.fileno()
    receiver.close()
    receiver.close()
    with pytest.raises(OSError, match="the pipe was closed"):
        await reading
    assert not is_open(number) and receiver.fileno() == -1 and "closed" in repr(receiver)
    for attempt in (receiver.read(), receiver.readable(), receiver.read_to_end()):
        with pytest.raises(OSError, match="the pipe was closed"):
            await attempt
    with pytest.raises(OSError, match="closed"):
        receiver.into_fd()
    with pytest.raises(OSError, match="Bad file"):
        receiver.try_read()
    sender.close()


async def test_dropping_closes_even_with_a_poll_pending():
    sender, receiver = pipe()
    numbers = [sender.fileno(), receiver.fileno()]
    assert receiver.poll_read(CountingWaker().cx, ReadBuf(1)) is Poll.Pending
    fill(sender)
    assert sender.poll_write(CountingWaker().cx, b"x" * 10000) is Poll.Pending
    del sender, receiver
    gc.collect()
    assert not any(map(is_open, numbers))


def test_after_the_runtime_everything_raises():
    async def main():
        return pipe()

    sender, receiver = mezame.run(main())

    async def use():
        with pytest.raises(mezame.RuntimeClosedError):
            await receiver.read()
        with pytest.raises(mezame.RuntimeClosedError):
            await sender.write(b"x")

    mezame.run(use())
    sender.close()
    receiver.close()


# --- descriptors ------------------------------------------------------------------------------------------------------


async def test_descriptors_come_and_go():
    reading, writing = os.pipe()
    receiver, sender = Receiver.from_fd(reading), Sender.from_fd(writing)
    assert not os.get_blocking(reading)
    await sender.write(b"x")
    assert await receiver.read() == b"x"
    assert sender.into_fd() == writing and os.get_blocking(writing) and is_open(writing)
    assert receiver.into_fd(blocking=False) == reading and not os.get_blocking(reading)
    assert receiver.is_closed()
    with pytest.raises(OSError, match="closed"):
        await receiver.read()
    os.close(reading)
    os.close(writing)


async def test_giving_the_descriptor_away_wakes_who_waits():
    sender, receiver = pipe()
    reading = mezame.spawn(receiver.read_exact(5))
    await mezame.yield_now()  # now it waits
    number = receiver.into_fd()
    with pytest.raises(OSError, match="closed"):
        await reading
    del receiver
    gc.collect()
    assert is_open(number)
    os.close(number)
    sender.close()


async def test_a_file_object_keeps_its_own_descriptor():
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as file:
        receiver = Receiver.from_fd(file)
        assert receiver.fileno() != reading
        receiver.close()
        assert is_open(reading)
    os.close(writing)


async def test_what_is_no_pipe_or_the_wrong_end_is_refused():
    reading, writing = os.pipe()
    with pytest.raises(ValueError, match=f"{writing}.*other one"):
        Receiver.from_fd(writing)
    with pytest.raises(ValueError, match=f"{reading}.*other one"):
        Sender.from_fd(reading)
    with tempfile.TemporaryFile() as file, pytest.raises(ValueError, match="needs a pipe"):
        Receiver.from_fd(file)
    with pytest.raises(OSError):
        Receiver.from_fd(999_999)
    for bad, error in ((-1, ValueError), ("3", TypeError), (None, TypeError), (True, TypeError)):
        with pytest.raises(error, match=r"Receiver\.from_fd"):
            Receiver.from_fd(bad)
    assert is_open(reading) and is_open(writing)
    # Unchecked, the kernel says it at the first read.
    with Receiver.from_fd(writing, unchecked=True) as receiver, pytest.raises(OSError):
        await receiver.read()
    os.close(reading)


def test_without_a_runtime_nothing_is_left_open():
    before = os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []
    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        pipe()
    reading, writing = os.pipe()
    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        Receiver.from_fd(reading)
    assert is_open(reading)
    os.close(reading)
    os.close(writing)
    assert not before or len(os.listdir("/proc/self/fd")) == len(before)


async def test_bad_sizes():
    sender, receiver = pipe()
    for bad, error in ((-1, ValueError), (1.5, TypeError), ("1", TypeError)):
        with pytest.raises(error, match=repr(bad)):
            receiver.read(bad)
        with pytest.raises(error, match=repr(bad)):
            receiver.try_read(bad)
    with pytest.raises(TypeError, match="encode"):
        sender.write("text")
    with pytest.raises(TypeError, match="encode"):
        sender.try_write("text")
    for end in (sender, receiver):
        end.close()


# --- FIFOs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def fifo(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


async def test_a_fifo(fifo):
    with open_receiver(fifo) as receiver:
        assert await receiver.read() == b""  # nobody has it open for writing
        with open_sender(str(fifo)) as sender:
            reading = mezame.spawn(receiver.read_exact(5))
            await mezame.yield_now()
            await sender.write_all(b"hello")
            assert await reading == b"hello"
        assert await receiver.read() == b""


async def test_a_sender_without_a_receiver(fifo):
    with pytest.raises(OSError) as raised:
        open_sender(fifo)
    assert raised.value.errno == errno.ENXIO


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="Linux only")
async def test_read_write_keeps_it_open_without_peers(fifo):
    with open_receiver(fifo, read_write=True) as receiver:
        with open_sender(fifo) as sender:
            await sender.write(b"one")
        assert await receiver.read() == b"one"
        with pytest.raises(TimeoutError):
            await mezame.timeout(0.002, receiver.read())
    with open_sender(fifo, read_write=True) as sender:
        assert await sender.write(b"x") == 1


async def test_what_is_no_fifo(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x")
    count = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    for opener in (open_receiver, open_sender):
        with pytest.raises(ValueError, match="no FIFO"):
            opener(path)
        with pytest.raises(FileNotFoundError):
            opener(tmp_path / "missing")
    assert not count or len(os.listdir("/proc/self/fd")) == count


async def test_opening_without_a_runtime(fifo):
    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        in_thread(lambda: open_receiver(fifo))
