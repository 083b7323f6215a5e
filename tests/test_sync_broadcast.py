"""broadcast: lag, the life of a value, who keeps the channel open; a model; threads."""

import gc
import pickle
import threading
import weakref

import pytest
from polling import CountingWaker, in_thread

import mezame
from mezame.sync import broadcast


def ready(future):
    return future.poll(CountingWaker().cx).value


def pending(future):
    waker = CountingWaker()
    assert future.poll(waker.cx).is_pending()
    return waker


class Value:
    pass


def test_every_receiver_gets_the_same_object_and_send_counts_them():
    tx, rx = broadcast.channel(4)
    other = tx.subscribe()
    value = Value()
    assert tx.send(value) == 2
    assert ready(rx.recv()) is value and other.try_recv() is value
    assert rx.same_channel(other) and not rx.same_channel(broadcast.channel(1)[1])


def test_the_capacity_is_rounded_up_to_a_power_of_two():
    for capacity, kept in ((1, 1), (2, 2), (3, 4), (5, 8), (8, 8)):
        tx, rx = broadcast.channel(capacity)
        for n in range(20):
            tx.send(n)
        assert len(rx) == 20 and len(tx) == kept
        with pytest.raises(broadcast.TryRecvError.Lagged) as caught:
            rx.try_recv()
        assert caught.value.skipped == 20 - kept and len(rx) == kept
        assert [rx.try_recv() for _ in range(kept)] == list(range(20 - kept, 20))
    for capacity in (0, -1, 2**33):
        with pytest.raises(ValueError, match=str(capacity)):
            broadcast.channel(capacity)


def test_without_receivers_a_send_fails_and_keeps_nothing():
    tx, rx = broadcast.channel(2)
    del rx
    gc.collect()
    with pytest.raises(broadcast.SendError) as caught:
        tx.send("v")
    assert caught.value.value == "v" and tx.is_empty() and tx.receiver_count() == 0
    again = tx.subscribe()
    assert tx.send("w") == 1 and again.try_recv() == "w"
    late = again.resubscribe()
    tx.send("x")
    assert len(late) == 1 == len(again)
    assert broadcast.Sender.new(3).receiver_count() == 0


def test_a_value_goes_when_its_last_reader_is_done():
    tx, rx = broadcast.channel(4)
    other = tx.subscribe()
    seen = []
    value = Value()
    weakref.finalize(value, seen.append, "read")
    tx.send(value)
    del value
    rx.try_recv()
    assert seen == [] and len(tx) == 1
    other.try_recv()
    assert seen == ["read"] and tx.is_empty()
    value = Value()
    weakref.finalize(value, seen.append, "dropped")
    tx.send(value)
    del value
    rx.try_recv()
    del other
    gc.collect()
    assert seen == ["read", "dropped"]


def test_a_value_goes_when_it_is_overwritten():
    tx, rx = broadcast.channel(1)
    seen = []
    value = Value()
    weakref.finalize(value, seen.append, "overwritten")
    tx.send(value)
    del value
    tx.send(1)
    assert seen == ["overwritten"]
    with pytest.raises(broadcast.RecvError.Lagged, match="1 messages were overwritten"):
        ready(rx.recv())


def test_closed_comes_after_all_that_is_kept():
    tx, rx = broadcast.channel(2)
    second = tx.clone()
    tx.send(1)
    tx.close()
    tx.close()
    assert not rx.is_closed()
    with second:
        second.send(2)
    assert rx.is_closed() and rx and not rx.is_empty()
    assert ready(rx.recv()) == 1 and rx.try_recv() == 2
    with pytest.raises(broadcast.TryRecvError.Closed):
        rx.try_recv()
    with pytest.raises(broadcast.RecvError.Closed):
        ready(rx.recv())
    for call in (lambda: tx.send(1), tx.subscribe, tx.clone, tx.closed):
        with pytest.raises(RuntimeError, match="this sender was closed"):
            call()


def test_waiting_receivers_are_woken_by_a_send_and_by_the_end():
    tx, rx = broadcast.channel(2)
    other = tx.subscribe()
    first, second = rx.recv(), other.recv()
    a, b = pending(first), pending(second)
    second.close()
    tx.send(1)
    assert (a.wakes, b.wakes) == (1, 0)
    assert ready(first) == 1
    with pytest.raises(RuntimeError, match="after it completed"):
        ready(first)
    end = rx.recv()
    waker = pending(end)
    del tx
    gc.collect()
    assert waker.wakes == 1
    with pytest.raises(broadcast.RecvError.Closed):
        end.poll(waker.cx)
    assert other.try_recv() == 1  # the dropped recv took nothing


def test_closed_waits_for_the_last_receiver_and_goes_on_waiting_if_one_came():
    tx, rx = broadcast.channel(1)
    waiting = tx.closed()
    waker = pending(waiting)
    del rx
    gc.collect()
    assert waker.wakes == 1
    again = tx.subscribe()
    waker = pending(waiting)
    del again
    gc.collect()
    assert waker.wakes == 1
    ready(waiting)


def test_weak_senders():
    tx, rx = broadcast.channel(1)
    weak = tx.downgrade()
    again = weak.clone()
    assert (rx.sender_strong_count(), rx.sender_weak_count()) == (1, 2) == (weak.strong_count(), weak.weak_count())
    with weak.upgrade() as strong:
        assert strong.same_channel(tx) and (tx.strong_count(), tx.weak_count()) == (2, 2)
    del again
    gc.collect()
    tx.close()
    assert weak.upgrade() is None and rx.sender_weak_count() == 1


def test_errors_carry_what_was_skipped_also_through_pickle():
    error = pickle.loads(pickle.dumps(broadcast.RecvError.Lagged(3)))
    assert error.skipped == 3 and isinstance(error, broadcast.RecvError) and str(error).count("3") == 1


def test_blocking_recv():
    tx, rx = broadcast.channel(2)
    tx.send(1)
    assert in_thread(rx.blocking_recv) == 1

    async def inside():
        with pytest.raises(RuntimeError, match="would stop"):
            rx.blocking_recv()

    mezame.run(inside())
    assert repr(rx) == "<broadcast.Receiver: open, 0 messages>" and repr(tx) == "<broadcast.Sender: open, 1 receivers>"


def test_tasks_of_one_runtime():
    async def listen(rx):
        got = []
        try:
            while True:
                got.append(await rx.recv())
        except broadcast.RecvError.Closed:
            return got

    async def main():
        tx, rx = broadcast.channel(32)
        tasks = [mezame.spawn(listen(rx.resubscribe())) for _ in range(3)]
        for n in range(20):
            tx.send(n)
        tx.close()
        return [await task for task in tasks]

    assert mezame.run(main()) == [list(range(20))] * 3


def test_in_threads_each_receiver_sees_an_increasing_part_and_knows_what_it_lost():
    tx, rx = broadcast.channel(8)
    total = 2000
    results = []

    def listen(receiver):
        last, lost, count = -1, 0, 0
        try:
            while True:
                try:
                    n = mezame.block_on(receiver.recv())
                except broadcast.RecvError.Lagged as error:
                    lost += error.skipped
                    continue
                assert n > last
                last = n
                count += 1
        except broadcast.RecvError.Closed:
            results.append(count + lost)

    threads = [threading.Thread(target=listen, args=(rx.resubscribe(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(total):
        tx.send(n)
    tx.close()
    for thread in threads:
        thread.join()
    assert results == [total] * 3
