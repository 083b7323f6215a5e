"""What streams do, written by hand on asyncio (and on uvloop): async generators, tasks and a queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any

from benches.programs.generators import even, filtered, mapped, numbers, successor
from benches.programs.meters import Stopwatch

Params = dict[str, Any]
END = object()


async def _work(number: int) -> int:
    await asyncio.sleep(0)
    return number


async def _source(count: int) -> AsyncIterator[int]:
    """Numbers, ten at a time."""
    for number in range(count):
        if number % 10 == 0:
            await asyncio.sleep(0)
        yield number


async def _buffered(calls: Iterable[Coroutine[Any, Any, int]], limit: int) -> AsyncIterator[int]:
    """The results of calls, up to ``limit`` of which run at a time, in the order in which they end."""
    ended: asyncio.Queue[asyncio.Task[int]] = asyncio.Queue()
    running = 0
    for call in calls:
        asyncio.create_task(call).add_done_callback(ended.put_nowait)
        running += 1
        if running == limit:
            yield (await ended.get()).result()
            running -= 1
    for _ in range(running):
        yield (await ended.get()).result()


async def _merged(*sources: AsyncIterator[int]) -> AsyncIterator[int]:
    """The items of several iterators, as they come: a task for each puts them into one queue."""
    queue: asyncio.Queue[Any] = asyncio.Queue(10)

    async def pump(source: AsyncIterator[int]) -> None:
        async for item in source:
            await queue.put(item)
        await queue.put(END)

    pumps = [asyncio.create_task(pump(source)) for source in sources]
    left = len(pumps)
    while left:
        item = await queue.get()
        if item is END:
            left -= 1
        else:
            yield item


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
    """Calls that give way once, some of them at a time, in the order in which they end."""
    count = params["count"]
    total = 0
    with Stopwatch() as watch:
        async for number in _buffered((_work(number) for number in range(count)), params["together"]):
            total += number
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def merge(params: Params) -> dict[str, float]:
    """Two async generators as one."""
    half = params["count"] // 2
    total = 0
    with Stopwatch() as watch:
        async for number in _merged(_source(half), _source(half)):
            total += number
    assert total == half * (half - 1)
    return watch.per(2 * half)
