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


async def many_to_many(params: Params) -> dict[str, float]:
    """Several senders and several receivers; each message goes to one."""
    count, each_way = params["count"], params["each_way"]
    queue: asyncio.Queue[int | None] = asyncio.Queue(100)

    async def send() -> None:
        for number in range(count // each_way):
            await queue.put(number)

    async def receive() -> int:
        total = 0
        while (number := await queue.get()) is not None:
            total += number
        return total

    with Stopwatch() as watch:
        senders = [asyncio.create_task(send()) for _ in range(each_way)]
        receivers = [asyncio.create_task(receive()) for _ in range(each_way)]
        for task in senders:
            await task
        for _ in range(each_way):
            await queue.put(None)
        total = sum([await task for task in receivers])
    share = count // each_way
    assert total == each_way * share * (share - 1) // 2
    return watch.per(share * each_way)


async def broadcast_to_all(params: Params) -> dict[str, float]:
    """A sender that gives way after each 100 messages, and a queue for each receiver."""
    count = params["count"]
    queues: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in range(params["receivers"])]

    async def receive(queue: asyncio.Queue[int]) -> int:
        total = 0
        for _ in range(count):
            total += await queue.get()
        return total

    with Stopwatch() as watch:
        running = [asyncio.create_task(receive(queue)) for queue in queues]
        for number in range(count):
            for queue in queues:
                queue.put_nowait(number)
            if number % 100 == 99:
                await asyncio.sleep(0)
        totals = {await task for task in running}
    assert totals == {count * (count - 1) // 2}
    return watch.per(count * len(queues))


async def latest_value(params: Params) -> dict[str, float]:
    """Two tasks that each wait for the other's value, under a condition, to change."""
    trips = params["trips"]
    there, back = asyncio.Condition(), asyncio.Condition()
    asked = answered = 0

    async def answer() -> None:
        nonlocal answered
        for number in range(1, trips + 1):
            async with there:
                while asked != number:
                    await there.wait()
            async with back:
                answered = number
                back.notify_all()

    with Stopwatch() as watch:
        other = asyncio.create_task(answer())
        for number in range(1, trips + 1):
            async with there:
                asked = number
                there.notify_all()
            async with back:
                while answered != number:
                    await back.wait()
        await other
    return watch.per(trips)


async def wake_all(params: Params) -> dict[str, float]:
    """Tasks that wait for one event, again and again."""
    tasks, rounds = params["tasks"], params["rounds"]
    event, waiting = asyncio.Event(), 0

    async def work() -> None:
        nonlocal waiting
        for _ in range(rounds):
            waiting += 1
            await event.wait()

    with Stopwatch() as watch:
        running = [asyncio.create_task(work()) for _ in range(tasks)]
        for _ in range(rounds):
            while waiting < tasks:
                await asyncio.sleep(0)
            waiting = 0
            event.set()
            event.clear()
        for task in running:
            await task
    return watch.per(tasks * rounds)


# There is no lock for readers and writers: what readers take here is the lock.
read_alone = lock_alone
read_contended = lock_contended
