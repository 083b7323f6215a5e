"""Channels and locks on trio."""

from __future__ import annotations

from typing import Any

import trio

from benches.programs.meters import Stopwatch

Params = dict[str, Any]


async def channel_alone(params: Params) -> dict[str, float]:
    """One task puts in and takes out: nothing ever waits."""
    count = params["count"]
    tx, rx = trio.open_memory_channel[int](100)
    total = 0
    with Stopwatch() as watch:
        for number in range(count):
            await tx.send(number)
            total += await rx.receive()
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def channel_pair(params: Params) -> dict[str, float]:
    """A sender and a receiver, and room for 100."""
    count = params["count"]
    tx, rx = trio.open_memory_channel[int](100)

    async def send() -> None:
        for number in range(count):
            await tx.send(number)

    total = 0
    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            for _ in range(count):
                total += await rx.receive()
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def channel_unbounded(params: Params) -> dict[str, float]:
    """A sender that never waits, and gives way after each 100 messages, and a receiver."""
    count = params["count"]
    tx, rx = trio.open_memory_channel[int](float("inf"))

    async def send() -> None:
        for number in range(count):
            tx.send_nowait(number)
            if number % 100 == 99:
                await trio.lowlevel.checkpoint()

    total = 0
    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            for _ in range(count):
                total += await rx.receive()
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def lock_alone(params: Params) -> dict[str, float]:
    """A lock that nobody else wants."""
    lock = trio.Lock()
    with Stopwatch() as watch:
        for _ in range(params["count"]):
            async with lock:
                pass
    return watch.per(params["count"])


async def lock_contended(params: Params) -> dict[str, float]:
    """Several tasks want the lock; each gives way while it holds it."""
    tasks, each = params["tasks"], params["each"]
    lock = trio.Lock()

    async def work() -> None:
        for _ in range(each):
            async with lock:
                await trio.lowlevel.checkpoint()

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(work)
    return watch.per(tasks * each)


async def semaphore_alone(params: Params) -> dict[str, float]:
    """A permit that nobody else wants."""
    semaphore = trio.Semaphore(3)
    with Stopwatch() as watch:
        for _ in range(params["count"]):
            async with semaphore:
                pass
    return watch.per(params["count"])


async def semaphore_contended(params: Params) -> dict[str, float]:
    """Several tasks want three permits; each gives way while it holds one."""
    tasks, each = params["tasks"], params["each"]
    semaphore = trio.Semaphore(3)

    async def work() -> None:
        for _ in range(each):
            async with semaphore:
                await trio.lowlevel.checkpoint()

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(work)
    return watch.per(tasks * each)


async def condition(params: Params) -> dict[str, float]:
    """Two tasks take turns under a lock with a condition."""
    trips = params["trips"]
    changed, turn = trio.Condition(), 0

    async def work(mine: int) -> None:
        nonlocal turn
        for _ in range(trips):
            async with changed:
                while turn != mine:
                    await changed.wait()
                turn = 1 - mine
                changed.notify()

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(work, 0)
            nursery.start_soon(work, 1)
    return watch.per(trips)


async def many_to_many(params: Params) -> dict[str, float]:
    """Several senders and several receivers; each message goes to one."""
    count, each_way = params["count"], params["each_way"]
    tx, rx = trio.open_memory_channel[int](100)
    totals = []

    async def send(tx: trio.MemorySendChannel[int]) -> None:
        async with tx:
            for number in range(count // each_way):
                await tx.send(number)

    async def receive(rx: trio.MemoryReceiveChannel[int]) -> None:
        totals.append(sum([number async for number in rx]))

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery, tx:
            for _ in range(each_way):
                nursery.start_soon(send, tx.clone())
                nursery.start_soon(receive, rx.clone())
    share = count // each_way
    assert sum(totals) == each_way * share * (share - 1) // 2
    return watch.per(share * each_way)


async def broadcast_to_all(params: Params) -> dict[str, float]:
    """A sender that gives way after each 100 messages, and a channel for each receiver."""
    count, receivers = params["count"], params["receivers"]
    totals = set()

    async def receive(rx: trio.MemoryReceiveChannel[int]) -> None:
        total = 0
        for _ in range(count):
            total += await rx.receive()
        totals.add(total)

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            senders = []
            for _ in range(receivers):
                tx, rx = trio.open_memory_channel[int](float("inf"))
                senders.append(tx)
                nursery.start_soon(receive, rx)
            for number in range(count):
                for tx in senders:
                    tx.send_nowait(number)
                if number % 100 == 99:
                    await trio.lowlevel.checkpoint()
    assert totals == {count * (count - 1) // 2}
    return watch.per(count * receivers)


async def latest_value(params: Params) -> dict[str, float]:
    """Two tasks that each wait for the other's value, under a condition, to change."""
    trips = params["trips"]
    there, back = trio.Condition(), trio.Condition()
    asked = answered = 0

    async def answer() -> None:
        nonlocal answered
        for number in range(1, trips + 1):
            async with there:
                while asked != number:
                    await there.wait()
            async with back:
                answered = number
                back.notify_all()

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            for number in range(1, trips + 1):
                async with there:
                    asked = number
                    there.notify_all()
                async with back:
                    while answered != number:
                        await back.wait()
    return watch.per(trips)


async def wake_all(params: Params) -> dict[str, float]:
    """Tasks that wait for one event, a new one each time."""
    tasks, rounds = params["tasks"], params["rounds"]
    event, waiting = trio.Event(), 0

    async def work() -> None:
        nonlocal waiting
        for _ in range(rounds):
            waiting += 1
            await event.wait()

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(work)
            for _ in range(rounds):
                while waiting < tasks:
                    await trio.lowlevel.checkpoint()
                waiting = 0
                event.set()
                event = trio.Event()
    return watch.per(tasks * rounds)


# There is no lock for readers and writers: what readers take here is the lock.
read_alone = lock_alone
read_contended = lock_contended
