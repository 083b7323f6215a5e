"""mpmc: each message once, both queues fair, drops on either side, the end, force_send, threads."""

import gc
import threading

import pytest
from polling import CountingWaker

import mezame
from mezame.sync import mpmc


def ready(future):
    return future.poll(CountingWaker().cx).value


def pending(future):
    waker = CountingWaker()
    assert future.poll(waker.cx).is_pending()
    return waker


def test_receivers_are_served_first_in_first_out():
    tx, rx = mpmc.bounded(4)
    futures = [rx.recv(), rx.clone().recv(), rx.recv()]
    wakers = [pending(one) for one in futures]
    tx.try_send("a")
    tx.try_send("b")
    assert [one.wakes for one in wakers] == [1, 1, 0]
    with pytest.raises(mpmc.TryRecvError.Empty):
        rx.try_recv()  # both messages are spoken for
    assert ready(futures[0]) == "a" and ready(futures[1]) == "b"
    tx.try_send("c")
    assert ready(futures[2]) == "c"
    with pytest.raises(RuntimeError, match="after it completed"):
        ready(futures[2])


def test_a_chosen_receiver_that_is_dropped_passes_its_turn_on():
    tx, rx = mpmc.bounded(1)
    first, second = rx.recv(), rx.recv()
    pending(first)
    waker = pending(second)
    tx.try_send(1)
    first.close()
    assert waker.wakes == 1
    second.close()
    assert rx.try_recv() == 1
    pending(first)  # it may be polled again, behind all others
    tx.try_send(2)
    assert ready(first) == 2


def test_senders_wait_in_order_and_a_dropped_one_sends_nothing():
    tx, rx = mpmc.bounded(1)
    tx.try_send(0)
    futures = [tx.send(n) for n in (1, 2, 3)]
    wakers = [pending(one) for one in futures]
    assert tx.is_full() and rx.try_recv() == 0
    assert [one.wakes for one in wakers] == [1, 0, 0]
    with pytest.raises(mpmc.TrySendError.Full) as caught:
        tx.try_send(4)
    assert caught.value.value == 4
    futures[0].close()
    assert [one.wakes for one in wakers] == [1, 1, 0]
    ready(futures[1])
    assert rx.try_recv() == 2
    ready(futures[2])
    assert rx.try_recv() == 3 and rx.is_empty()


@pytest.mark.parametrize("side", ["sender", "receiver"])
def test_close_by_either_side_ends_it_after_what_is_buffered(side):
    tx, rx = mpmc.bounded(1)
    tx.try_send("kept")
    sending = tx.send("late")
    s = pending(sending)
    assert (tx if side == "sender" else rx).close() and not tx.close() and rx.is_closed() and tx.is_closed()
    assert s.wakes == 1
    with pytest.raises(mpmc.SendError) as caught:
        sending.poll(s.cx)
    assert caught.value.value == "late"
    with pytest.raises(mpmc.TrySendError.Closed):
        tx.try_send(1)
    with pytest.raises(mpmc.SendError):
        tx.force_send(1)
    assert ready(rx.recv("end")) == "kept" and ready(rx.recv("end")) == "end"
    with pytest.raises(mpmc.TryRecvError.Disconnected):
        rx.try_recv()


def test_a_sender_that_was_given_a_slot_fails_after_close():
    tx, rx = mpmc.bounded(1)
    tx.try_send(0)
    sending = tx.send(1)
    pending(sending)
    assert rx.try_recv() == 0
    rx.close()
    with pytest.raises(mpmc.SendError):
        ready(sending)
    assert ready(rx.recv("end")) == "end" and not tx.is_full()


def test_a_receiver_that_was_given_a_message_gets_it_after_close():
    tx, rx = mpmc.bounded(1)
    receiving, other = rx.recv("end"), rx.recv("end")
    pending(receiving)
    waker = pending(other)
    tx.try_send(1)
    tx.close()
    assert waker.wakes == 1 and ready(other) == "end" and ready(receiving) == 1


def test_the_last_end_of_a_side_ends_it():
    tx, rx = mpmc.unbounded()
    second = tx.clone()
    assert (tx.sender_count(), rx.receiver_count()) == (2, 1) and tx.capacity() is None and not tx.is_full()
    receiving = rx.recv("end")
    waker = pending(receiving)
    with tx:
        pass
    assert waker.wakes == 0
    del second
    gc.collect()
    assert waker.wakes == 1 and ready(receiving) == "end"
    for call in (lambda: tx.send(1), lambda: tx.try_send(1), tx.clone):
        with pytest.raises(RuntimeError, match="left with its block"):
            call()
    tx, rx = mpmc.bounded(2)
    tx.try_send(1)
    other = rx.clone()
    del rx
    gc.collect()
    assert not tx.is_closed() and len(other) == 1
    with other:
        pass
    assert tx.is_closed() and tx.is_empty() and not tx.is_full()
    with pytest.raises(RuntimeError, match="left with its block"):
        other.recv()


def test_weak_ends_do_not_keep_it_open():
    tx, rx = mpmc.bounded(1)
    weak_tx, weak_rx = tx.downgrade(), rx.downgrade()
    again = weak_tx.upgrade()
    assert again.same_channel(rx) and not again.same_channel(mpmc.unbounded()[0])
    again.try_send(1)
    assert weak_rx.upgrade().try_recv() == 1
    tx.close()
    assert weak_tx.upgrade() is None and weak_rx.upgrade() is None


def test_force_send():
    tx, rx = mpmc.bounded(2)
    assert [tx.force_send(n) for n in range(4)] == [None, None, 0, 1]
    assert [rx.try_recv(), rx.try_recv()] == [2, 3]
    receiving = rx.recv()
    waker = pending(receiving)
    assert tx.force_send("x") is None and waker.wakes == 1 and ready(receiving) == "x"
    # Every slot was given to waiting senders, and there is nothing to evict: it goes in all the same, and the
    # capacity is kept again as soon as messages are taken.
    tx, rx = mpmc.bounded(1)
    tx.try_send(0)
    sending = tx.send(1)
    pending(sending)
    rx.try_recv()
    assert tx.force_send(2) is None and tx.is_full()
    ready(sending)
    later = tx.send(3)
    waker = pending(later)
    assert rx.try_recv() == 2 and waker.wakes == 0
    assert rx.try_recv() == 1 and waker.wakes == 1
    ready(later)
    assert rx.try_recv() == 3


def test_bounds_and_views():
    for capacity in (0, -3, 2**61 - 1):
        with pytest.raises(ValueError, match=str(capacity)):
            mpmc.bounded(capacity)
    tx, rx = mpmc.bounded(3)
    assert tx.capacity() == 3 == rx.capacity() and rx and repr(rx) == "<mpmc.Receiver: open, 0 messages>"


def test_blocking_calls_are_for_threads():
    tx, rx = mpmc.bounded(1)

    async def inside():
        for call in (lambda: tx.blocking_send(1), rx.blocking_recv):
            with pytest.raises(RuntimeError, match="would stop the runtime's thread"):
                call()

    mezame.run(inside())
    tx.blocking_send(1)
    assert rx.blocking_recv() == 1


def test_threads_share_the_messages():
    tx, rx = mpmc.bounded(2)
    got = [[] for _ in range(3)]
    rounds = 150

    def consume(number):
        receiver = rx.clone()
        while (message := receiver.blocking_recv()) is not None:
            got[number].append(message)

    def impatient():
        receiver = rx.clone()
        for _ in range(rounds):
            future = receiver.recv()
            answer = future.poll(CountingWaker().cx)
            if answer.is_pending():
                future.close()
            elif answer.value is not None:  # None: the channel has ended already
                given_back.append(1)

    given_back = []
    left = [3]
    guard = threading.Lock()

    def produce(number):
        for n in range(rounds):
            tx.blocking_send((number, n))
        with guard:
            left[0] -= 1
            last = left[0] == 0
        if last:
            tx.close()

    threads = [threading.Thread(target=consume, args=(n,)) for n in range(3)]
    threads += [threading.Thread(target=produce, args=(n,)) for n in range(3)]
    threads += [threading.Thread(target=impatient)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [message for one in got for message in one]
    assert len(set(everything)) == len(everything) == 3 * rounds - len(given_back)
    for one in got:
        for number in range(3):
            mine = [n for who, n in one if who == number]
            assert mine == sorted(mine)
