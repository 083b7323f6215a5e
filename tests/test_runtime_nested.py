"""A runtime inside of another loop, which waits for its descriptor; and how many events one look takes."""

import asyncio
import io
import os
import select
import selectors
import socket
import threading
import time

import pytest
from polling import PATIENCE, wait_until

import mezame
from mezame import Runtime
from mezame.driver.epoll import EpollPoller
from mezame.driver.readiness import Source
from mezame.driver.select import SelectPoller
from mezame.net import UdpSocket
from mezame.runtime import Builder

DRIVERS = pytest.mark.parametrize("driver", ["epoll", "selectors"])


def readable(fd, seconds=0.0):
    return bool(select.select([fd], [], [], seconds)[0])


def nest(loop, runtime, turns):
    """Runs ``runtime`` inside of an asyncio loop: what a user would write."""
    timer = None

    def turn():
        nonlocal timer
        turns.append(1)
        again = runtime.turn()
        if timer is not None:
            timer.cancel()
        timer = None if again is None else loop.call_later(again, turn)

    loop.add_reader(runtime.fileno(), turn)
    loop.call_soon(turn)


@DRIVERS
def test_inside_of_asyncio(driver):
    """Timers, sockets, wakes from another thread and from the loop around it: nothing is late, and nothing spins."""
    turns, waits = [], []

    async def ours(queue):
        left, right = await UdpSocket.bind(("127.0.0.1", 0)), await UdpSocket.bind(("127.0.0.1", 0))
        await mezame.sleep(0.01)
        waiting = mezame.spawn(right.recv())
        await mezame.yield_now()
        await left.send_to(b"datagram", right.local_addr())
        assert await waiting == b"datagram"
        assert await mezame.spawn_blocking(lambda: 42) == 42
        left.close()
        right.close()
        waits.append(True)
        return await queue.recv()

    async def main(runtime):
        loop = asyncio.get_running_loop()
        nest(loop, runtime, turns)
        tx, rx = mezame.sync.mpsc.channel(1)
        task = runtime.spawn(ours(rx))
        done = loop.create_future()
        task.add_done_callback(lambda _: done.set_result(None))
        deadline = time.monotonic() + PATIENCE
        while not waits:  # once it is seen here, that poll is over: it waits
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)  # orders nothing: one that spins takes far too many turns meanwhile
        tx.try_send("from asyncio's thread")
        await asyncio.wait_for(done, PATIENCE)
        loop.remove_reader(runtime.fileno())
        return task.result()

    with Runtime(driver=driver) as runtime:
        assert asyncio.run(main(runtime)) == "from asyncio's thread"
    assert len(turns) < 60, "it does not spin"


@DRIVERS
def test_the_descriptor_is_readable_exactly_when_there_is_something_to_do(driver):
    with Runtime(driver=driver) as runtime:
        fd = runtime.fileno()
        assert runtime.turn() is None and not readable(fd)
        tx, rx = mezame.sync.oneshot.channel()
        task = runtime.spawn(rx)
        assert readable(fd), "a spawn outside of a turn"
        assert runtime.turn() is None and not readable(fd)
        thread = threading.Thread(target=tx.send, args=[5])
        thread.start()
        thread.join()
        assert readable(fd), "a wake from another thread"
        assert runtime.turn() is None and not readable(fd)
        assert task.result() == 5
        left, right = socket.socketpair()
        left.setblocking(False)
        with runtime.enter():
            stream = mezame.net.UnixStream.from_std(left)
        task = runtime.spawn(stream.read())
        assert runtime.turn() is None
        runtime.turn()
        assert not readable(fd)
        right.send(b"event")
        assert readable(fd, PATIENCE)
        while not task.is_finished():
            runtime.turn()
        assert task.result() == b"event" and runtime.turn() is None and not readable(fd)
        stream.close()
        right.close()


@DRIVERS
def test_what_was_queued_before_the_descriptor_was_asked_for_makes_it_readable(driver):
    with Runtime(driver=driver) as runtime:
        task = runtime.spawn(mezame.ready(5))
        fd = runtime.fileno()
        assert readable(fd)
        assert runtime.turn() is None and task.result() == 5 and not readable(fd)
        assert runtime.fileno() == fd and not readable(fd), "asking again is nothing to do"


@DRIVERS
def test_a_wake_after_the_descriptor_was_asked_for_is_told_although_one_was_not_told_before(driver):
    """The end of a blocking call unparks a driver that nobody waits for."""
    with Runtime(driver=driver) as runtime:
        tx, rx = mezame.sync.oneshot.channel()
        task = runtime.spawn(rx)
        runtime.block_on(mezame.sleep(0.001))
        runtime.spawn_blocking(int)
        wait_until(lambda: runtime._pool.stats()["idle"])
        assert runtime.metrics().global_queue_depth == 0
        fd = runtime.fileno()
        thread = threading.Thread(target=tx.send, args=[5])
        thread.start()
        thread.join()
        assert readable(fd)
        while readable(fd):
            runtime.turn()
        assert task.result() == 5


@DRIVERS
def test_what_a_block_on_left_in_the_queue_makes_it_readable_when_it_is_asked_for_again(driver):
    with Runtime(driver=driver, event_interval=1) as runtime:
        fd = runtime.fileno()
        runtime.turn()

        async def busy():
            while True:
                await mezame.yield_now()

        async def main():
            runtime.spawn(busy())
            for _ in range(5):
                await mezame.yield_now()

        runtime.block_on(main())
        runtime.fileno()
        assert readable(fd)


@DRIVERS
def test_an_event_for_who_waits_in_another_thread_makes_it_readable(driver):
    with Runtime(driver=driver) as runtime:
        fd = runtime.fileno()
        left, right = socket.socketpair()
        left.setblocking(False)
        with runtime.enter():
            stream = mezame.net.UnixStream.from_std(left)
        got = []
        thread = threading.Thread(target=lambda: got.append(runtime.handle().block_on(stream.read())))
        thread.start()
        wait_until(lambda: stream.source.waiting() == (1, 0))
        while readable(fd):
            runtime.turn()
        right.send(b"event")
        while not got:
            wait_until(lambda: got or readable(fd))
            runtime.turn()
        thread.join()
        assert got == [b"event"]
        stream.close()
        right.close()


def test_a_blocking_call_that_ends_after_the_runtime_was_closed(monkeypatch):
    go, raised = threading.Event(), []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    with Runtime(driver="epoll", shutdown_timeout=0.0) as runtime:
        runtime.fileno()
        began = threading.Event()
        runtime.spawn_blocking(lambda: (began.set(), go.wait(PATIENCE)))
        assert began.wait(PATIENCE)
        (thread,) = [thread for thread in threading.enumerate() if "blocking" in thread.name]
    go.set()
    thread.join(PATIENCE)
    assert not thread.is_alive() and raised == []


def test_a_notify_that_is_on_its_way_keeps_the_descriptor_of_a_poller_that_is_closed(monkeypatch):
    poller, write, written = EpollPoller(), os.eventfd_write, []

    def late(fd, value):
        poller.close()
        os.fstat(fd)  # or its number may be another's by now
        write(fd, value)
        written.append(fd)

    monkeypatch.setattr(os, "eventfd_write", late)
    poller.notify()
    (fd,) = written
    with pytest.raises(OSError):
        os.fstat(fd)
    poller.notify()
    poller.close()
    assert written == [fd]


def test_what_turn_returns():
    with Runtime(event_interval=4) as runtime:
        runtime.fileno()
        assert runtime.turn() is None
        runtime.spawn(mezame.sleep(1000))
        again = runtime.turn()
        assert 60 < again <= 1000, "the timers may want to be looked at before"
        polls = []

        async def busy():
            while True:
                polls.append(1)
                await mezame.yield_now()

        runtime.spawn(busy())
        assert runtime.turn() == 0.0 and 1 <= len(polls) <= 8, "two rounds and no more"
        for _ in range(20):
            runtime.spawn(mezame.ready(1))
        assert runtime.turn() == 0.0


def test_a_timer_of_another_thread_that_is_earlier_makes_it_readable():
    with Runtime() as runtime:
        fd = runtime.fileno()
        runtime.spawn(mezame.sleep(1000))
        assert runtime.turn() > 60
        slept = []
        thread = threading.Thread(target=lambda: slept.append(runtime.handle().block_on(mezame.sleep(0.01))))
        thread.start()
        deadline = time.monotonic() + PATIENCE
        assert readable(fd, PATIENCE)
        while not slept and time.monotonic() < deadline:
            again = runtime.turn()
            readable(fd, min(again, 1.0))
        thread.join(PATIENCE)
        assert slept == [None]


def test_fast_wakes_between_the_turns_are_not_lost():
    """A thread sends, we take turns only when we are told to: a lost wake would hang."""
    count = 3000

    async def receive(rx):
        return [await rx.recv() for _ in range(count)]

    with Runtime() as runtime:
        fd = runtime.fileno()
        tx, rx = mezame.sync.mpsc.channel(count)
        task = runtime.spawn(receive(rx))
        thread = threading.Thread(target=lambda: [tx.try_send(n) for n in range(count)])
        thread.start()
        deadline = time.monotonic() + PATIENCE
        while not task.is_finished():
            again = runtime.turn()
            assert time.monotonic() < deadline
            if again is None and not task.is_finished():
                assert readable(fd, PATIENCE), "woken, and nobody said so"
        thread.join()
        assert task.result() == list(range(count))


def test_where_there_is_no_descriptor_the_error_says_the_way_out(monkeypatch):
    with Runtime(enable_io=False) as runtime, pytest.raises(io.UnsupportedOperation, match="driver='epoll'"):
        runtime.fileno()
    monkeypatch.setattr(selectors, "DefaultSelector", selectors.SelectSelector)
    with Runtime(driver="selectors") as runtime:
        with pytest.raises(io.UnsupportedOperation, match="driver='epoll'"):
            runtime.fileno()
        assert runtime.turn() is None, "but turns can be taken"
    with Runtime("multi_thread", worker_threads=1) as runtime:
        for wrong in (runtime.fileno, runtime.turn):
            with pytest.raises(ValueError, match="current_thread"):
                wrong()
    for wrong in (runtime.fileno, runtime.turn):
        with pytest.raises(mezame.runtime.RuntimeClosedError):
            wrong()


def test_no_turn_inside_of_a_task():
    runtime = Runtime()

    async def main():
        with pytest.raises(mezame.EnterError):
            runtime.turn()

    with runtime:
        runtime.block_on(main())


# --- events per look --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("poller_class", [EpollPoller, SelectPoller])
def test_a_look_takes_no_more_events_than_the_limit_and_nobody_is_passed_over_for_long(poller_class):
    poller = poller_class(2)
    pairs = [socket.socketpair() for _ in range(7)]
    sources = []
    for left, right in pairs:
        left.setblocking(False)
        source = Source(left.fileno(), left, poller)
        source.forget_readiness()
        poller.add(source)
        if poller.needs_rearm:
            poller.rearm(source, 1)
        right.send(b"x")
        sources.append(source)
    ready, looks = set(), 0
    try:
        while len(ready) < 7:
            looks += 1
            assert looks < 30
            assert poller.wait(0) <= 2
            for source in sources:
                if source.readiness & 1:
                    ready.add(source.fd)
                    if poller.needs_rearm:
                        poller.rearm(source, 1)  # again, at once: it must not displace the others
        assert looks >= 4
    finally:
        for source in sources:
            source.close()
        for _, right in pairs:
            right.close()
        poller.close()


@DRIVERS
def test_the_option_reaches_the_driver(driver):
    async def main():
        left, right = socket.socketpair()
        one, other = mezame.net.UnixStream.from_std(left), mezame.net.UnixStream.from_std(right)
        reads = mezame.spawn(one.read())
        await other.write_all(b"abc")
        assert await reads == b"abc"
        one.close()
        other.close()

    with Builder.new_current_thread().driver(driver).max_io_events_per_tick(1).build() as runtime:
        runtime.block_on(main())
    for bad in (0, -1, 1.5, 1 << 30):
        with pytest.raises((ValueError, TypeError), match="max_io_events_per_tick"):
            Builder.new_current_thread().driver(driver).max_io_events_per_tick(bad).build()
