"""The programs on trio."""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from typing import Any

import trio

from benches.programs import streams_trio, sync_trio
from benches.programs.meters import (
    Caller,
    Laps,
    Stopwatch,
    delays,
    fib,
    file_names,
    read_file,
    resident_bytes,
    short_call,
    write_file,
)

Params = dict[str, Any]
mark: ContextVar[int] = ContextVar("mark", default=-1)


async def switch(params: Params) -> dict[str, float]:
    """Many tasks that do nothing but pass a checkpoint."""
    tasks, yields = params["tasks"], params["yields"]

    async def runner(number: int) -> None:
        mark.set(number)
        checkpoint = trio.lowlevel.checkpoint
        for _ in range(yields):
            await checkpoint()
        assert mark.get() == number

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            for number in range(tasks):
                nursery.start_soon(runner, number)
    return watch.per(tasks * yields)


async def spawn_join(params: Params) -> dict[str, float]:
    """start_soon for each, then the end of the nursery: trio has no handles."""
    count = params["count"]

    async def give(number: int) -> int:
        return number

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(give, number)
    return watch.per(count)


async def memory_idle(params: Params) -> dict[str, float]:
    """Resident memory per task that waits for an event."""
    count, warm = params["count"], 1_000
    event = trio.Event()
    parked = 0

    async def waiter() -> None:
        nonlocal parked
        parked += 1
        await event.wait()

    async with trio.open_nursery() as nursery:

        async def fill(start: int, stop: int) -> None:
            for number in range(start, stop):
                nursery.start_soon(waiter)
                if number % 100 == 0:
                    await trio.lowlevel.checkpoint()
            while parked < stop:
                await trio.lowlevel.checkpoint()

        await fill(0, warm)
        before = resident_bytes()
        await fill(warm, warm + count)
        grown = resident_bytes() - before
        event.set()
    return {"bytes": grown / count}


async def memory_unpolled(params: Params) -> dict[str, float]:
    """Resident memory per task that has not run yet."""
    count = params["count"]

    async def idle() -> None:
        return None

    async with trio.open_nursery() as nursery:
        nursery.start_soon(idle)
        await trio.lowlevel.checkpoint()
        before = resident_bytes()
        for _ in range(count):
            nursery.start_soon(idle)
        grown = resident_bytes() - before
    return {"bytes": grown / count}


async def ping_pong(params: Params) -> dict[str, float]:
    """Two tasks, two memory channels of one place."""
    trips = params["trips"]
    there_in, there_out = trio.open_memory_channel[int](1)
    back_in, back_out = trio.open_memory_channel[int](1)

    async def ping() -> None:
        for number in range(trips):
            await there_in.send(number)
            assert await back_out.receive() == number

    async def pong() -> None:
        for _ in range(trips):
            await back_in.send(await there_out.receive())

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ping)
            nursery.start_soon(pong)
    return watch.per(trips)


async def timers_cancel(params: Params) -> dict[str, float]:
    """A deadline is set by entering a scope and taken back by leaving it, one after the other."""
    count = params["count"]
    with Stopwatch() as watch:
        for number in range(count):
            with trio.move_on_after(10 + number * 1e-6):
                pass
        await trio.lowlevel.checkpoint()
    return watch.per(count)


async def timers_fired(params: Params) -> dict[str, float]:
    """Tasks that sleep a little and end."""
    naps = delays(params["count"])

    async def nap(seconds: float) -> None:
        await trio.sleep(seconds)

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            for seconds in naps:
                nursery.start_soon(nap, seconds)
    return watch.per(len(naps))


async def cross_thread_wake(params: Params) -> dict[str, float]:
    """A thread sets an event by the run's token."""
    token = trio.lowlevel.current_trio_token()
    caller = Caller()
    caller.start()
    for _ in range(params["trips"]):
        event = trio.Event()
        caller.wakes.put(partial(token.run_sync_soon, event.set))
        await event.wait()
    caller.wakes.put(None)
    return caller.quantiles()


async def compute(params: Params) -> dict[str, float]:
    """Tasks that only compute."""
    tasks, n = params["tasks"], params["n"]

    async def work() -> None:
        fib(n)

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(work)
    return watch.per(tasks)


async def ping_pongs(params: Params) -> dict[str, float]:
    """Pairs of tasks that play at the same time."""
    pairs, trips = params["pairs"], params["trips"]

    async def ping(tx: Any, rx: Any) -> None:
        for number in range(trips):
            await tx.send(number)
            assert await rx.receive() == number

    async def pong(tx: Any, rx: Any) -> None:
        for _ in range(trips):
            await tx.send(await rx.receive())

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            for _ in range(pairs):
                there_tx, there_rx = trio.open_memory_channel[int](1)
                back_tx, back_rx = trio.open_memory_channel[int](1)
                nursery.start_soon(ping, there_tx, back_rx)
                nursery.start_soon(pong, back_tx, there_rx)
    return watch.per(pairs * trips)


async def fan_in(params: Params) -> dict[str, float]:
    """Several senders, one receiver."""
    senders, each = params["senders"], params["each"]
    tx, rx = trio.open_memory_channel[int](params["capacity"])

    async def send(tx: Any) -> None:
        async with tx:
            for number in range(each):
                await tx.send(number)

    total = 0
    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            async with tx:
                for _ in range(senders):
                    nursery.start_soon(send, tx.clone())
            async for number in rx:
                total += number
    assert total == senders * each * (each - 1) // 2
    return watch.per(senders * each)


async def blocking(params: Params) -> dict[str, float]:
    """Short calls in trio's threads, some of them at a time."""
    count, together = params["count"], params["together"]
    with Stopwatch() as watch:
        for _ in range(count // together):
            async with trio.open_nursery() as nursery:
                for _ in range(together):
                    nursery.start_soon(trio.to_thread.run_sync, short_call)
    return watch.per(count)


async def files_whole(params: Params) -> dict[str, float]:
    """Small files, each written and read by one call, some at a time."""
    count, together = params["count"], params["together"]
    data = bytes(params["size"])

    async def write(names: list[str]) -> None:
        for name in names:
            await trio.to_thread.run_sync(write_file, name, data)

    async def read(names: list[str]) -> None:
        for name in names:
            assert len(await trio.to_thread.run_sync(read_file, name)) == len(data)

    with file_names(count) as names:
        laps = Laps()
        for half in (write, read):
            async with trio.open_nursery() as nursery:
                for first in range(together):
                    nursery.start_soon(half, names[first::together])
            laps.lap()
    return laps.per(count)


async def files_records(params: Params) -> dict[str, float]:
    """Small writes to a file, then small reads of it."""
    count, size = params["count"], params["size"]
    record = bytes(size)
    with file_names(1) as (name,):
        laps = Laps()
        async with await trio.open_file(name, "wb") as file:
            for _ in range(count):
                await file.write(record)
        laps.lap()
        async with await trio.open_file(name, "rb") as file:
            for _ in range(count):
                assert len(await file.read(size)) == size
        laps.lap()
    return laps.per(count)


def _program(name: str) -> Any:
    return globals().get(name) or getattr(streams_trio, name, None) or getattr(sync_trio, name)


def measure(runtime: str, program: str, params: Params) -> dict[str, float]:
    """Runs one program."""
    result: dict[str, float] = trio.run(_program(program), params)
    return result
