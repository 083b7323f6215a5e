"""What is dropped while an exception unwinds the stack leaves that as it is; what is kept for the next is as new."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from polling import CountingWaker

import mezame
from mezame import Context, Poll, Waker
from mezame.io import duplex
from mezame.net import TcpListener, TcpStream
from mezame.sync import Mutex, RwLock, Semaphore, mpsc, oneshot

pytestmark = pytest.mark.mezame


class Told(Exception):
    """The exception in flight."""


def fail() -> None:
    raise Told("this one")


def noisy(woken: list[str]) -> Context:
    """A context whose waker runs code that raises and catches, as any may."""

    def wake() -> None:
        try:
            raise ValueError("of the waker")
        except ValueError:
            woken.append("woken")

    return Context(Waker.from_callable(wake))


def drop_while_raising(make: Any) -> None:
    """What ``make()`` gives is on the interpreter's stack, and nowhere else, when the exception clears that."""
    for _ in range(40):  # more than a shelf holds
        with pytest.raises(Told, match="this one") as caught:
            (make(), make(), fail())
        error = caught.value
        assert error.args == ("this one",) and error.__cause__ is None and error.__context__ is None
    gc.collect()


def pending(future: Any, cx: Context | None = None) -> Any:
    assert future.poll(cx or CountingWaker().cx) is Poll.Pending
    return future


@pytest.mark.parametrize("lock", [Mutex.lock, RwLock.write, Semaphore.acquire])
def test_a_guard_that_is_dropped_wakes_who_waits(lock: Any) -> None:
    woken: list[str] = []
    waits: list[Any] = []

    def make() -> Any:
        of = Semaphore(1) if lock is Semaphore.acquire else lock.__globals__[lock.__qualname__.split(".")[0]]()
        guard = mezame.block_on(lock(of))
        waits.append(pending(lock(of), noisy(woken)))
        return guard

    drop_while_raising(make)
    assert len(woken) == 80
    assert all(one.poll(CountingWaker().cx).is_ready() for one in waits)


def test_a_lock_that_waits_and_is_dropped_lets_the_next_go_on() -> None:
    woken: list[str] = []
    kept: list[Any] = []

    def make() -> Any:
        semaphore = Semaphore(2)
        large = pending(semaphore.acquire(3))  # it has gathered two
        kept.append((semaphore, pending(semaphore.acquire(1), noisy(woken))))
        return large

    drop_while_raising(make)
    assert len(woken) == 80
    assert all(small.poll(CountingWaker().cx).is_ready() for _, small in kept)


def test_ends_of_channels() -> None:
    woken: list[str] = []
    kept: list[Any] = []

    def make() -> Any:
        sender, receiver = oneshot.channel()
        kept.append(pending(receiver, noisy(woken)))
        tx, rx = mpsc.channel(1)
        tx.try_send("full")
        kept.append((pending(tx.send("more"), noisy(woken)), tx))
        return sender, rx

    drop_while_raising(make)
    assert len(woken) == 160


def test_a_recv_and_a_send_that_wait() -> None:
    tx, rx = mpsc.channel(1)
    drop_while_raising(lambda: pending(rx.recv(), noisy([])))
    tx.try_send("first")
    drop_while_raising(lambda: pending(tx.send("more"), noisy([])))
    assert rx.try_recv() == "first" and rx.is_empty()
    tx.try_send("second")
    assert rx.try_recv() == "second"


async def test_an_operation_of_a_socket_that_waits() -> None:
    listener = await TcpListener.bind(("127.0.0.1", 0))
    one, (other, _) = await mezame.join(TcpStream.connect(listener.local_addr()), listener.accept())
    held = pending(one.read(10))  # it has the seat: the others wait in places
    drop_while_raising(lambda: pending(one.read(10), noisy([])))
    await other.write_all(b"here")
    assert await held == b"here"
    drop_while_raising(lambda: pending(one.read(10), noisy([])))
    await other.write_all(b"again")
    assert await one.read(10) == b"again"
    for stream in (one, other, listener):
        stream.close()


async def test_an_await_of_a_task() -> None:
    task = mezame.spawn(mezame.pending())
    drop_while_raising(lambda: pending(task.join_future(), noisy([])))

    def iterator() -> Any:
        steps = task.__await__()
        assert next(steps) is Poll.Pending
        return steps

    drop_while_raising(iterator)
    task.abort()
    with pytest.raises(mezame.JoinError):
        await task


def test_answers_and_yields() -> None:
    drop_while_raising(lambda: (Poll.Ready(object()), mezame.ready(1).poll(CountingWaker().cx), mezame.yield_now()))


async def test_operations_and_members_of_streams() -> None:
    left, right = duplex(10)
    drop_while_raising(lambda: pending(left.read(10), noisy([])))
    await right.write_all(b"x")
    assert await left.read(10) == b"x"

    def members() -> Any:
        running = mezame.future.FuturesUnordered()
        running.push(mezame.sleep(60))
        assert running.poll_next(noisy([])) is Poll.Pending
        return running

    drop_while_raising(members)
    left.close()
    right.close()


# --- what is kept for the next is as new ----------------------------------------------------------------------------


async def test_an_await_of_a_task_is_as_new() -> None:
    first = mezame.spawn(mezame.pending())
    for _ in range(3):
        waiting = first.__await__()
        assert next(waiting) is Poll.Pending
        del waiting  # it has waited, and goes on the shelf
        task = mezame.spawn(mezame.ready(5))
        assert await task == 5
    first.abort()


async def test_yields_and_timers_are_as_new() -> None:
    for _ in range(100):
        half = mezame.yield_now()
        assert half.poll(CountingWaker().cx) is Poll.Pending
        del half
        fresh = mezame.yield_now()
        assert fresh.poll(CountingWaker().cx) is Poll.Pending and fresh.poll(CountingWaker().cx) == Poll.Ready(None)
        del fresh
        pending(mezame.sleep(60))
        await mezame.sleep(0)


def test_a_stop_iteration_that_the_collector_drops_is_not_used_again() -> None:
    def stop_of(value: Any) -> StopIteration:
        sender, receiver = oneshot.channel()
        sender.send(value)
        steps = receiver.__await__()
        try:
            next(steps)
        except StopIteration as error:
            return error.with_traceback(None)
        raise AssertionError

    async def main() -> Any:
        for _ in range(5):  # within the budget of a poll
            cycle: list[Any] = []
            for _ in range(8):  # more than are kept: so some are younger than the list, which is cleared before them
                cycle.append(stop_of(cycle))
            del cycle
            gc.collect()
            error = stop_of(1)
            assert (str(error), error.args, error.value) in (("", (), 1), ("1", (1,), 1))
            assert await mezame.ready(2) == 2

    mezame.run(main())


async def _five() -> int:
    return 5


@pytest.mark.skipif(not hasattr(mezame.core.poll, "__pyx_capi__"), reason="interpreted, each is raised in a frame")
@pytest.mark.parametrize(
    "make",
    [
        lambda: mezame.ready(5),
        lambda: mezame.future.poll_fn(lambda cx: Poll.Ready(5)),
        lambda: mezame.into_future(_five()),
    ],
)
def test_the_end_of_an_await_costs_no_traceback(make: Any) -> None:
    async def main() -> None:
        with pytest.raises(StopIteration) as caught:
            next(make().__await__())
        assert caught.value.value == 5
        assert len(caught.traceback) == 1  # this frame

    mezame.run(main())
