"""Every kind of leaf that can be Pending: one that waits, and what makes it ready.

``LEAVES`` has them by name. A maker runs inside a runtime; it gives the future, Pending at its first poll, and a
function that ends the wait (its answer is awaited, if it can be). What must outlive the wait, the function refers to.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from polling import Gate

import mezame
from mezame import into_future, poll_fn
from mezame.future import FuturesUnordered, Shared, abortable, remote_handle
from mezame.stream import StreamMap
from mezame.sync import (
    Barrier,
    CancellationToken,
    Condvar,
    Mutex,
    Notify,
    OnceCell,
    RwLock,
    Semaphore,
    SetOnce,
    broadcast,
    mpmc,
    mpsc,
    oneshot,
    watch,
)
from mezame.task import AtomicWaker, JoinSet, LocalSet, TaskTracker
from mezame.time import DelayQueue

NOOP = mezame.Context.from_waker(mezame.Waker.noop())
Waiting = tuple[Any, Callable[[], Any]]


class Leaf(NamedTuple):
    """``units``: what a poll that is Ready takes of the budget; one that is Pending takes nothing.

    More than one: it stands on a leaf that takes its own (a frame and a read, an attempt and the pause before it).
    """

    make: Callable[[], Awaitable[Waiting]]
    units: int


LEAVES: dict[str, Leaf] = {}


def leaf(name: str, units: int = 1) -> Callable[[Any], Any]:
    """Lists the maker that follows."""

    def add(make: Any) -> Any:
        LEAVES[name] = Leaf(make, units)
        return make

    return add


# --- tasks ------------------------------------------------------------------------------------------------------------


@leaf("join")
async def _join() -> Waiting:
    gate = Gate()
    return mezame.spawn(gate).join_future(), gate.open


@leaf("Task.poll")
async def _task_poll() -> Waiting:
    gate = Gate()
    return mezame.spawn(gate), gate.open


@leaf("spawn_blocking")
async def _spawn_blocking() -> Waiting:
    go = threading.Event()
    return mezame.spawn_blocking(go.wait).join_future(), go.set


@leaf("JoinSet.join_next")
async def _join_next() -> Waiting:
    gate, tasks = Gate(), JoinSet()
    tasks.spawn(gate)
    return tasks.join_next(), gate.open


@leaf("TaskTracker.wait", 0)
async def _tracker_wait() -> Waiting:
    tracker = TaskTracker()
    return tracker.wait(), tracker.close


@leaf("CancellationToken.cancelled", 0)
async def _cancelled() -> Waiting:
    token = CancellationToken()
    return token.cancelled(), token.cancel


@leaf("AtomicWaker", 0)
async def _atomic_waker() -> Waiting:
    place, done = AtomicWaker(), []

    def poll(cx: mezame.Context) -> Any:
        place.register(cx.waker)
        return mezame.Poll.Ready(None) if done else mezame.Poll.Pending

    def finish() -> None:
        done.append(True)
        place.wake()

    return poll_fn(poll), finish


# --- combinators that keep a waker of their own -----------------------------------------------------------------------


@leaf("Shared", 0)
async def _shared() -> Waiting:
    gate = Gate()
    return Shared(gate).join_future(), gate.open


@leaf("RemoteHandle", 0)
async def _remote_handle() -> Waiting:
    remote, handle = remote_handle(mezame.ready(1))

    def finish() -> None:
        remote.poll(NOOP)

    return handle, finish


@leaf("Abortable", 0)
async def _abortable() -> Waiting:
    future, handle = abortable(mezame.pending())

    async def caught() -> None:
        try:
            await future
        except mezame.future.Aborted:
            pass

    return into_future(caught()), handle.abort


@leaf("join, few", 0)
async def _join_few() -> Waiting:
    gate = Gate()
    return into_future(mezame.join(gate, mezame.ready(1))), gate.open


@leaf("join_all, many", 0)
async def _join_all() -> Waiting:
    gate = Gate()
    others = [mezame.ready(1) for _ in range(40)]  # so many that each member has a waker of its own
    return into_future(mezame.join_all([gate, *others])), gate.open


@leaf("Remote", 0)
async def _remote() -> Waiting:
    remote, handle = remote_handle(mezame.pending())

    async def caught() -> None:
        try:
            await remote
        except mezame.CancelledError:
            pass

    held = [handle]
    return into_future(caught()), held.clear


@leaf("cooperative", 1)
async def _cooperative() -> Waiting:
    gate = Gate()
    return mezame.task.cooperative(gate), gate.open


@leaf("stream of an async generator", 0)
async def _from_aiter() -> Waiting:
    gate = Gate()

    async def items() -> Any:
        yield await gate

    return mezame.stream.stream(items()).next(), gate.open


@leaf("FuturesUnordered", 0)
async def _futures_unordered() -> Waiting:
    gate = Gate()
    return FuturesUnordered([gate]).next(), gate.open


@leaf("StreamMap", 0)
async def _stream_map() -> Waiting:
    streams: Any = StreamMap()
    streams.insert("waits", mezame.stream.pending())
    return streams.next(), lambda: streams.insert("ready", mezame.stream.once(1))


@leaf("stream, abortable", 0)
async def _abortable_stream() -> Waiting:
    stream, handle = mezame.stream.abortable(mezame.stream.pending())
    return stream.next(), handle.abort


@leaf("TaskGroup", 0)
async def _task_group() -> Waiting:
    gate = Gate()
    group = mezame.TaskGroup()
    await group.__aenter__()
    group.spawn(gate)
    return into_future(group.__aexit__(None, None, None)), gate.open


def twice(future: Any) -> Any:
    """For what drives tasks: the first poll looks at one, which has not ended, and polls it."""

    def poll(cx: mezame.Context) -> Any:
        first = future.poll(cx)
        return future.poll(cx) if first is mezame.Poll.Pending else first

    return poll_fn(poll)


@leaf("LocalSet.run_until")
async def _local_set() -> Waiting:
    gate, local = Gate(), LocalSet()
    return twice(into_future(local.run_until(local.spawn_local(gate)))), gate.open


@leaf("Executor.drive")
async def _drive() -> Waiting:
    gate, executor = Gate(), mezame.Executor()
    return twice(executor.drive(executor.spawn(gate))), gate.open


# --- time ---------------------------------------------------------------------------------------------------------


def an_hour_passes() -> Any:
    mezame.time.pause()
    return mezame.time.advance(3601)


@leaf("sleep")
async def _sleep() -> Waiting:
    return mezame.sleep(3600), an_hour_passes


@leaf("Interval.tick")
async def _tick() -> Waiting:
    interval = mezame.time.interval_at(mezame.time.Instant.now() + 3600, 3600)
    return interval.tick(), an_hour_passes


@leaf("DelayQueue.next")
async def _delay_queue() -> Waiting:
    queue: Any = DelayQueue()
    queue.insert("item", 3600)
    return queue.next(), an_hour_passes


@leaf("DelayQueue.next, an earlier item")
async def _delay_queue_earlier() -> Waiting:
    queue: Any = DelayQueue()
    queue.insert("late", 3600)
    return queue.next(), lambda: queue.insert("due", 0)


@leaf("timeout", 0)
async def _timeout() -> Waiting:
    gate = Gate()
    return into_future(mezame.timeout(3600, gate)), gate.open


# --- sync ---------------------------------------------------------------------------------------------------------


@leaf("oneshot")
async def _oneshot() -> Waiting:
    tx, rx = oneshot.channel()
    return into_future(rx), lambda: tx.send(1)


@leaf("oneshot.Sender.closed", 0)
async def _oneshot_closed() -> Waiting:
    tx, rx = oneshot.channel()
    return into_future(tx.closed()), lambda: rx.close() or tx


@leaf("mpsc.recv")
async def _mpsc_recv() -> Waiting:
    tx, rx = mpsc.channel(1)
    return rx.recv(), lambda: tx.try_send(1)


@leaf("mpsc.recv, unbounded")
async def _mpsc_recv_unbounded() -> Waiting:
    tx, rx = mpsc.unbounded_channel()
    return rx.recv(), lambda: tx.send(1)


@leaf("mpsc.recv_many")
async def _mpsc_recv_many() -> Waiting:
    tx, rx = mpsc.channel(1)
    return rx.recv_many(5), lambda: tx.try_send(1)


@leaf("mpsc.poll_recv")
async def _mpsc_poll_recv() -> Waiting:
    tx, rx = mpsc.channel(1)
    return poll_fn(rx.poll_recv), lambda: tx.try_send(1)


@leaf("mpsc.send")
async def _mpsc_send() -> Waiting:
    tx, rx = mpsc.channel(1)
    tx.try_send(1)
    return tx.send(2), rx.try_recv


@leaf("mpsc.reserve")
async def _mpsc_reserve() -> Waiting:
    tx, rx = mpsc.channel(1)
    tx.try_send(1)
    return tx.reserve(), rx.try_recv


@leaf("mpsc.closed", 0)
async def _mpsc_closed() -> Waiting:
    tx, rx = mpsc.channel(1)
    return tx.closed(), rx.close


@leaf("mpmc.recv")
async def _mpmc_recv() -> Waiting:
    tx, rx = mpmc.bounded(1)
    return rx.recv(), lambda: tx.try_send(1)


@leaf("mpmc.send")
async def _mpmc_send() -> Waiting:
    tx, rx = mpmc.bounded(1)
    tx.try_send(1)
    return tx.send(2), rx.try_recv


@leaf("broadcast.recv")
async def _broadcast() -> Waiting:
    tx, rx = broadcast.channel(2)
    return rx.recv(), lambda: tx.send(1)


@leaf("watch.changed")
async def _watch() -> Waiting:
    tx, rx = watch.channel(0)
    return rx.changed(), lambda: tx.send(1)


@leaf("watch.wait_for")
async def _watch_wait_for() -> Waiting:
    tx, rx = watch.channel(0)
    return rx.wait_for(lambda value: value == 1), lambda: tx.send(1)


@leaf("Notify", 0)
async def _notify() -> Waiting:
    notify = Notify()
    return notify.notified(), notify.notify_one


@leaf("Notify, all", 0)
async def _notify_all() -> Waiting:
    notify = Notify()
    return notify.notified(), notify.notify_waiters


@leaf("Semaphore")
async def _semaphore() -> Waiting:
    semaphore = Semaphore(0)
    return semaphore.acquire(), lambda: semaphore.add_permits(1)


@leaf("Semaphore, several")
async def _semaphore_many() -> Waiting:
    semaphore = Semaphore(1)
    return semaphore.acquire_many(3), lambda: semaphore.add_permits(2)


@leaf("Mutex")
async def _mutex() -> Waiting:
    guard = Mutex().try_lock()
    return guard.mutex().lock(), guard.unlock


@leaf("async with Mutex")
async def _async_with_mutex() -> Waiting:
    mutex = Mutex()
    guard = mutex.try_lock()
    return into_future(mutex.__aenter__()), guard.unlock


@leaf("RwLock.read")
async def _read() -> Waiting:
    rwlock = RwLock()
    guard = rwlock.try_write()
    return rwlock.read(), guard.unlock


@leaf("RwLock.write")
async def _write() -> Waiting:
    rwlock = RwLock()
    guard = rwlock.try_read()
    return rwlock.write(), guard.unlock


@leaf("RwLock, upgrade")
async def _upgrade() -> Waiting:
    rwlock = RwLock()
    reader, upgradable = rwlock.try_read(), rwlock.try_upgradable_read()
    return into_future(upgradable.upgrade()), reader.unlock


@leaf("Barrier", 0)
async def _barrier() -> Waiting:
    barrier = Barrier(2)

    def finish() -> None:
        into_future(barrier.wait()).poll(NOOP)

    return into_future(barrier.wait()), finish


@leaf("Condvar")
async def _condvar() -> Waiting:
    condvar, mutex = Condvar(), Mutex()
    return into_future(condvar.wait(mutex.try_lock())), condvar.notify_one


@leaf("Condvar, the mutex is held")
async def _condvar_relock() -> Waiting:
    condvar, mutex = Condvar(), Mutex()
    waiting = into_future(condvar.wait(mutex.try_lock()))
    waiting.poll(NOOP)
    guard = mutex.try_lock()
    condvar.notify_one()
    return waiting, guard.unlock


@leaf("OnceCell.wait", 0)
async def _once_cell() -> Waiting:
    cell = OnceCell()
    return into_future(cell.wait()), lambda: cell.set(1)


@leaf("OnceCell.get_or_init")
async def _once_cell_init() -> Waiting:
    cell, gate = OnceCell(), Gate()

    async def make() -> int:
        await gate
        raise LookupError  # so the second gets its turn

    first = into_future(cell.get_or_init(make))
    first.poll(NOOP)

    def finish() -> None:
        gate.open()
        try:
            first.poll(NOOP)
        except LookupError:
            pass

    return into_future(cell.get_or_init(lambda: mezame.ready(1))), finish


@leaf("SetOnce", 0)
async def _set_once() -> Waiting:
    cell = SetOnce()
    return into_future(cell.wait()), lambda: cell.set(1)
