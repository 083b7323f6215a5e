"""What streams do, written by hand on trio: async generators, and tasks that send into one memory channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import trio

from benches.programs.generators import even, filtered, mapped, numbers, successor
from benches.programs.meters import Stopwatch

Params = dict[str, Any]


async def _work(number: int) -> int:
    await trio.lowlevel.checkpoint()
    return number


async def _source(count: int) -> AsyncIterator[int]:
    """Numbers, ten at a time."""
    for number in range(count):
        if number % 10 == 0:
            await trio.lowlevel.checkpoint()
        yield number


async def map_filter(params: Params) -> dict[str, float]:
    """Each item goes through a function and a test."""
    count = params["count"]
    total = 0
    with Stopwatch() as watch:
        async for number in filtered(even, mapped(successor, numbers(count))):
            total += number
    assert total == sum(range(2, count + 1, 2))
    return watch.per(count)


async def buffer_unordered(params: Params) -> dict[str, float]:
    """Calls that give way once, some of them at a time: as many tasks take the next one from one iterator."""
    count = params["count"]
    total = 0
    tx, rx = trio.open_memory_channel[int](0)

    async def take(calls: Iterator[int], tx: trio.MemorySendChannel[int]) -> None:
        async with tx:
            for number in calls:
                await tx.send(await _work(number))

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            calls = iter(range(count))
            async with tx:
                for _ in range(params["together"]):
                    nursery.start_soon(take, calls, tx.clone())
            async for number in rx:
                total += number
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def merge(params: Params) -> dict[str, float]:
    """Two async generators as one: a task for each sends its items into one channel."""
    half = params["count"] // 2
    total = 0
    tx, rx = trio.open_memory_channel[int](10)

    async def pump(source: AsyncIterator[int], tx: trio.MemorySendChannel[int]) -> None:
        async with tx:
            async for item in source:
                await tx.send(item)

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            async with tx:
                for _ in range(2):
                    nursery.start_soon(pump, _source(half), tx.clone())
            async for number in rx:
                total += number
    assert total == half * (half - 1)
    return watch.per(2 * half)
