"""The programs on mezame."""

from __future__ import annotations

import time
from contextvars import ContextVar
from functools import partial
from typing import Any

import mezame
import mezame.fs
import mezame.sync
import mezame.time
from benches.programs import streams_mezame, sync_mezame
from benches.programs.meters import (
    Caller,
    Laps,
    Stopwatch,
    delays,
    fib,
    file_names,
    resident_bytes,
    short_call,
)

Params = dict[str, Any]
mark: ContextVar[int] = ContextVar("mark", default=-1)


async def switch(params: Params) -> dict[str, float]:
    """Many tasks that do nothing but give way."""
    tasks, yields = params["tasks"], params["yields"]

    async def runner(number: int) -> None:
        mark.set(number)
        yield_now = mezame.yield_now
        for _ in range(yields):
            await yield_now()
        assert mark.get() == number

    with Stopwatch() as watch:
        running = [mezame.spawn(runner(number)) for number in range(tasks)]
        for task in running:
            await task
    return watch.per(tasks * yields)


async def spawn_join(params: Params) -> dict[str, float]:
    """Spawn, then await every handle in order."""
    count = params["count"]

    async def give(number: int) -> int:
        return number

    total = 0
    with Stopwatch() as watch:
        running = [mezame.spawn(give(number)) for number in range(count)]
        for task in running:
            total += await task
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def memory_idle(params: Params) -> dict[str, float]:
    """Resident memory per task that waits for a notification."""
    count, warm = params["count"], 1_000
    notify = mezame.sync.Notify()
    parked = 0

    async def waiter() -> None:
        nonlocal parked
        parked += 1
        await notify.notified()

    kept: list[Any] = [None] * (warm + count)

    async def fill(start: int, stop: int) -> None:
        for number in range(start, stop):
            kept[number] = mezame.spawn(waiter())
            if number % 100 == 0:
                await mezame.yield_now()
        while parked < stop:
            await mezame.yield_now()

    await fill(0, warm)
    before = resident_bytes()
    await fill(warm, warm + count)
    grown = resident_bytes() - before
    notify.notify_waiters()
    for task in kept:
        await task
    return {"bytes": grown / count}


async def memory_unpolled(params: Params) -> dict[str, float]:
    """Resident memory per task that has not run yet."""
    count = params["count"]

    async def idle() -> None:
        return None

    kept: list[Any] = [None] * count
    await mezame.spawn(idle())
    before = resident_bytes()
    for number in range(count):
        kept[number] = mezame.spawn(idle())
    grown = resident_bytes() - before
    for task in kept:
        await task
    return {"bytes": grown / count}


async def ping_pong(params: Params) -> dict[str, float]:
    """Two tasks, two bounded channels of one place."""
    trips = params["trips"]
    there_tx, there_rx = mezame.sync.mpsc.channel(1)
    back_tx, back_rx = mezame.sync.mpsc.channel(1)

    async def ping() -> None:
        for number in range(trips):
            await there_tx.send(number)
            assert await back_rx.recv() == number

    async def pong() -> None:
        for _ in range(trips):
            await back_tx.send(await there_rx.recv())

    with Stopwatch() as watch:
        both = [mezame.spawn(ping()), mezame.spawn(pong())]
        for task in both:
            await task
    return watch.per(trips)


async def timers_cancel(params: Params) -> dict[str, float]:
    """A sleep's timer is set by its first poll and taken back by closing it; then one turn of the loop."""
    count = params["count"]
    sleep = mezame.time.sleep
    sleeps: list[Any] = []

    def set_all(cx: Any) -> Any:
        for number in range(count):
            one = sleep(10 + number * 1e-6)
            one.poll(cx)
            sleeps.append(one)
        return mezame.Poll.Ready(None)

    with Stopwatch() as watch:
        began = time.perf_counter_ns()
        await mezame.poll_fn(set_all)
        set_at = time.perf_counter_ns()
        for one in sleeps:
            one.close()
        await mezame.yield_now()
        ended = time.perf_counter_ns()
    return watch.per(count) | {"set_ns": (set_at - began) / count, "cancel_ns": (ended - set_at) / count}


async def timers_fired(params: Params) -> dict[str, float]:
    """Tasks that sleep a little and end."""
    naps = delays(params["count"])

    async def nap(seconds: float) -> None:
        await mezame.time.sleep(seconds)

    with Stopwatch() as watch:
        running = [mezame.spawn(nap(seconds)) for seconds in naps]
        for task in running:
            await task
    return watch.per(len(naps))


async def cross_thread_wake(params: Params) -> dict[str, float]:
    """A thread sends into a oneshot channel."""
    caller = Caller()
    caller.start()
    for _ in range(params["trips"]):
        tx, rx = mezame.sync.oneshot.channel()
        caller.wakes.put(partial(tx.send, None))
        await rx
    caller.wakes.put(None)
    return caller.quantiles()


async def compute(params: Params) -> dict[str, float]:
    """Tasks that only compute."""
    tasks, n = params["tasks"], params["n"]

    async def work() -> int:
        return fib(n)

    with Stopwatch() as watch:
        running = [mezame.spawn(work()) for _ in range(tasks)]
        for task in running:
            await task
    return watch.per(tasks)


async def ping_pongs(params: Params) -> dict[str, float]:
    """Pairs of tasks that play at the same time."""
    pairs, trips = params["pairs"], params["trips"]

    async def ping(tx: Any, rx: Any) -> None:
        for number in range(trips):
            await tx.send(number)
            assert await rx.recv() == number

    async def pong(tx: Any, rx: Any) -> None:
        for _ in range(trips):
            await tx.send(await rx.recv())

    with Stopwatch() as watch:
        running = []
        for _ in range(pairs):
            there_tx, there_rx = mezame.sync.mpsc.channel(1)
            back_tx, back_rx = mezame.sync.mpsc.channel(1)
            running += [mezame.spawn(ping(there_tx, back_rx)), mezame.spawn(pong(back_tx, there_rx))]
        for task in running:
            await task
    return watch.per(pairs * trips)


async def fan_in(params: Params) -> dict[str, float]:
    """Several senders, one receiver."""
    senders, each = params["senders"], params["each"]
    tx, rx = mezame.sync.mpsc.channel(params["capacity"])

    async def send(tx: Any) -> None:
        for number in range(each):
            await tx.send(number)
        tx.close()

    total = 0
    with Stopwatch() as watch:
        for _ in range(senders):
            mezame.spawn(send(tx.clone()))
        tx.close()
        while (number := await rx.recv()) is not None:
            total += number
    assert total == senders * each * (each - 1) // 2
    return watch.per(senders * each)


async def blocking(params: Params) -> dict[str, float]:
    """Short calls on the blocking pool, some of them at a time."""
    count, together = params["count"], params["together"]
    with Stopwatch() as watch:
        for _ in range(count // together):
            running = [mezame.spawn_blocking(short_call) for _ in range(together)]
            for task in running:
                await task
    return watch.per(count)


async def files_whole(params: Params) -> dict[str, float]:
    """Small files, each written and read by one call, some at a time."""
    count, together = params["count"], params["together"]
    data = bytes(params["size"])

    async def write(names: list[str]) -> None:
        for name in names:
            await mezame.fs.write(name, data)

    async def read(names: list[str]) -> None:
        for name in names:
            assert len(await mezame.fs.read(name)) == len(data)

    with file_names(count) as names:
        laps = Laps()
        for half in (write, read):
            for task in [mezame.spawn(half(names[first::together])) for first in range(together)]:
                await task
            laps.lap()
    return laps.per(count)


async def files_records(params: Params) -> dict[str, float]:
    """Small writes to a file, then small reads of it."""
    count, size = params["count"], params["size"]
    record = bytes(size)
    with file_names(1) as (name,):
        laps = Laps()
        async with await mezame.fs.File.create(name) as file:
            for _ in range(count):
                await file.write_all(record)
        laps.lap()
        async with await mezame.fs.File.open(name) as file:
            for _ in range(count):
                await file.read_exact(size)
        laps.lap()
    return laps.per(count)


def _program(name: str) -> Any:
    return globals().get(name) or getattr(streams_mezame, name, None) or getattr(sync_mezame, name)


async def _on_a_worker(program: Any) -> dict[str, float]:
    result: dict[str, float] = await mezame.spawn(program)
    return result


def measure(runtime: str, program: str, params: Params) -> dict[str, float]:
    """Runs one program; ``workers`` in its sizes: as a task, on so many (0: the current-thread runtime)."""
    workers = params.pop("workers", None)
    if workers is not None:
        flavor = {"flavor": "multi_thread", "worker_threads": workers} if workers else {}
        with mezame.Runtime(**flavor) as multi:
            found: dict[str, float] = multi.block_on(_on_a_worker(_program(program)(params)))
            return found
    result: dict[str, float] = mezame.run(_program(program)(params))
    return result
