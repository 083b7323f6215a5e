"""Streams on mezame: adapters, and for scale the same things with async generators."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import mezame
from benches.programs.generators import even, filtered, mapped, numbers, successor
from benches.programs.meters import Stopwatch
from mezame import stream

Params = dict[str, Any]


async def _work(number: int) -> int:
    await mezame.yield_now()
    return number


async def _source(count: int) -> AsyncIterator[int]:
    """Numbers, ten at a time."""
    for number in range(count):
        if number % 10 == 0:
            await mezame.yield_now()
        yield number


async def map_filter(params: Params) -> dict[str, float]:
    """Each item goes through a function and a test."""
    count = params["count"]
    total = 0
    with Stopwatch() as watch:
        async for number in stream.iter(range(count)).map(successor).filter(even):
            total += number
    assert total == sum(range(2, count + 1, 2))
    return watch.per(count)


async def map_filter_generators(params: Params) -> dict[str, float]:
    """The same with async generators."""
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
        async for number in stream.iter(range(count)).map(_work).buffer_unordered(params["together"]):
            total += number
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def merge(params: Params) -> dict[str, float]:
    """Two async generators as one stream."""
    half = params["count"] // 2
    total = 0
    with Stopwatch() as watch:
        async for number in stream.from_aiter(_source(half)).merge(stream.from_aiter(_source(half))):
            total += number
    assert total == half * (half - 1)
    return watch.per(2 * half)
