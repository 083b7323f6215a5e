"""oneshot: each state of the pair, the sender's wait for the receiver, cancellation, threads."""

import gc
import weakref

import pytest
from polling import CountingWaker, in_thread

import mezame
from mezame.sync import oneshot


def ready(future):
    return future.poll(CountingWaker().cx).value


def pending(future):
    waker = CountingWaker()
    assert future.poll(waker.cx).is_pending()
    return waker


def test_a_value_sent_before_close_can_still_be_had():
    tx, rx = oneshot.channel()
    tx.send(1)
    rx.close()
    assert not tx.is_closed() and not rx.is_empty() and not rx.is_terminated()
    assert rx.try_recv() == 1
    assert rx.is_empty() and rx.is_terminated()
    with pytest.raises(oneshot.TryRecvError.Closed):
        rx.try_recv()


def test_close_refuses_and_the_await_then_raises():
    tx, rx = oneshot.channel()
    waker = pending(rx)
    rx.close()
    assert tx.is_closed() and waker.wakes == 1
    with pytest.raises(oneshot.SendError) as caught:
        tx.send("v")
    assert caught.value.value == "v"
    with pytest.raises(oneshot.RecvError, match="closed"):
        ready(rx)
    assert rx.is_terminated()
    with pytest.raises(RuntimeError, match="after it completed"):
        ready(rx)


def test_try_recv_tells_empty_from_closed():
    tx, rx = oneshot.channel()
    with pytest.raises(oneshot.TryRecvError.Empty):
        rx.try_recv()
    assert rx.is_empty() and not rx.is_terminated()
    tx.close()
    with pytest.raises(oneshot.TryRecvError.Closed):
        rx.try_recv()
    assert rx.is_terminated() and repr(rx) == "<oneshot.Receiver: sender gone>"


def test_closed_tells_the_sender_that_nobody_waits():
    tx, rx = oneshot.channel()
    first, second = tx.closed(), tx.closed()
    a, b = pending(first), pending(second)
    polled = CountingWaker()
    assert tx.poll_closed(polled.cx).is_pending()
    first.close()
    del rx
    gc.collect()
    assert (a.wakes, b.wakes, polled.wakes) == (0, 1, 1)
    ready(second)
    assert tx.poll_closed(polled.cx).is_ready() and tx.poll_closed(polled.cx).is_ready() and tx.is_closed()


def test_closed_does_not_wait_on_after_the_value_was_sent():
    tx, rx = oneshot.channel()
    waiting = tx.closed()
    waker = pending(waiting)
    tx.send(1)
    assert waker.wakes == 1
    ready(waiting)
    assert not tx.is_closed() and ready(rx) == 1


def test_a_lost_select_leaves_the_channel_as_it_is():
    async def main():
        tx, rx = oneshot.channel()
        key, _ = await mezame.select(value=rx, stop=mezame.ready())
        assert key == "stop"
        with pytest.raises(TimeoutError):
            await mezame.timeout(0, rx)
        tx.send("kept")
        return await rx

    assert mezame.run(main()) == "kept"


def test_a_cancelled_await_leaves_the_channel_as_it_is():
    async def main():
        tx, rx = oneshot.channel()

        async def wait():
            return await rx

        task = mezame.spawn(wait())
        await mezame.yield_now()
        task.abort()
        with pytest.raises(mezame.JoinError):
            await task
        tx.send("kept")
        return await rx

    assert mezame.run(main()) == "kept"


def test_a_value_nobody_received_is_dropped_with_the_receiver():
    class Value:
        pass

    tx, rx = oneshot.channel()
    value = Value()
    seen = []
    weakref.finalize(value, seen.append, "dropped")
    tx.send(value)
    del value
    del rx
    gc.collect()
    assert seen == ["dropped"] and "sent" not in repr(oneshot.channel()[0])
    with pytest.raises(oneshot.SendError, match="sent before"):
        tx.send(2)


def test_blocking_recv():
    tx, rx = oneshot.channel()

    async def inside():
        with pytest.raises(RuntimeError, match="would stop the runtime's thread"):
            rx.blocking_recv()

    mezame.run(inside())
    tx.send(7)
    assert in_thread(rx.blocking_recv) == 7
    tx, rx = oneshot.channel()
    del tx
    with pytest.raises(oneshot.RecvError):
        rx.blocking_recv()


def test_receiving_takes_a_unit_of_the_budget_and_waiting_gives_it_back():
    async def main():
        pairs = [oneshot.channel() for _ in range(130)]
        for n, (tx, _) in enumerate(pairs):
            tx.send(n)
        other = []

        async def look():
            other.append(sum(rx.is_terminated() for _, rx in pairs))

        task = mezame.spawn(look())
        for _, rx in pairs:
            await rx
        await task
        return other

    assert mezame.run(main()) == [128]
