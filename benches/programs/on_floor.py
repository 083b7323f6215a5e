"""Channels and locks that do nothing, on no loop: what the interpreter takes for the statements themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benches.extension import load
from benches.programs.meters import Stopwatch

Params = dict[str, Any]
SOURCE = Path(__file__).with_name("floor.c")


async def channel_alone(params: Params, channel: Any) -> dict[str, float]:
    """One task puts in and takes out."""
    count = params["count"]
    total = 0
    with Stopwatch() as watch:
        for number in range(count):
            await channel.send(number)
            total += await channel.recv()
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def channel_pair(params: Params, channel: Any) -> dict[str, float]:
    """The two loops of a sender and a receiver, one after the other: nobody waits, so nobody switches."""
    count = params["count"]

    async def send() -> None:
        for number in range(count):
            await channel.send(number)

    total = 0
    with Stopwatch() as watch:
        await send()
        for _ in range(count):
            total += await channel.recv()
    assert total == count * (count - 1)
    return watch.per(count)


async def lock_alone(params: Params, lock: Any) -> dict[str, float]:
    """A block under a lock."""
    with Stopwatch() as watch:
        for _ in range(params["count"]):
            async with lock:
                pass
    return watch.per(params["count"])


def measure(runtime: str, program: str, params: Params) -> dict[str, float]:
    """Runs one program; it never waits, so one step is all of it."""
    assert runtime == "floor"
    try:
        globals()[program](params, load(SOURCE, "floor").Nothing()).send(None)
    except StopIteration as end:
        numbers: dict[str, float] = end.value
        return numbers
    raise RuntimeError("it gave way")
