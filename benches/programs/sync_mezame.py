"""Channels and locks on mezame."""

from __future__ import annotations

from typing import Any

import mezame
from benches.programs.meters import Stopwatch
from mezame.sync import Barrier, Condvar, Mutex, Notify, RwLock, Semaphore, broadcast, mpmc, mpsc, oneshot, watch

Params = dict[str, Any]


async def channel_alone(params: Params) -> dict[str, float]:
    """One task puts in and takes out: nothing ever waits."""
    count = params["count"]
    tx, rx = mpsc.channel(100)
    total = 0
    with Stopwatch() as watch:
        for number in range(count):
            await tx.send(number)
            total += await rx.recv()
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def channel_pair(params: Params) -> dict[str, float]:
    """A sender and a receiver, and room for 100."""
    count = params["count"]
    tx, rx = mpsc.channel(100)

    async def send() -> None:
        for number in range(count):
            await tx.send(number)

    total = 0
    with Stopwatch() as watch:
        sender = mezame.spawn(send())
        for _ in range(count):
            total += await rx.recv()
        await sender
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def channel_unbounded(params: Params) -> dict[str, float]:
    """A sender that never waits, and gives way after each 100 messages, and a receiver."""
    count = params["count"]
    tx, rx = mpsc.unbounded_channel()

    async def send() -> None:
        for number in range(count):
            tx.send(number)
            if number % 100 == 99:
                await mezame.yield_now()

    total = 0
    with Stopwatch() as watch:
        sender = mezame.spawn(send())
        for _ in range(count):
            total += await rx.recv()
        await sender
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def one_value(params: Params) -> dict[str, float]:
    """A channel for one value is made, given the value, and awaited."""
    count = params["count"]
    total = 0
    with Stopwatch() as watch:
        for number in range(count):
            tx, rx = oneshot.channel()
            tx.send(number)
            total += await rx
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def lock_alone(params: Params) -> dict[str, float]:
    """A lock that nobody else wants."""
    lock = Mutex()
    with Stopwatch() as watch:
        for _ in range(params["count"]):
            async with lock:
                pass
    return watch.per(params["count"])


async def lock_contended(params: Params) -> dict[str, float]:
    """Several tasks want the lock; each gives way while it holds it."""
    tasks, each = params["tasks"], params["each"]
    lock = Mutex()

    async def work() -> None:
        for _ in range(each):
            async with lock:
                await mezame.yield_now()

    with Stopwatch() as watch:
        for task in [mezame.spawn(work()) for _ in range(tasks)]:
            await task
    return watch.per(tasks * each)


async def semaphore_alone(params: Params) -> dict[str, float]:
    """A permit that nobody else wants."""
    semaphore = Semaphore(3)
    with Stopwatch() as watch:
        for _ in range(params["count"]):
            async with semaphore.acquire():
                pass
    return watch.per(params["count"])


async def semaphore_contended(params: Params) -> dict[str, float]:
    """Several tasks want three permits; each gives way while it holds one."""
    tasks, each = params["tasks"], params["each"]
    semaphore = Semaphore(3)

    async def work() -> None:
        for _ in range(each):
            async with semaphore.acquire():
                await mezame.yield_now()

    with Stopwatch() as watch:
        for task in [mezame.spawn(work()) for _ in range(tasks)]:
            await task
    return watch.per(tasks * each)


async def signals(params: Params) -> dict[str, float]:
    """Two tasks wake each other in turn."""
    trips = params["trips"]
    there, back = Notify(), Notify()

    async def answer() -> None:
        for _ in range(trips):
            await there.notified()
            back.notify_one()

    with Stopwatch() as watch:
        other = mezame.spawn(answer())
        for _ in range(trips):
            there.notify_one()
            await back.notified()
        await other
    return watch.per(trips)


async def barrier(params: Params) -> dict[str, float]:
    """Tasks that wait for each other, again and again."""
    tasks, rounds = params["tasks"], params["rounds"]
    meeting = Barrier(tasks)

    async def work() -> None:
        for _ in range(rounds):
            await meeting.wait()

    with Stopwatch() as watch:
        for task in [mezame.spawn(work()) for _ in range(tasks)]:
            await task
    return watch.per(tasks * rounds)


async def condition(params: Params) -> dict[str, float]:
    """Two tasks take turns under a lock with a condition."""
    trips = params["trips"]
    lock, changed, turn = Mutex(), Condvar(), 0

    async def work(mine: int) -> None:
        nonlocal turn
        for _ in range(trips):
            async with lock as guard:
                while turn != mine:
                    await changed.wait(guard)
                turn = 1 - mine
                changed.notify_one()

    with Stopwatch() as watch:
        for task in [mezame.spawn(work(0)), mezame.spawn(work(1))]:
            await task
    return watch.per(trips)


async def many_to_many(params: Params) -> dict[str, float]:
    """Several senders and several receivers; each message goes to one."""
    count, each_way = params["count"], params["each_way"]
    tx, rx = mpmc.bounded(100)

    async def send(tx: Any) -> None:
        with tx:
            for number in range(count // each_way):
                await tx.send(number)

    async def receive(rx: Any) -> int:
        return sum([number async for number in rx])

    with Stopwatch() as watch:
        with tx:
            for _ in range(each_way):
                mezame.spawn(send(tx.clone()))
        receivers = [mezame.spawn(receive(rx.clone())) for _ in range(each_way)]
        total = sum([await task for task in receivers])
    share = count // each_way
    assert total == each_way * share * (share - 1) // 2
    return watch.per(share * each_way)


async def broadcast_to_all(params: Params) -> dict[str, float]:
    """A sender that gives way after each 100 messages, and receivers that all get all of them."""
    count, receivers = params["count"], params["receivers"]
    tx, first = broadcast.channel(256)

    async def receive(rx: Any) -> int:
        total = 0
        for _ in range(count):
            total += await rx.recv()
        return total

    with Stopwatch() as watch:
        running = [mezame.spawn(receive(rx)) for rx in [first, *(tx.subscribe() for _ in range(receivers - 1))]]
        for number in range(count):
            tx.send(number)
            if number % 100 == 99:
                await mezame.yield_now()
        totals = {await task for task in running}
    assert totals == {count * (count - 1) // 2}
    return watch.per(count * receivers)


async def latest_value(params: Params) -> dict[str, float]:
    """Two tasks that each wait for the other's value to change."""
    trips = params["trips"]
    there_tx, there_rx = watch.channel(0)
    back_tx, back_rx = watch.channel(0)

    async def answer() -> None:
        for _ in range(trips):
            await there_rx.changed()
            back_tx.send(there_rx.borrow_and_update())

    with Stopwatch() as stopwatch:
        other = mezame.spawn(answer())
        for number in range(1, trips + 1):
            there_tx.send(number)
            await back_rx.changed()
            assert back_rx.borrow_and_update() == number
        await other
    return stopwatch.per(trips)


async def wake_all(params: Params) -> dict[str, float]:
    """Tasks that wait for one event, again and again."""
    tasks, rounds = params["tasks"], params["rounds"]
    notify, waiting = Notify(), 0

    async def work() -> None:
        nonlocal waiting
        for _ in range(rounds):
            waiting += 1
            await notify.notified()

    with Stopwatch() as watch:
        running = [mezame.spawn(work()) for _ in range(tasks)]
        for _ in range(rounds):
            while waiting < tasks:
                await mezame.yield_now()
            waiting = 0
            notify.notify_waiters()
        for task in running:
            await task
    return watch.per(tasks * rounds)


async def read_alone(params: Params) -> dict[str, float]:
    """A lock for readers that nobody else wants."""
    lock = RwLock()
    with Stopwatch() as watch:
        for _ in range(params["count"]):
            async with lock.read():
                pass
    return watch.per(params["count"])


async def read_contended(params: Params) -> dict[str, float]:
    """All tasks but one only read; each gives way while it holds the lock."""
    tasks, each = params["tasks"], params["each"]
    lock = RwLock()

    async def work(take: Any) -> None:
        for _ in range(each):
            async with take():
                await mezame.yield_now()

    with Stopwatch() as watch:
        for task in [mezame.spawn(work(lock.read if number else lock.write)) for number in range(tasks)]:
            await task
    return watch.per(tasks * each)
