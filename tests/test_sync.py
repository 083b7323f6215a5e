"""Channels and locks: order, cancellation in every place of the queue, other loops, threads."""

import asyncio
import gc
import threading

import pytest

import mezame
from mezame.sync import AcquireError, Mutex, Notify, Semaphore, TryAcquireError, mpsc, oneshot


class Probe:
    """A context whose wakes are counted."""

    def __init__(self):
        self.wakes = 0
        self.cx = mezame.Context.from_waker(mezame.Waker.from_callable(self.wake))

    def wake(self):
        self.wakes += 1


def ready(future):
    return future.poll(Probe().cx).value


def test_oneshot():
    tx, rx = oneshot.channel()
    probe = Probe()
    assert rx.poll(probe.cx).is_pending()
    tx.send(1)
    assert probe.wakes == 1 and ready(rx) == 1
    with pytest.raises(oneshot.SendError) as caught:
        tx.send(2)
    assert caught.value.value == 2
    tx, rx = oneshot.channel()
    del tx
    with pytest.raises(oneshot.RecvError):
        ready(rx)
    tx, rx = oneshot.channel()
    del rx
    with pytest.raises(oneshot.SendError):
        tx.send(3)


def test_semaphore_is_fifo_also_for_large_requests():
    semaphore = Semaphore(1)
    big, small = semaphore.acquire(2), semaphore.acquire(1)
    a, b = Probe(), Probe()
    assert big.poll(a.cx).is_pending() and small.poll(b.cx).is_pending()
    with pytest.raises(TryAcquireError.NoPermits):
        semaphore.try_acquire()
    semaphore.add_permits(1)
    assert (a.wakes, b.wakes) == (1, 0)
    permit = ready(big)
    permit.release()
    assert b.wakes == 1 and ready(small).num_permits() == 1


@pytest.mark.parametrize("cancelled", range(4))
def test_no_permit_is_lost_wherever_a_waiter_is_cancelled(cancelled):
    semaphore = Semaphore(1)
    held = semaphore.try_acquire()
    waiting = [semaphore.acquire() for _ in range(4)]
    for one in waiting:
        assert one.poll(Probe().cx).is_pending()
    if cancelled % 2:
        waiting[cancelled].close()
        held.release()
    else:
        held.release()  # the oldest has been given it, and may be the one that is dropped
        waiting[cancelled].close()
    served = 0
    for index, one in enumerate(waiting):
        if index != cancelled:
            ready(one).release()
            served += 1
    assert served == 3 and semaphore.available_permits() == 1


def test_semaphore_close_and_bounds():
    semaphore = Semaphore(0)
    waiting = semaphore.acquire()
    probe = Probe()
    waiting.poll(probe.cx)
    semaphore.close()
    assert probe.wakes == 1
    with pytest.raises(AcquireError):
        waiting.poll(probe.cx)
    with pytest.raises(ValueError):
        Semaphore(-1)
    with pytest.raises(ValueError):
        Semaphore(1).add_permits(2**61)


def test_notify_stores_one_permit_and_passes_it_on():
    notify = Notify()
    notify.notify_one()
    notify.notify_one()
    ready(notify.notified())
    first, second = notify.notified(), notify.notified()
    a, b = Probe(), Probe()
    assert first.poll(a.cx).is_pending() and second.poll(b.cx).is_pending()
    notify.notify_one()
    assert (a.wakes, b.wakes) == (1, 0)
    first.close()  # chosen, and dropped before it was polled again
    assert b.wakes == 1 and second.poll(b.cx).is_ready()


def test_notify_waiters_completes_all_that_exist_and_stores_nothing():
    notify = Notify()
    polled, unpolled = notify.notified(), notify.notified()
    polled.poll(Probe().cx)
    notify.notify_waiters()
    assert polled.poll(Probe().cx).is_ready() and unpolled.poll(Probe().cx).is_ready()
    assert notify.notified().poll(Probe().cx).is_pending()


def test_mutex():
    mutex = Mutex(1)
    guard = ready(mutex.lock())
    waiting = mutex.lock()
    probe = Probe()
    assert waiting.poll(probe.cx).is_pending()
    guard.value = 2
    guard.unlock()
    assert probe.wakes == 1
    with ready(waiting) as again:
        assert again.value == 2
    assert not mutex.is_locked()
    with pytest.raises(RuntimeError):
        _ = guard.value


def test_mpsc_capacity_order_and_end():
    tx, rx = mpsc.channel(2)
    ready(tx.send(1))
    tx.try_send(2)
    with pytest.raises(mpsc.TrySendError.Full) as caught:
        tx.try_send(3)
    assert caught.value.value == 3
    waiting = tx.send(3)
    probe = Probe()
    assert waiting.poll(probe.cx).is_pending()
    assert ready(rx.recv()) == 1 and probe.wakes == 1
    with pytest.raises(mpsc.TrySendError.Full):
        tx.try_send(4)  # the freed slot is the waiting sender's
    ready(waiting)
    tx.close()
    assert ready(rx.recv_many(9)) == [2, 3] and ready(rx.recv()) is None
    with pytest.raises(ValueError):
        mpsc.channel(0)


def test_mpsc_a_cancelled_granted_sender_gives_its_slot_on():
    tx, rx = mpsc.channel(1)
    tx.try_send(0)
    first, second = tx.send(1), tx.send(2)
    first.poll(Probe().cx)
    probe = Probe()
    second.poll(probe.cx)
    ready(rx.recv())
    first.close()
    assert probe.wakes == 1
    ready(second)
    assert rx.try_recv() == 2


def test_mpsc_close_lets_permits_and_messages_arrive():
    tx, rx = mpsc.channel(2)
    permit = tx.try_reserve()
    tx.try_send("m")
    rx.close()
    with pytest.raises(mpsc.TrySendError.Closed):
        tx.try_send("late")
    assert ready(rx.recv()) == "m"
    probe = Probe()
    receiving = rx.recv()
    assert receiving.poll(probe.cx).is_pending()
    permit.send("p")
    assert probe.wakes == 1 and ready(receiving) == "p" and ready(rx.recv()) is None


def test_mpsc_a_dropped_receiver_fails_the_senders():
    tx, rx = mpsc.channel(1)
    tx.try_send(0)
    waiting = tx.send(1)
    probe = Probe()
    waiting.poll(probe.cx)
    del rx
    gc.collect()
    assert probe.wakes == 1
    with pytest.raises(oneshot.SendError) as caught:
        waiting.poll(probe.cx)
    assert caught.value.value == 1


def test_unbounded():
    tx, rx = mpsc.unbounded_channel()
    for n in range(1000):
        tx.send(n)
    assert ready(rx.recv_many(2000)) == list(range(1000))


async def worker(rx, tx):
    async for n in rx:
        await tx.send(n * 2)
    tx.close()


async def pipeline(spawn):
    tx, rx = mpsc.channel(1)
    tx2, rx2 = mpsc.channel(1)
    mutex = Mutex(0)
    task = spawn(worker(rx, tx2))
    got = []

    async def collect():
        async for n in rx2:
            async with mutex as guard:
                guard.value += n
            got.append(n)

    collecting = spawn(collect())
    for n in range(20):
        await tx.send(n)
    tx.close()
    await task
    await collecting
    return got


EXPECTED = [n * 2 for n in range(20)]


def test_on_mezame():
    async def main():
        return await pipeline(mezame.spawn)

    assert mezame.run(main()) == EXPECTED


def test_on_asyncio():
    async def main():
        return await pipeline(asyncio.ensure_future)

    assert asyncio.run(main()) == EXPECTED


def test_on_trio():
    trio = pytest.importorskip("trio")

    async def main():
        tx, rx = mpsc.channel(1)
        got = []

        async def collect():
            async for n in rx:
                got.append(n)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(collect)
            for n in range(20):
                await tx.send(n)
            tx.close()
        with trio.move_on_after(0.01):
            await Notify().notified()
        return got

    assert trio.run(main) == list(range(20))


def test_asyncio_cancellation_unregisters():
    async def main():
        semaphore = Semaphore(0)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(semaphore.acquire(), 0.01)
        semaphore.add_permits(1)
        assert semaphore.available_permits() == 1

    asyncio.run(main())


def test_threads_and_one_mutex():
    mutex = Mutex(0)

    def work():
        for _ in range(200):
            with mutex.blocking_lock() as guard:
                guard.value += 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mutex.into_inner() == 800


def test_the_guard_of_a_block_is_released_by_the_block_only():
    async def main():
        mutex = Mutex(1)
        async with mutex as guard:
            with pytest.raises(RuntimeError, match="leave the block"):
                guard.unlock()
            assert mutex.is_locked()
        assert not mutex.is_locked()

    mezame.run(main())
