"""What a program without streams writes: async generators around async generators, the same on every runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable


def successor(number: int) -> int:
    """What items are mapped with."""
    return number + 1


def even(number: int) -> bool:
    """What items are filtered with."""
    return number % 2 == 0


async def numbers(count: int) -> AsyncIterator[int]:
    """A source that never waits."""
    for number in range(count):
        yield number


async def mapped(function: Callable[[int], int], source: AsyncIterator[int]) -> AsyncIterator[int]:
    """Each item through a function."""
    async for item in source:
        yield function(item)


async def filtered(test: Callable[[int], bool], source: AsyncIterator[int]) -> AsyncIterator[int]:
    """The items that pass a test."""
    async for item in source:
        if test(item):
            yield item
