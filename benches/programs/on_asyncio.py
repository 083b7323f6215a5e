"""The programs on asyncio's API: for asyncio itself and for uvloop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

from benches.programs import streams_asyncio, sync_asyncio
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


def loop_factory(runtime: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop a runtime name stands for (None: asyncio's own default)."""
    if runtime == "asyncio":
        return None
    import uvloop

    if runtime == "uvloop":
        return uvloop.new_event_loop
    import aiofastnet

    return aiofastnet.loop_factory(uvloop.new_event_loop)


async def switch(params: Params) -> dict[str, float]:
    """Many tasks that do nothing but give way."""
    tasks, yields = params["tasks"], params["yields"]

    async def runner(number: int) -> None:
        mark.set(number)
        sleep = asyncio.sleep
        for _ in range(yields):
            await sleep(0)
        assert mark.get() == number

    with Stopwatch() as watch:
        running = [asyncio.create_task(runner(number)) for number in range(tasks)]
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
        running = [asyncio.create_task(give(number)) for number in range(count)]
        for task in running:
            total += await task
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def memory_idle(params: Params) -> dict[str, float]:
    """Resident memory per task that waits for an event."""
    count, warm = params["count"], 1_000
    event = asyncio.Event()
    parked = 0

    async def waiter() -> None:
        nonlocal parked
        parked += 1
        await event.wait()

    kept: list[Any] = [None] * (warm + count)

    async def fill(start: int, stop: int) -> None:
        for number in range(start, stop):
            kept[number] = asyncio.create_task(waiter())
            if number % 100 == 0:
                await asyncio.sleep(0)
        while parked < stop:
            await asyncio.sleep(0)

    await fill(0, warm)
    before = resident_bytes()
    await fill(warm, warm + count)
    grown = resident_bytes() - before
    event.set()
    for task in kept:
        await task
    return {"bytes": grown / count}


async def memory_unpolled(params: Params) -> dict[str, float]:
    """Resident memory per task that has not run yet."""
    count = params["count"]

    async def idle() -> None:
        return None

    kept: list[Any] = [None] * count
    await asyncio.create_task(idle())
    before = resident_bytes()
    for number in range(count):
        kept[number] = asyncio.create_task(idle())
    grown = resident_bytes() - before
    for task in kept:
        await task
    return {"bytes": grown / count}


async def ping_pong(params: Params) -> dict[str, float]:
    """Two tasks, two queues of one place."""
    trips = params["trips"]
    there: asyncio.Queue[int] = asyncio.Queue(1)
    back: asyncio.Queue[int] = asyncio.Queue(1)

    async def ping() -> None:
        for number in range(trips):
            await there.put(number)
            assert await back.get() == number

    async def pong() -> None:
        for _ in range(trips):
            await back.put(await there.get())

    with Stopwatch() as watch:
        both = [asyncio.create_task(ping()), asyncio.create_task(pong())]
        for task in both:
            await task
    return watch.per(trips)


def _nothing() -> None:
    """The callback of a timer that never fires."""


async def timers_cancel(params: Params) -> dict[str, float]:
    """call_later and cancel, then one turn of the loop."""
    count = params["count"]
    call_later = asyncio.get_running_loop().call_later
    with Stopwatch() as watch:
        began = time.perf_counter_ns()
        handles = [call_later(10 + number * 1e-6, _nothing) for number in range(count)]
        set_at = time.perf_counter_ns()
        for handle in handles:
            handle.cancel()
        await asyncio.sleep(0)
        ended = time.perf_counter_ns()
    return watch.per(count) | {"set_ns": (set_at - began) / count, "cancel_ns": (ended - set_at) / count}


async def timers_fired(params: Params) -> dict[str, float]:
    """Tasks that sleep a little and end."""
    naps = delays(params["count"])

    async def nap(seconds: float) -> None:
        await asyncio.sleep(seconds)

    with Stopwatch() as watch:
        running = [asyncio.create_task(nap(seconds)) for seconds in naps]
        for task in running:
            await task
    return watch.per(len(naps))


async def cross_thread_wake(params: Params) -> dict[str, float]:
    """A thread completes a future by call_soon_threadsafe."""
    loop = asyncio.get_running_loop()
    caller = Caller()
    caller.start()
    for _ in range(params["trips"]):
        future: asyncio.Future[None] = loop.create_future()
        caller.wakes.put(partial(loop.call_soon_threadsafe, future.set_result, None))
        await future
    caller.wakes.put(None)
    return caller.quantiles()


async def compute(params: Params) -> dict[str, float]:
    """Tasks that only compute."""
    tasks, n = params["tasks"], params["n"]

    async def work() -> int:
        return fib(n)

    with Stopwatch() as watch:
        running = [asyncio.create_task(work()) for _ in range(tasks)]
        for task in running:
            await task
    return watch.per(tasks)


async def ping_pongs(params: Params) -> dict[str, float]:
    """Pairs of tasks that play at the same time."""
    pairs, trips = params["pairs"], params["trips"]

    async def ping(tx: asyncio.Queue[int], rx: asyncio.Queue[int]) -> None:
        for number in range(trips):
            await tx.put(number)
            assert await rx.get() == number

    async def pong(tx: asyncio.Queue[int], rx: asyncio.Queue[int]) -> None:
        for _ in range(trips):
            await tx.put(await rx.get())

    with Stopwatch() as watch:
        running = []
        for _ in range(pairs):
            there: asyncio.Queue[int] = asyncio.Queue(1)
            back: asyncio.Queue[int] = asyncio.Queue(1)
            running += [asyncio.create_task(ping(there, back)), asyncio.create_task(pong(back, there))]
        for task in running:
            await task
    return watch.per(pairs * trips)


async def fan_in(params: Params) -> dict[str, float]:
    """Several senders, one receiver; who is told by the number of messages that it is over."""
    senders, each = params["senders"], params["each"]
    queue: asyncio.Queue[int] = asyncio.Queue(params["capacity"])

    async def send() -> None:
        for number in range(each):
            await queue.put(number)

    total = 0
    with Stopwatch() as watch:
        running = [asyncio.create_task(send()) for _ in range(senders)]
        for _ in range(senders * each):
            total += await queue.get()
        for task in running:
            await task
    assert total == senders * each * (each - 1) // 2
    return watch.per(senders * each)


async def blocking(params: Params) -> dict[str, float]:
    """Short calls on the default pool of threads, some of them at a time."""
    count, together = params["count"], params["together"]
    loop = asyncio.get_running_loop()
    with Stopwatch() as watch:
        for _ in range(count // together):
            running = [loop.run_in_executor(None, short_call) for _ in range(together)]
            for future in running:
                await future
    return watch.per(count)


async def files_whole(params: Params) -> dict[str, float]:
    """Small files, each written and read by one call, some at a time."""
    count, together = params["count"], params["together"]
    data = bytes(params["size"])

    async def write(names: list[str]) -> None:
        for name in names:
            await asyncio.to_thread(write_file, name, data)

    async def read(names: list[str]) -> None:
        for name in names:
            assert len(await asyncio.to_thread(read_file, name)) == len(data)

    with file_names(count) as names:
        laps = Laps()
        for half in (write, read):
            for task in [asyncio.create_task(half(names[first::together])) for first in range(together)]:
                await task
            laps.lap()
    return laps.per(count)


async def files_records(params: Params) -> dict[str, float]:
    """Small writes to a file, then small reads of it."""
    count, size = params["count"], params["size"]
    record = bytes(size)
    with file_names(1) as (name,):
        laps = Laps()
        file = await asyncio.to_thread(open, name, "wb")
        for _ in range(count):
            await asyncio.to_thread(file.write, record)
        await asyncio.to_thread(file.close)
        laps.lap()
        file = await asyncio.to_thread(open, name, "rb")
        for _ in range(count):
            assert len(await asyncio.to_thread(file.read, size)) == size
        await asyncio.to_thread(file.close)
        laps.lap()
    return laps.per(count)


def _program(name: str) -> Any:
    return globals().get(name) or getattr(streams_asyncio, name, None) or getattr(sync_asyncio, name)


def measure(runtime: str, program: str, params: Params) -> dict[str, float]:
    """Runs one program on one loop."""
    with asyncio.Runner(loop_factory=loop_factory(runtime)) as runner:
        result: dict[str, float] = runner.run(_program(program)(params))
        return result
