"""Futures, guards and channel ends are kept for the next time when they are dropped: nothing of a former life shows."""

from __future__ import annotations

import gc
import weakref
from contextlib import AsyncExitStack
from typing import Any

import pytest

import mezame
from mezame.sync import Mutex, RwLock, Semaphore, mpsc, oneshot


class Thing:
    """Something that a weak reference can watch."""

    other: Any = None


# --- async with mutex: the call takes a free lock ------------------------------------------------------------------


def test_a_lock_whose_enter_is_not_awaited_is_free_again() -> None:
    async def main() -> None:
        mutex = Mutex()
        entered = mutex.__aenter__()
        assert mutex.is_locked()
        del entered
        gc.collect()
        assert not mutex.is_locked()
        async with mutex:
            assert mutex.is_locked()
        assert not mutex.is_locked()

    mezame.run(main())


def test_a_guard_is_awaited_once() -> None:
    async def main() -> None:
        mutex = Mutex(5)
        async with mutex as guard:
            with pytest.raises(RuntimeError, match="begun already"):
                await guard
            assert mutex.is_locked() and guard.value == 5

    mezame.run(main())


@pytest.mark.parametrize("what", ["lock", "read", "write", "acquire"])
def test_a_guard_that_is_dropped_unlocks_although_its_future_is_kept(what: str) -> None:
    of: Any = {"lock": Mutex, "acquire": lambda: Semaphore(1)}.get(what, RwLock)()
    take = getattr(of, {"lock": "try_lock", "acquire": "try_acquire"}.get(what, "try_write"))

    async def main() -> None:
        future = getattr(of, what)()
        guard = await future
        with pytest.raises(Exception, match=r"locked|reads or writes|permits"):
            take()
        del guard
        gc.collect()
        take()
        del future

    mezame.run(main())


def test_the_guard_of_a_former_block_stays_released() -> None:
    async def main() -> None:
        mutex = Mutex(1)
        async with mutex as first:
            pass
        async with mutex as second:
            assert second is not first
            with pytest.raises(RuntimeError):
                first.value  # noqa: B018
            assert second.value == 1
        del first, second
        for _ in range(100):
            async with mutex as guard:
                guard.value += 1
        assert mutex.into_inner() == 101

    mezame.run(main())


def test_a_block_of_a_free_lock_draws_on_the_budget() -> None:
    async def main() -> int:
        mutex, turns = Mutex(), 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await mezame.yield_now()

        task = mezame.spawn(other())
        for _ in range(128 * 5):
            async with mutex:
                pass
        task.abort()
        return turns

    assert mezame.run(main()) >= 4


def test_the_methods_of_a_block_are_methods() -> None:
    async def main() -> None:
        mutex = Mutex(3)
        async with AsyncExitStack() as stack:
            guard = await stack.enter_async_context(mutex)
            assert guard.value == 3
            assert mutex.is_locked()
        assert not mutex.is_locked()
        guard = await Mutex.__aenter__(mutex)
        await mutex.__aexit__(kind=None, error=None, traceback=None)
        assert not mutex.is_locked()
        with pytest.raises(TypeError):
            mutex.__aexit__()
        with pytest.raises(TypeError):
            mutex.__aenter__(1)
        assert mutex.__aenter__.__name__ == "__aenter__"
        assert mutex.__aenter__.__self__ is mutex

    mezame.run(main())


def test_a_dropped_mutex_goes_although_its_block_runs_on() -> None:
    async def main() -> None:
        mutex: Any = Mutex(Thing())
        watch = weakref.ref(mutex.into_inner())
        async with mutex:
            del mutex
        gc.collect()
        assert watch() is None

    mezame.run(main())


# --- nothing is kept, nothing is lost --------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["await", "close", "drop"])
def test_a_send_lets_go_of_its_message(end: str) -> None:
    async def main() -> None:
        tx, rx = mpsc.channel(1)
        if end != "await":
            await tx.send(None)
        thing = Thing()
        watch = weakref.ref(thing)
        send = tx.send(thing)
        del thing
        if end == "await":
            await send
            rx.try_recv()
        elif end == "close":
            send.poll(mezame.Context.from_waker(mezame.Waker.noop()))
            send.close()
        del send
        assert watch() is None

    mezame.run(main())


def test_what_was_received_is_the_receivers_alone() -> None:
    async def main() -> None:
        tx, rx = mpsc.channel(1)
        tx.try_send(Thing())
        got = await rx.recv()
        watch = weakref.ref(got)
        del got
        assert watch() is None
        one, other = oneshot.channel()
        one.send(Thing())
        got = await other
        watch = weakref.ref(got)
        del got, one, other
        assert watch() is None

    mezame.run(main())


def test_the_end_of_an_await_that_somebody_keeps() -> None:
    ends = []

    async def main() -> None:
        tx, rx = mpsc.channel(5)
        for number in range(5):
            tx.try_send((number,))
            await mezame.ready()
            step = rx.recv().__await__()
            try:
                next(step)
            except StopIteration as stop:
                ends.append(stop)

    mezame.run(main())
    assert [stop.value for stop in ends] == [(0,), (1,), (2,), (3,), (4,)]
    assert all(isinstance(stop, StopIteration) for stop in ends)


def test_a_send_that_is_in_a_ring_of_references_is_collected() -> None:
    tx, _rx = mpsc.channel(1)
    for _ in range(40):
        thing = Thing()
        thing.other = tx.send(thing)
        watch = weakref.ref(thing)
        del thing
        gc.collect()
        assert watch() is None


def test_a_message_whose_finaliser_sends() -> None:
    tx, rx = mpsc.channel(50)

    class Talks:
        def __init__(self, left: int) -> None:
            self.left = left

        def __del__(self) -> None:
            if self.left:
                tx.send(Talks(self.left - 1))  # dropped at once, which is the next finaliser
            else:
                tx.try_send("end")

    tx.send(Talks(20))
    assert rx.try_recv() == "end"
    assert len(rx) == 0


def test_many_ends_dropped_at_once() -> None:
    async def main() -> int:
        pairs = [oneshot.channel() for _ in range(100)]
        receivers = [receiver for _, receiver in pairs]
        del pairs
        gone = 0
        for receiver in receivers:
            with pytest.raises(oneshot.RecvError):
                await receiver
            gone += 1
        return gone

    assert mezame.run(main()) == 100


def test_many_permits_and_guards_dropped_at_once() -> None:
    semaphore = Semaphore(100)
    permits = [mezame.block_on(semaphore.acquire()) for _ in range(100)]
    assert semaphore.available_permits() == 0
    permits.clear()
    assert semaphore.available_permits() == 100
    mutexes = [Mutex() for _ in range(100)]
    guards = [mezame.block_on(mutex.lock()) for mutex in mutexes]
    guards.clear()
    assert not any(mutex.is_locked() for mutex in mutexes)


def test_a_new_end_knows_nothing_of_the_old_one() -> None:
    for _ in range(3):
        tx, rx = oneshot.channel()
        assert not tx.is_closed() and rx.is_empty() and not rx.is_terminated()
        tx.send(1)
        with pytest.raises(oneshot.SendError):
            tx.send(2)
        assert rx.try_recv() == 1 and rx.is_terminated()


def test_a_permit_of_a_ring_that_the_collector_finds_is_given_back() -> None:
    semaphore = Semaphore(1)
    for _ in range(40):
        thing = Thing()
        thing.other = (semaphore.try_acquire(), thing)
        del thing
        gc.collect()
        assert semaphore.available_permits() == 1
