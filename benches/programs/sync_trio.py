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
