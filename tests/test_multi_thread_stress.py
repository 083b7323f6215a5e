"""The multi-thread runtime under load: many short rounds of everything that crosses threads, with counts at the end.

Rounds are bounded in number, not in time, and each has a result that a lost wake, a task polled twice or a lost message
would change (or that would make it hang: pytest-timeout). On a free-threaded CPython the workers run in parallel; with
a GIL the switch interval is made short instead. ``MEZAME_STRESS=n`` multiplies the rounds.
"""

import os
import random
import sys
import threading
import time

import pytest
from polling import PATIENCE, wait_until

import mezame
from mezame import sync
from mezame.net import TcpListener, TcpStream
from mezame.runtime import Handle

FACTOR = int(os.environ.get("MEZAME_STRESS", "1"))
WORKERS = 4  # more than CPUs, so that threads are also preempted at any place

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def quick_switches():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def run(future, workers=WORKERS, **options):
    with mezame.Runtime("multi_thread", worker_threads=workers, **options) as runtime:

        async def root():
            return await runtime.spawn(future)

        return runtime.block_on(root())


def test_spawn_and_join_storm():
    async def leaf(n):
        if n % 3 == 0:
            await mezame.yield_now()
        return n

    async def node(depth):
        if depth == 0:
            return await leaf(1)
        handles = [mezame.spawn(node(depth - 1)) for _ in range(4)]
        return sum([await handle for handle in handles])

    async def main():
        return [await mezame.spawn(node(5)) for _ in range(4 * FACTOR)]

    assert run(main()) == [4**5] * (4 * FACTOR)


def test_ping_pong_pairs():
    async def player(mine, theirs, count):
        for n in range(count):
            await theirs.send(n)
            assert await mine.recv() == n

    async def main():
        handles = []
        for _ in range(8):
            to_a, a = sync.mpsc.channel(1)
            to_b, b = sync.mpsc.channel(1)
            handles.append(mezame.spawn(player(a, to_b, 300 * FACTOR)))
            handles.append(mezame.spawn(player(b, to_a, 300 * FACTOR)))
        for handle in handles:
            await handle
        return True

    assert run(main())


def test_fan_in_and_out_loses_no_message():
    async def main():
        to_workers, jobs = sync.mpmc.bounded(8)
        sender, results = sync.mpsc.channel(8)

        async def produce(n):
            for k in range(200 * FACTOR):
                await to_workers.send((n, k))

        async def work(out):
            async for job in jobs:
                await out.send(job)

        producers = [mezame.spawn(produce(n)) for n in range(4)]
        workers = [mezame.spawn(work(sender.clone())) for _ in range(6)]
        sender.close()
        seen = []

        async def finish():
            for producer in producers:
                await producer
            to_workers.close()
            for worker in workers:
                await worker

        finishing = mezame.spawn(finish())
        for _ in range(4 * 200 * FACTOR):
            seen.append(await results.recv())
        await finishing
        return seen

    seen = run(main())
    assert sorted(seen) == sorted((n, k) for n in range(4) for k in range(200 * FACTOR))


def test_locks_exclude_each_other():
    async def main():
        mutex, limit = sync.Mutex(), sync.Semaphore(3)
        state = {"in": 0, "most": 0, "count": 0, "inside": 0}

        async def locker():
            for _ in range(100 * FACTOR):
                async with mutex:
                    assert state["in"] == 0
                    state["in"] = 1
                    if random.random() < 0.2:
                        await mezame.yield_now()
                    state["count"] += 1
                    state["in"] = 0

        async def limited():
            for _ in range(100 * FACTOR):
                with await limit.acquire():
                    async with mutex:
                        state["inside"] += 1
                        state["most"] = max(state["most"], state["inside"])
                    await mezame.yield_now()
                    async with mutex:
                        state["inside"] -= 1

        await mezame.join_all([mezame.spawn(locker()) for _ in range(8)] + [mezame.spawn(limited()) for _ in range(8)])
        return state

    state = run(main())
    assert state["count"] == 8 * 100 * FACTOR
    assert state["most"] <= 3 and state["inside"] == 0


def test_aborts_at_any_moment_end_every_task():
    async def main():
        began, unwound = [], []

        async def victim(n):
            began.append(n)
            try:
                while True:
                    await mezame.yield_now()
                    await mezame.sleep(0.0005 if n % 2 else 0)
            finally:
                await mezame.yield_now()
                unwound.append(n)

        for round_ in range(20 * FACTOR):
            handles = [mezame.spawn(victim(n)) for n in range(20)]
            for _ in range(round_ % 7):
                await mezame.yield_now()
            aborters = [mezame.spawn(abort(handle)) for handle in handles]
            for aborter in aborters:
                await aborter
            for handle in handles:
                with pytest.raises(mezame.JoinError):
                    await handle
        return began, unwound

    async def abort(handle):
        handle.abort()

    began, unwound = run(main())
    assert sorted(unwound) == sorted(began), "those that never ran have nothing to unwind; all others did"
    assert len(began) > 0


def test_select_and_timeouts_race():
    async def main():
        won = lost = 0
        for n in range(300 * FACTOR):
            sender, receiver = sync.oneshot.channel()
            mezame.spawn(send(sender, n))
            try:
                assert await mezame.timeout(0.0002 if n % 2 else PATIENCE, receiver) == n
                won += 1
            except mezame.time.Elapsed:
                assert n % 2, "the wake of the receiver is lost"
                lost += 1
        return won, lost

    async def send(sender, n):
        if n % 4 == 1:
            await mezame.sleep(0.0002)
        try:
            sender.send(n)
        except sync.oneshot.SendError:
            pass

    won, lost = run(main())
    assert won + lost == 300 * FACTOR and won >= 150 * FACTOR


def test_notify_and_watch_and_broadcast():
    async def main():
        notify, (sender, receiver) = sync.Notify(), sync.watch.channel(0)
        news, first = sync.broadcast.channel(1024)

        async def waits(notified):
            await notified
            return 1

        async def watches(mine):
            while await mine.changed() is None:
                if mine.borrow() == 100:
                    return 1

        async def listens(mine):
            return [await mine.recv() for _ in range(100)]

        places = [notify.notified() for _ in range(50)]
        for place in places:
            place.enable()  # its place in the queue is taken here, for at most one notification is stored
        waiting = [mezame.spawn(waits(place)) for place in places]
        watching = [mezame.spawn(watches(receiver.clone())) for _ in range(10)]
        listening = [mezame.spawn(listens(news.subscribe())) for _ in range(10)]
        del first
        for n in range(50):
            notify.notify_one()
            if n % 5 == 0:
                await mezame.yield_now()
        for n in range(1, 101):
            sender.send(n)
            news.send(n)
            await mezame.yield_now()
        total = sum([await handle for handle in waiting + watching])
        heard = [await handle for handle in listening]
        return total, heard

    for _ in range(5 * FACTOR):
        total, heard = run(main())
        assert total == 60
        assert heard == [list(range(1, 101))] * 10


def test_foreign_threads_wake_spawn_and_abort():
    async def main():
        handle = Handle.current()
        done = []

        def outsider(seed):
            choose = random.Random(seed)
            for n in range(100 * FACTOR):
                task = handle.spawn(nap(n))
                if choose.random() < 0.3:
                    task.abort()
                elif choose.random() < 0.3:
                    try:
                        handle.block_on(task)
                    except mezame.JoinError:
                        pass
            done.append(seed)

        async def nap(n):
            await mezame.yield_now()
            return n

        jobs = [mezame.spawn_blocking(outsider, seed) for seed in range(4)]
        for job in jobs:
            await job
        return len(done)

    assert run(main()) == 4


def test_sockets_on_all_workers():
    async def main():
        listener = await TcpListener.bind("127.0.0.1:0")

        async def serve():
            while True:
                stream, _ = await listener.accept()
                mezame.spawn(echo(stream))

        async def echo(stream):
            async with stream:
                while data := await stream.read():
                    await stream.write_all(data)

        async def client(n):
            async with await TcpStream.connect(listener.local_addr()) as stream:
                for k in range(50 * FACTOR):
                    message = f"{n}-{k}".encode() * 50
                    await stream.write_all(message)
                    assert await stream.read_exact(len(message)) == message
            return n

        server = mezame.spawn(serve())
        got = await mezame.join_all([mezame.spawn(client(n)) for n in range(30)])
        server.abort()
        return got

    assert run(main()) == list(range(30))


@pytest.mark.parametrize("how", ["close", "drop"])
def test_reads_that_lose_while_bytes_come_lose_none(how):
    """Two tasks read one stream, so that one has the seat and the other a place, and give most of their reads up.

    (Without a GIL an object that another thread made is freed when that thread looks up: so a dropped read may still
    be waiting for a while, and only a closed one is gone for sure.)
    """
    size = 10_000 * FACTOR

    async def read_some(stream, got, own, stop):
        turn = random.Random(own)
        while not stop.is_cancelled():
            other = mezame.yield_now() if turn.random() < 0.7 else mezame.sleep(turn.random() * 0.0005)
            read = stream.read(7)
            which, value = await mezame.select(read, other)
            if how == "close":
                read.close()
            del read
            if which == 0:
                got[own] += len(value)
                if sum(got) >= size or not value:
                    stop.cancel()

    async def pair(listener, number):
        client = await TcpStream.connect(listener.local_addr())
        served, _ = await listener.accept()
        stop = sync.CancellationToken()
        got = [0, 0]
        readers = [mezame.spawn(read_some(served, got, own, stop)) for own in range(2)]
        sent = 0
        while sent < size:
            step = min(size - sent, 1 + (sent + number) % 23)
            await client.write_all(bytes(step))
            sent += step
            if sent % 3 == 0:
                await mezame.yield_now()
        async with mezame.timeout(30):
            await stop.cancelled()
            for reader in readers:
                await reader
        if how == "close":
            assert served._source.waiting() == (0, 0), "somebody who gave up still waits"
        client.close()
        served.close()
        return sum(got)

    async def main():
        async with await TcpListener.bind("127.0.0.1:0") as listener:
            return [await pair(listener, number) for number in range(4)]

    assert run(main()) == [size] * 4


def test_block_in_place_under_load():
    async def main():
        hits = []

        async def blocks(n):
            for k in range(10 * FACTOR):
                mezame.task.block_in_place(time.sleep, 0.0002)
                await mezame.yield_now()
                hits.append((n, k))

        async def busy():
            for _ in range(200 * FACTOR):
                await mezame.yield_now()
            return 1

        handles = [mezame.spawn(blocks(n)) for n in range(6)] + [mezame.spawn(busy()) for _ in range(6)]
        for handle in handles:
            await handle
        return len(hits)

    assert run(main(), 2) == 60 * FACTOR


def test_runtimes_closed_in_the_middle_of_everything():
    rounds = []

    async def churn(stop):
        sender, receiver = sync.mpsc.channel(2)

        async def child():
            try:
                await sender.send(1)
                await mezame.sleep(0.001)
            finally:
                await mezame.yield_now()

        while True:
            mezame.spawn(child())
            await receiver.recv()
            rounds.append(stop)
            if stop.is_set():
                await mezame.pending()

    for n in range(15 * FACTOR):
        stop = threading.Event()
        runtime = mezame.Runtime("multi_thread", worker_threads=3)
        for _ in range(5):
            runtime.spawn(churn(stop))
        least = len(rounds) + 10 * (n % 5)
        wait_until(lambda least=least: len(rounds) >= least)
        stop.set()
        assert not runtime.close(20), "something refused to stop"
