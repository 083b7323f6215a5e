"""Futures of ``sync`` that were polled once and are dropped without ``close()``: they leave their list and pass on."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import mezame
from mezame import Context, Poll, Waker
from mezame.sync import Mutex, Notify, RwLock, Semaphore, broadcast, mpmc, mpsc, watch

NOOP = Context.from_waker(Waker.noop())


def poll(future: Any) -> Any:
    return future.poll(NOOP)


def pending(future: Any) -> Any:
    assert poll(future) is Poll.Pending
    return future


def drop_one(held: list[Any]) -> None:
    """The last reference goes."""
    del held[:]


def drop_cycle(held: list[Any]) -> None:
    """Only a cycle refers to it, which the collector finds."""
    held.append(held)


DROPS = [drop_one, drop_cycle]


def dropped(held: list[Any], drop: Callable[[list[Any]], None]) -> None:
    """Drops the one future in ``held``; the caller has no reference to it."""
    assert len(held) == 1
    drop(held)
    del held
    gc.collect()


class Case:
    """Something that one may have at a time: ``wait`` makes the future, ``give`` frees it for the oldest waiter."""

    wait: Callable[[], Any]
    give: Callable[[], Any]


def semaphore_case() -> Case:
    case, semaphore = Case(), Semaphore(0)
    case.wait, case.give = semaphore.acquire, lambda: semaphore.add_permits(1)
    return case


def mutex_case() -> Case:
    case, mutex = Case(), Mutex()
    case.wait, case.give = mutex.lock, mutex.try_lock().unlock
    return case


def async_with_mutex_case() -> Case:
    case, mutex = Case(), Mutex()
    case.wait, case.give = mutex.__aenter__, mutex.try_lock().unlock
    return case


def read_case() -> Case:
    case, lock = Case(), RwLock(max_readers=1)
    case.wait, case.give = lock.read, lock.try_write().unlock
    return case


def write_case() -> Case:
    case, lock = Case(), RwLock()
    case.wait, case.give = lock.write, lock.try_read().unlock
    return case


def notify_case() -> Case:
    case, notify = Case(), Notify()
    case.wait, case.give = notify.notified, notify.notify_one
    return case


def notify_last_case() -> Case:
    case, notify = Case(), Notify()
    case.wait, case.give = notify.notified, notify.notify_last
    return case


def mpsc_send_case() -> Case:
    case, (tx, rx) = Case(), mpsc.channel(1)
    tx.try_send(0)
    case.wait, case.give = lambda: tx.send(1), rx.try_recv
    return case


def mpsc_reserve_case() -> Case:
    case, (tx, rx) = Case(), mpsc.channel(1)
    tx.try_send(0)
    case.wait, case.give = tx.reserve, rx.try_recv
    return case


def mpsc_reserve_owned_case() -> Case:
    case, (tx, rx) = Case(), mpsc.channel(1)
    tx.try_send(0)
    case.wait, case.give = tx.reserve_owned, rx.try_recv
    return case


def mpsc_reserve_many_case() -> Case:
    case, (tx, rx) = Case(), mpsc.channel(1)
    tx.try_send(0)
    case.wait, case.give = lambda: tx.reserve_many(1), rx.try_recv
    return case


def mpmc_send_case() -> Case:
    case, (tx, rx) = Case(), mpmc.bounded(1)
    tx.try_send(0)
    case.wait, case.give = lambda: tx.send(1), rx.try_recv
    return case


def mpmc_recv_case() -> Case:
    case, (tx, rx) = Case(), mpmc.bounded(1)
    case.wait, case.give = rx.recv, lambda: tx.try_send(1)
    return case


CASES = [
    semaphore_case, mutex_case, async_with_mutex_case, read_case, write_case, notify_case, notify_last_case,
    mpsc_send_case, mpsc_reserve_case, mpsc_reserve_owned_case, mpsc_reserve_many_case, mpmc_send_case, mpmc_recv_case,
]  # fmt: skip


@pytest.mark.parametrize("drop", DROPS)
@pytest.mark.parametrize("make", CASES)
def test_what_is_given_after_the_drop_goes_to_the_one_behind(make, drop):
    case = make()
    held = [pending(case.wait())]
    behind = pending(case.wait())
    dropped(held, drop)
    del held
    gc.collect()
    case.give()
    assert poll(behind) is not Poll.Pending


@pytest.mark.parametrize("drop", DROPS)
@pytest.mark.parametrize("make", [case for case in CASES if case is not notify_last_case])
def test_what_was_given_before_the_drop_goes_to_the_one_behind(make, drop):
    case = make()
    held = [pending(case.wait())]
    behind = pending(case.wait())
    case.give()
    assert poll(behind) is Poll.Pending
    dropped(held, drop)
    del held
    gc.collect()
    assert poll(behind) is not Poll.Pending


def test_a_newest_that_was_chosen_and_dropped_passes_on_to_the_then_newest():
    notify = Notify()
    oldest, middle = pending(notify.notified()), pending(notify.notified())
    newest = pending(notify.notified())
    notify.notify_last()
    del newest
    gc.collect()
    assert poll(oldest) is Poll.Pending
    assert poll(middle) is not Poll.Pending


@pytest.mark.parametrize("drop", DROPS)
def test_what_a_large_acquire_gathered_goes_on_when_it_is_dropped(drop):
    semaphore = Semaphore(2)
    held = [pending(semaphore.acquire_many(3))]
    assert semaphore.available_permits() == 0
    behind = pending(semaphore.acquire_many(2))
    dropped(held, drop)
    del held
    gc.collect()
    assert poll(behind) is not Poll.Pending


def test_a_dropped_upgrade_does_not_hold_up_the_lock():
    lock = RwLock()
    other = lock.try_read()
    guard = lock.try_upgradable_read()
    upgrading = pending(lock.upgrade_of(guard._reading))
    del upgrading
    gc.collect()
    other.unlock()
    guard.unlock()
    assert lock.try_write() is not None


def broadcast_recv() -> tuple[Any, Callable[[], Any]]:
    tx, rx = broadcast.channel(2)
    return rx.recv, lambda: tx.send(1)


def watch_changed() -> tuple[Any, Callable[[], Any]]:
    tx, rx = watch.channel(0)
    return rx.changed, lambda: tx.send(1)


def watch_wait_for() -> tuple[Any, Callable[[], Any]]:
    tx, rx = watch.channel(0)
    return lambda: rx.wait_for(lambda value: value > 5), lambda: tx.send(1)


def mpsc_closed() -> tuple[Any, Callable[[], Any]]:
    tx, rx = mpsc.channel(1)
    return tx.closed, rx.close


def oneshot_closed() -> tuple[Any, Callable[[], Any]]:
    tx, rx = mezame.sync.oneshot.channel()
    return tx.closed, rx.close


def token_cancelled() -> tuple[Any, Callable[[], Any]]:
    token = mezame.sync.CancellationToken()
    return token.cancelled, token.cancel


@pytest.mark.parametrize("drop", DROPS)
@pytest.mark.parametrize(
    "make", [broadcast_recv, watch_changed, watch_wait_for, mpsc_closed, oneshot_closed, token_cancelled]
)
def test_a_dropped_wait_wakes_nobody(make, drop):
    wait, happen = make()
    woken: list[int] = []
    kept = wait()
    held = [wait()]
    assert kept.poll(Context.from_waker(Waker.from_callable(lambda: woken.append(1)))) is Poll.Pending
    assert held[0].poll(Context.from_waker(Waker.from_callable(lambda: woken.append(2)))) is Poll.Pending
    dropped(held, drop)
    del held
    gc.collect()
    happen()
    assert woken == [1]


def test_select_that_borrowed_what_lost_costs_no_permit():
    async def main():
        semaphore = Semaphore(0)
        for _ in range(3):
            await mezame.select(semaphore.acquire(), mezame.task.yield_now())
        semaphore.add_permits(1)
        return semaphore.available_permits()

    gc.collect()
    assert mezame.run(main()) == 1


def test_whoever_waits_is_kept_by_what_it_waits_for():
    """A loop that keeps its tasks weakly: the waker, which the list has, is all that keeps the waiting one."""
    semaphore = Semaphore(0)
    got = []

    class Root:
        def __init__(self):
            self.future = semaphore.acquire()
            self.waker = Waker.from_callable(self.step)

        def step(self):
            answer = self.future.poll(Context.from_waker(self.waker))
            if answer is not Poll.Pending:
                got.append(answer.value)

    Root().step()
    gc.collect()
    semaphore.add_permits(1)
    assert len(got) == 1


def test_a_notified_that_all_were_told_of_stays_complete_after_close():
    notify = Notify()
    notified = pending(notify.notified())
    notify.notify_waiters()
    notified.close()
    assert poll(notified) is not Poll.Pending


def test_channels_that_live_until_the_interpreter_ends_are_dropped_in_silence():
    """A channel in a global may be dropped when the globals of the library's modules are gone."""
    script = """
from mezame.sync import mpmc, mpsc
import mezame.sync.mpmc.queue, mezame.sync.mpsc.queue
ends = [mpmc.bounded(1), mpsc.channel(1), mpsc.unbounded_channel()]
ends[0][0].try_send(1), ends[1][0].try_send(1), ends[2][0].send(1)
mezame.sync.mpmc.queue.deque = mezame.sync.mpsc.queue.deque = None  # as at the end of the interpreter
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")
