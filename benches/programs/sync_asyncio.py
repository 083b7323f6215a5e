"""Channels and locks on asyncio and on uvloop, which runs asyncio's."""

from __future__ import annotations

import asyncio
from typing import Any

from benches.programs.meters import Stopwatch

Params = dict[str, Any]


async def channel_alone(params: Params) -> dict[str, float]:
    """One task puts in and takes out: nothing ever waits."""
    count = params["count"]
    queue: asyncio.Queue[int] = asyncio.Queue(100)
    total = 0
    with Stopwatch() as watch:
        for number in range(count):
            await queue.put(number)
            total += await queue.get()
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def channel_pair(params: Params) -> dict[str, float]:
    """A sender and a receiver, and room for 100."""
    count = params["count"]
    queue: asyncio.Queue[int] = asyncio.Queue(100)

    async def send() -> None:
        for number in range(count):
            await queue.put(number)

    total = 0
    with Stopwatch() as watch:
        sender = asyncio.create_task(send())
        for _ in range(count):
            total += await queue.get()
        await sender
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def channel_unbounded(params: Params) -> dict[str, float]:
    """A sender that never waits, and gives way after each 100 messages, and a receiver."""
    count = params["count"]
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def send() -> None:
        for number in range(count):
            queue.put_nowait(number)
            if number % 100 == 99:
                await asyncio.sleep(0)

    total = 0
    with Stopwatch() as watch:
        sender = asyncio.create_task(send())
        for _ in range(count):
            total += await queue.get()
        await sender
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def one_value(params: Params) -> dict[str, float]:
    """A future is made, given its value, and awaited."""
    count = params["count"]
    loop = asyncio.get_running_loop()
    total = 0
    with Stopwatch() as watch:
        for number in range(count):
            future = loop.create_future()
            future.set_result(number)
            total += await future
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def lock_alone(params: Params) -> dict[str, float]:
    """A lock that nobody else wants."""
    lock = asyncio.Lock()
    with Stopwatch() as watch:
        for _ in range(params["count"]):
            async with lock:
                pass
    return watch.per(params["count"])


async def lock_contended(params: Params) -> dict[str, float]:
    """Several tasks want the lock; each gives way while it holds it."""
    tasks, each = params["tasks"], params["each"]
    lock = asyncio.Lock()

    async def work() -> None:
        for _ in range(each):
            async with lock:
                await asyncio.sleep(0)

    with Stopwatch() as watch:
        for task in [asyncio.create_task(work()) for _ in range(tasks)]:
            await task
    return watch.per(tasks * each)


async def semaphore_alone(params: Params) -> dict[str, float]:
    """A permit that nobody else wants."""
    semaphore = asyncio.Semaphore(3)
    with Stopwatch() as watch:
        for _ in range(params["count"]):
            async with semaphore:
                pass
    return watch.per(params["count"])


async def semaphore_contended(params: Params) -> dict[str, float]:
    """Several tasks want three permits; each gives way while it holds one."""
    tasks, each = params["tasks"], params["each"]
    semaphore = asyncio.Semaphore(3)

    async def work() -> None:
        for _ in range(each):
            async with semaphore:
                await asyncio.sleep(0)

    with Stopwatch() as watch:
        for task in [asyncio.create_task(work()) for _ in range(tasks)]:
            await task
    return watch.per(tasks * each)


async def signals(params: Params) -> dict[str, float]:
    """Two tasks wake each other in turn."""
    trips = params["trips"]
    there, back = asyncio.Event(), asyncio.Event()

    async def answer() -> None:
        for _ in range(trips):
            await there.wait()
            there.clear()
            back.set()

    with Stopwatch() as watch:
        other = asyncio.create_task(answer())
        for _ in range(trips):
            there.set()
            await back.wait()
            back.clear()
        await other
    return watch.per(trips)


async def barrier(params: Params) -> dict[str, float]:
    """Tasks that wait for each other, again and again."""
    tasks, rounds = params["tasks"], params["rounds"]
    meeting = asyncio.Barrier(tasks)

    async def work() -> None:
        for _ in range(rounds):
            await meeting.wait()

    with Stopwatch() as watch:
        for task in [asyncio.create_task(work()) for _ in range(tasks)]:
            await task
    return watch.per(tasks * rounds)


async def condition(params: Params) -> dict[str, float]:
    """Two tasks take turns under a lock with a condition."""
    trips = params["trips"]
    changed, turn = asyncio.Condition(), 0

    async def work(mine: int) -> None:
        nonlocal turn
        for _ in range(trips):
            async with changed:
                while turn != mine:
                    await changed.wait()
                turn = 1 - mine
                changed.notify()

    with Stopwatch() as watch:
        for task in [asyncio.create_task(work(0)), asyncio.create_task(work(1))]:
            await task
    return watch.per(trips)
