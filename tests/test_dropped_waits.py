"""What is dropped while it waits leaves nothing behind: no place in a list, no timer, no open socket.

``select`` borrows the futures that it is given: after it only the caller's reference is left, and that is often none.
"""

import gc
import socket

import pytest

import mezame
from mezame.net import TcpListener, TcpStream

ROUNDS = 50


async def pair():
    listener = await TcpListener.bind("127.0.0.1:0")
    near = await TcpStream.connect(listener.local_addr())
    far, _ = await listener.accept()
    return near, far


async def either(*futures):
    await mezame.select(*futures, mezame.yield_now(), biased=True)


@pytest.mark.mezame
async def test_reads_and_writes_that_lose_leave_the_socket():
    near, far = await pair()
    near.get_socket().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with pytest.raises(BlockingIOError):
        while True:
            near.try_write(bytes(100_000))
    for make in (near.read, near.readable, lambda: near.read_exact(9), lambda: near.write_all(bytes(10_000_000))):
        for _ in range(ROUNDS):
            await either(make())
    assert near.source.waiting() == (0, 0)
    far.close()


@pytest.mark.mezame
async def test_a_stream_that_is_dropped_after_a_lost_read_is_closed():
    near, far = await pair()
    await either(near.read())
    del near
    assert await mezame.timeout(5, far.read()) == b""


@pytest.mark.mezame
async def test_an_accept_that_loses_leaves_the_listener():
    listener = await TcpListener.bind("127.0.0.1:0")
    for _ in range(ROUNDS):
        await either(listener.accept())
    assert listener.source.waiting() == (0, 0)


@pytest.mark.mezame(start_paused=True)
async def test_sleeps_that_lose_leave_the_wheel():
    timers = mezame.Handle.current().timers
    before = timers.next_deadline_ns()
    for _ in range(ROUNDS):
        await either(mezame.sleep(0.001))
    assert timers.next_deadline_ns() == before
    fired = []
    lost = mezame.sleep(0.001)
    lost.poll(mezame.Context(mezame.Waker.from_callable(lambda: fired.append(True))))
    del lost
    await mezame.sleep(0.01)
    assert fired == []


@pytest.mark.mezame
async def test_awaits_of_a_task_that_lose_leave_it():
    task = mezame.spawn(mezame.pending())
    wakes = []
    for _ in range(ROUNDS):
        await either(task)
        lost = task.join_future()
        lost.poll(mezame.Context(mezame.Waker.from_callable(lambda: wakes.append(True))))
        del lost
    task.abort()
    with pytest.raises(mezame.JoinError):
        await task
    assert wakes == []


@pytest.mark.mezame
async def test_what_is_closed_or_completes_is_not_taken_out_twice():
    near, far = await pair()
    reading = near.read()
    await either(reading)
    reading.close()
    reading.close()
    del reading
    again = near.read()
    await either(again)
    await far.write_all(b"x")
    assert await again == b"x"
    del again
    gc.collect()
    assert near.source.waiting() == (0, 0)


@pytest.mark.mezame(start_paused=True)
async def test_a_sleep_that_lost_may_be_awaited_again_and_closed_twice():
    sleep = mezame.sleep(1)
    await either(sleep)
    await sleep
    await sleep
    sleep.close()
    sleep.close()
