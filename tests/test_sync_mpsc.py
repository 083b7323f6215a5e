"""mpsc: permits of every kind, weak senders, the ends of the channel, blocking calls, what is dropped when."""

import gc
import threading

import pytest
from polling import CountingWaker, in_thread, until, wait_until

import mezame
from mezame.sync import mpsc


def ready(future):
    return future.poll(CountingWaker().cx).value


def pending(future):
    """Polls once; must be Pending. The waker that counts."""
    waker = CountingWaker()
    assert future.poll(waker.cx).is_pending()
    return waker


# --- permits ---------------------------------------------------------------------------------------------------


def test_reserve_many_gathers_and_holds_up_later_senders():
    tx, rx = mpsc.channel(3)
    for n in range(3):
        tx.try_send(n)
    many, one = tx.reserve_many(2), tx.send("one")
    a, b = pending(many), pending(one)
    assert rx.try_recv() == 0 and tx.capacity() == 0
    assert (a.wakes, b.wakes) == (0, 0)  # one of two gathered
    assert rx.try_recv() == 1
    assert (a.wakes, b.wakes) == (1, 0)
    permits = ready(many)
    assert len(permits) == 2
    first = next(permits)
    first.send("p")
    permits.release()
    permits.release()
    assert b.wakes == 1
    ready(one)
    assert [rx.try_recv() for _ in range(3)] == [2, "p", "one"] and tx.capacity() == 3
    assert list(permits) == []


def test_a_dropped_reserve_many_gives_what_it_gathered_to_the_next():
    tx, rx = mpsc.channel(2)
    tx.try_send(0)
    tx.try_send(1)
    many, one = tx.reserve_many(2), tx.reserve()
    pending(many)
    waiting = pending(one)
    rx.try_recv()
    many.close()
    assert waiting.wakes == 1
    with ready(one):
        assert tx.capacity() == 0
    assert tx.capacity() == 1
    with pytest.raises(RuntimeError, match="dropped"):
        many.poll(CountingWaker().cx)


def test_reserve_many_bounds():
    tx, rx = mpsc.channel(2)
    with pytest.raises(mpsc.SendError, match="capacity is 2"):
        ready(tx.reserve_many(3))
    with pytest.raises(mpsc.TrySendError.Full):
        tx.try_reserve_many(3)
    with pytest.raises(ValueError, match="-1"):
        tx.reserve_many(-1)
    with pytest.raises(ValueError, match="-1"):
        tx.try_reserve_many(-1)
    assert len(ready(tx.reserve_many(0))) == 0 and len(tx.try_reserve_many(0)) == 0
    permits = tx.try_reserve_many(2)
    assert tx.capacity() == 0 and rx.capacity() == 0 and tx.max_capacity() == rx.max_capacity() == 2
    assert len(tx.try_reserve_many(0)) == 0  # nothing is asked for
    del permits
    assert tx.capacity() == 2


def test_try_reserve_never_overtakes_a_waiting_sender():
    tx, rx = mpsc.channel(1)
    tx.try_send(0)
    waiting = tx.send(1)
    waker = pending(waiting)
    rx.try_recv()
    assert waker.wakes == 1
    for attempt in (tx.try_reserve, tx.try_reserve_owned, lambda: tx.try_reserve_many(1), lambda: tx.try_send(2)):
        with pytest.raises(mpsc.TrySendError.Full):
            attempt()
    ready(waiting)


def test_an_owned_permit_gives_its_sender_back():
    tx, rx = mpsc.channel(1)
    other, _ = mpsc.channel(1)
    permit = ready(tx.reserve_owned())
    assert permit.same_channel_as_sender(tx) and not permit.same_channel_as_sender(other)
    with pytest.raises(mpsc.TrySendError.Full) as caught:
        tx.try_reserve_owned()
    assert caught.value.value is tx
    assert permit.send("m") is tx
    with pytest.raises(RuntimeError, match="used"):
        permit.send("again")
    assert rx.try_recv() == "m"
    permit = tx.try_reserve_owned()
    assert not permit.same_channel(other.try_reserve_owned()) and permit.release() is tx
    assert permit.release() is tx and tx.capacity() == 1
    rx.close()
    with pytest.raises(mpsc.TrySendError.Closed) as caught:
        tx.try_reserve_owned()
    assert caught.value.value is tx
    with pytest.raises(mpsc.SendError):
        ready(tx.reserve_owned())


def test_an_owned_permit_keeps_the_channel_open_and_so_does_a_waiting_future():
    tx, rx = mpsc.channel(1)
    permit = tx.clone().try_reserve_owned()
    tx.close()
    assert tx.strong_count() == 1
    permit.send(1).close()
    assert rx.try_recv() == 1
    with pytest.raises(mpsc.TryRecvError.Disconnected):
        rx.try_recv()
    tx, rx = mpsc.channel(1)
    sending = tx.clone().send(2)
    tx.close()
    pending(rx.recv())
    ready(sending)
    assert rx.try_recv() == 2


def test_a_permit_is_used_once_and_dropping_it_gives_the_slot_back():
    tx, rx = mpsc.channel(1)
    permit = ready(tx.reserve())
    assert "holds a slot" in repr(permit)
    permit.send(None)
    permit.release()
    with permit:
        pass
    assert tx.capacity() == 0 and ready(rx.recv("end")) is None
    permit = tx.try_reserve()
    del permit
    gc.collect()
    assert tx.capacity() == 1


def test_a_permit_that_outlives_the_receiver_drops_its_message():
    tx, rx = mpsc.channel(1)
    permit = tx.try_reserve()
    del rx
    gc.collect()

    class Message:
        pass

    seen = []
    message = Message()
    import weakref

    weakref.finalize(message, seen.append, "dropped")
    permit.send(message)
    del message
    gc.collect()
    assert seen == ["dropped"]


def test_an_unused_permit_may_be_what_ends_the_channel():
    tx, rx = mpsc.channel(2)
    permit = tx.try_reserve()
    receiving = rx.recv("end")
    waker = pending(receiving)
    tx.close()
    assert waker.wakes == 0
    permit.release()
    assert waker.wakes == 1 and ready(receiving) == "end"


# --- closing ----------------------------------------------------------------------------------------------------


def test_closed_waits_for_the_receiver_and_is_cancel_safe():
    tx, rx = mpsc.channel(1)
    first, second = tx.closed(), tx.closed()
    a, b = pending(first), pending(second)
    first.close()
    assert not tx.is_closed()
    rx.close()
    assert tx.is_closed() and (a.wakes, b.wakes) == (0, 1)
    ready(second)
    ready(first)  # a dropped one may be polled again: it holds nothing
    ready(tx.closed())
    with pytest.raises(RuntimeError, match="after it completed"):
        ready(second)
    tx.close()
    with pytest.raises(RuntimeError, match="was closed"):
        tx.closed()


def test_closed_sees_a_dropped_receiver_also_of_an_unbounded_channel():
    tx, rx = mpsc.unbounded_channel()
    waiting = tx.closed()
    waker = pending(waiting)
    del rx
    gc.collect()
    assert waker.wakes == 1 and tx.is_closed()
    ready(waiting)
    with pytest.raises(mpsc.SendError) as caught:
        tx.send("v")
    assert caught.value.value == "v"


def test_close_fails_the_waiting_senders_also_one_that_was_granted():
    tx, rx = mpsc.channel(1)
    tx.try_send(0)
    granted, queued = tx.send(1), tx.send(2)
    pending(granted)
    waker = pending(queued)
    assert ready(rx.recv()) == 0
    rx.close()
    assert waker.wakes == 1
    receiving = rx.recv("end")
    end = pending(receiving)  # the granted slot is still out
    for sending, value in ((granted, 1), (queued, 2)):
        with pytest.raises(mpsc.SendError) as caught:
            sending.poll(CountingWaker().cx)
        assert caught.value.value == value
    assert end.wakes == 1 and ready(receiving) == "end"


def test_close_frees_what_a_waiting_reserve_many_gathered():
    tx, rx = mpsc.channel(2)
    tx.try_send(0)
    tx.try_send(1)
    many = tx.reserve_many(2)
    pending(many)
    assert rx.try_recv() == 0 and tx.capacity() == 0
    rx.close()
    assert rx.try_recv() == 1
    assert ready(rx.recv("end")) == "end"  # without waiting for ``many`` to be polled
    with pytest.raises(mpsc.SendError):
        ready(many)
    assert tx.capacity() == 2


def test_a_message_sent_to_a_dropped_receiver_comes_back():
    tx, rx = mpsc.channel(1)
    tx.try_send(0)
    granted = tx.send("mine")
    pending(granted)
    assert rx.try_recv() == 0
    del rx
    gc.collect()
    with pytest.raises(mpsc.SendError) as caught:
        granted.poll(CountingWaker().cx)
    assert caught.value.value == "mine"


def test_a_closed_sender_refuses_also_a_future_that_it_made_before():
    tx, _rx = mpsc.channel(1)
    sending = tx.send(1)
    tx.close()
    tx.close()
    for attempt in (lambda: tx.send(1), lambda: tx.try_send(1), tx.clone, tx.reserve, lambda: ready(sending)):
        with pytest.raises(RuntimeError, match="this sender was closed"):
            attempt()


# --- weak senders -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda: mpsc.channel(1), mpsc.unbounded_channel], ids=["bounded", "unbounded"])
def test_weak_senders_do_not_keep_the_channel_open(make):
    tx, rx = make()
    weak = tx.downgrade()
    again = weak.clone()
    assert (tx.strong_count(), tx.weak_count()) == (1, 2) == (weak.strong_count(), weak.weak_count())
    strong = weak.upgrade()
    assert strong.same_channel(tx) and not strong.same_channel(make()[0])
    assert (rx.sender_strong_count(), rx.sender_weak_count()) == (2, 2)
    del again
    gc.collect()
    assert rx.sender_weak_count() == 1
    tx.close()
    receiving = rx.recv("end")
    waker = pending(receiving)
    strong.close()
    assert waker.wakes == 1 and weak.upgrade() is None and ready(receiving) == "end"
    assert weak.strong_count() == 0


# --- receiving ------------------------------------------------------------------------------------------------------


def test_recv_many():
    tx, rx = mpsc.channel(4)
    assert ready(rx.recv_many(0)) == []
    receiving = rx.recv_many(3)
    waker = pending(receiving)
    for n in range(4):
        tx.try_send(n)
    assert waker.wakes == 1
    assert ready(receiving) == [0, 1, 2] and rx.poll_recv_many(waker.cx, 9).value == [3]
    tx.close()
    assert ready(rx.recv_many(3)) == []
    for call in (lambda: rx.recv_many(-1), lambda: rx.poll_recv_many(waker.cx, -1), lambda: rx.blocking_recv_many(-1)):
        with pytest.raises(ValueError, match="-1"):
            call()


def test_try_recv_keeps_the_waker_of_the_one_that_waits():
    tx, rx = mpsc.channel(1)
    receiving = rx.recv()
    waker = pending(receiving)
    with pytest.raises(mpsc.TryRecvError.Empty):
        rx.try_recv()
    tx.try_send(1)
    assert waker.wakes == 1 and ready(receiving) == 1


def test_dropping_an_old_recv_keeps_the_waker_of_a_later_one():
    tx, rx = mpsc.channel(1)
    old, new = rx.recv(), rx.recv()
    waker = pending(old)
    assert new.poll(waker.cx).is_pending()  # of the same task
    old.close()
    tx.try_send(1)
    assert waker.wakes == 1 and ready(new) == 1


CHANNELS = [lambda: mpsc.channel(1), mpsc.unbounded_channel]
RECEIVES = [lambda rx: rx.recv(), lambda rx: rx.recv_many(1), lambda rx: rx.__anext__()]
REFUSED = r"another task is receiving from this channel.* mpmc\.bounded\("


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("receive", RECEIVES)
@pytest.mark.parametrize("other", RECEIVES)
def test_a_second_task_that_would_have_to_wait_for_a_message_is_refused(channel, receive, other):
    tx, rx = channel()
    first, second, third = receive(rx), other(rx), other(rx)
    a = pending(first)
    b = pending(second)
    c = pending(third)
    assert (a.wakes, b.wakes, c.wakes) == (1, 1, 0)  # does anybody wait there still?
    a = pending(first)  # yes
    assert c.wakes == 1
    for refused in (second, third):
        with pytest.raises(RuntimeError, match=REFUSED):
            refused.poll(CountingWaker().cx)
        with pytest.raises(RuntimeError, match="completed"):
            refused.poll(CountingWaker().cx)
    moved = pending(first)  # to another task: the latest waker counts
    tx.try_send("m") if hasattr(tx, "try_send") else tx.send("m")
    assert (a.wakes, moved.wakes) == (0, 1)
    assert ready(other(rx)) in ("m", ["m"])  # whoever need not wait gets it
    again = pending(first)
    tx.close()
    assert again.wakes == 1


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_workers_on_one_mpsc_channel_learn_that_it_is_for_one(flavor):
    async def main():
        tx, rx = mpsc.channel(10)
        workers = [mezame.spawn(rx.recv()) for _ in range(4)]
        await until(lambda: sum(worker.is_finished() for worker in workers) == 3)
        for worker in workers[:]:
            if worker.is_finished():
                workers.remove(worker)
                with pytest.raises(RuntimeError, match=REFUSED):
                    await worker
        await tx.send("m")
        return await workers[0]

    with mezame.Runtime(flavor=flavor) as runtime:
        assert runtime.block_on(main()) == "m"


def test_threads_that_block_on_one_mpsc_channel_learn_that_it_is_for_one():
    tx, rx = mpsc.channel(10)
    outcomes = []

    def work():
        try:
            outcomes.append(rx.blocking_recv())
        except RuntimeError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(outcomes) == 3)
    tx.blocking_send("m")
    for thread in threads:
        thread.join()
    assert outcomes[3] == "m" and all("mpmc" in str(error) for error in outcomes[:3])


def drop(receiving):
    receiving.pop()


def drop_in_a_cycle(receiving):
    cycle = [receiving.pop()]
    cycle.append(cycle)
    del cycle
    gc.collect()


def keep(receiving):
    """Lost in a ``select``, and never polled again."""


@pytest.mark.parametrize("receive", RECEIVES)
@pytest.mark.parametrize("end", [lambda receiving: receiving[0].close(), drop, drop_in_a_cycle, keep])
def test_a_receive_that_nobody_awaits_any_more_hinders_no_other(receive, end):
    tx, rx = mpsc.channel(1)
    first = [receive(rx)]
    pending(first[0])
    end(first)
    second = rx.recv()
    pending(second)
    waker = pending(second)
    tx.try_send("m")
    assert waker.wakes == 1 and ready(second) == "m"


def test_one_task_may_wait_in_two_receives():
    tx, rx = mpsc.channel(1)
    waker = CountingWaker()
    one, two = rx.recv(), rx.recv()
    for receiving in (one, two, one, two):
        assert receiving.poll(waker.cx).is_pending()
    assert waker.wakes == 0
    tx.try_send("m")
    assert waker.wakes == 1 and one.poll(waker.cx).value == "m" and two.poll(waker.cx).is_pending()


def test_poll_recv_takes_the_latest_task_and_comes_before_a_recv():
    tx, rx = mpsc.channel(1)
    old, new = CountingWaker(), CountingWaker()
    assert rx.poll_recv(old.cx).is_pending() and rx.poll_recv_many(new.cx, 1).is_pending()
    receiving = rx.recv()
    waker = pending(receiving)
    assert (old.wakes, new.wakes) == (0, 1)
    assert rx.poll_recv(new.cx).is_pending() and waker.wakes == 1
    with pytest.raises(RuntimeError, match=REFUSED):
        receiving.poll(waker.cx)
    tx.try_send("m")
    assert (old.wakes, new.wakes, waker.wakes) == (0, 2, 1)


def test_a_recv_keeps_its_receiver():
    tx, rx = mpsc.channel(1)
    receiving = rx.recv()
    del rx
    gc.collect()
    waker = pending(receiving)
    tx.try_send("still here")
    assert waker.wakes == 1 and ready(receiving) == "still here"
    del receiving
    gc.collect()
    assert tx.is_closed()


def test_views_of_the_receiver():
    tx, rx = mpsc.channel(3)
    assert rx and rx.is_empty() and len(rx) == 0 and not rx.is_closed()
    permit = tx.try_reserve()
    tx.try_send(1)
    assert len(rx) == 1 and rx.capacity() == 1 and not rx.is_empty()
    assert repr(rx) == "<mpsc.Receiver: open, 1 messages>" and repr(tx) == "<mpsc.Sender: open>"
    permit.release()
    tx.close()
    assert rx.is_closed() and repr(tx) == "<mpsc.Sender: this end was closed>"
    _, rx2 = mpsc.unbounded_channel()
    assert not hasattr(rx2, "capacity")
    rx2.close()
    assert rx2.is_closed()


def test_poll_recv_is_woken():
    tx, rx = mpsc.channel(1)
    waker = CountingWaker()
    assert rx.poll_recv(waker.cx).is_pending()
    tx.try_send(5)
    assert waker.wakes == 1 and rx.poll_recv(waker.cx).value == 5


# --- errors, time, threads --------------------------------------------------------------------------------------------


def test_errors_are_nested_print_and_pickle_under_their_names():
    assert mpsc.TrySendError.Full.__qualname__ == "TrySendError.Full"
    assert issubclass(mpsc.SendTimeoutError.Timeout, mpsc.SendTimeoutError)
    assert not issubclass(mpsc.TryRecvError.Empty, mpsc.TryRecvError.Disconnected)
    import pickle

    assert type(pickle.loads(pickle.dumps(mpsc.TryRecvError.Empty("x")))) is mpsc.TryRecvError.Empty


def test_a_capacity_out_of_range():
    for capacity in (0, -1, 2**61):
        with pytest.raises(ValueError, match=str(capacity)):
            mpsc.channel(capacity)


@pytest.mark.mezame(start_paused=True)
async def test_send_timeout():
    tx, rx = mpsc.channel(1)
    await tx.send_timeout("a", 1)
    began = mezame.time.Instant.now()
    with pytest.raises(mpsc.SendTimeoutError.Timeout) as caught:
        await tx.send_timeout("b", 2.5)
    assert caught.value.value == "b" and mezame.time.Instant.now() - began == pytest.approx(2.5, abs=0.002)
    assert rx.try_recv() == "a" and tx.capacity() == 1  # the one that gave up left no trace
    waiting = mezame.spawn(tx.send_timeout("c", 10))
    await waiting
    full = mezame.spawn(tx.send_timeout("d", 10))
    await mezame.yield_now()
    assert rx.try_recv() == "c"
    await full
    assert rx.try_recv() == "d"
    rx.close()
    with pytest.raises(mpsc.SendTimeoutError.Closed) as caught:
        await tx.send_timeout("e", 1)
    assert caught.value.value == "e"


def test_blocking_calls_from_a_plain_thread():
    tx, rx = mpsc.channel(1)

    def produce():
        with tx:
            for n in range(50):
                tx.blocking_send(n)

    thread = threading.Thread(target=produce)
    thread.start()
    got = [rx.blocking_recv() for _ in range(10)]
    while more := rx.blocking_recv_many(8):
        got += more
    thread.join()
    assert got == list(range(50)) and rx.blocking_recv() is None


@pytest.mark.mezame
async def test_blocking_calls_are_refused_inside_a_runtime():
    tx, rx = mpsc.channel(1)
    for call in (lambda: tx.blocking_send(1), rx.blocking_recv, lambda: rx.blocking_recv_many(1)):
        with pytest.raises(RuntimeError, match="would stop the runtime's thread"):
            call()
    assert await mezame.spawn_blocking(lambda: tx.blocking_send(1)) is None
    assert rx.try_recv() == 1


def test_a_channel_joins_two_runtimes():
    tx, rx = mpsc.channel(2)
    back_tx, back_rx = mpsc.channel(2)

    async def double():
        async for n in rx:
            await back_tx.send(n * 2)
        back_tx.close()

    async def feed():
        for n in range(100):
            await tx.send(n)
        tx.close()

    async def collect():
        feeding = mezame.spawn(feed())
        got = [n async for n in back_rx]
        await feeding
        return got

    other = threading.Thread(target=lambda: mezame.run(double()))
    other.start()
    assert in_thread(lambda: mezame.run(collect())) == [n * 2 for n in range(100)]
    other.join()
