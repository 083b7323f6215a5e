"""watch: what counts as seen, who is told, the order of test and wait in wait_for, the end; threads."""

import gc
import threading

import pytest
from polling import CountingWaker

import mezame
from mezame.sync import watch


def ready(future):
    return future.poll(CountingWaker().cx).value


def pending(future):
    waker = CountingWaker()
    assert future.poll(waker.cx).is_pending()
    return waker


def test_the_first_value_is_seen_and_changes_collapse():
    tx, rx = watch.channel(0)
    changed = rx.changed()
    waker = pending(changed)
    tx.send(1)
    tx.send(1)  # equal values are changes too
    tx.send(2)
    assert waker.wakes == 1 and rx.has_changed() and rx.borrow() == 2
    ready(changed)
    assert not rx.has_changed()
    pending(rx.changed())
    with pytest.raises(RuntimeError, match="after it completed"):
        ready(changed)


def test_borrow_does_not_mark_and_borrow_and_update_does():
    tx, rx = watch.channel("a")
    tx.send("b")
    assert rx.borrow() == "b" == tx.borrow() and rx.has_changed()
    assert rx.borrow_and_update() == "b" and not rx.has_changed()
    rx.mark_changed()
    assert rx.has_changed()
    ready(rx.changed())
    tx.send("c")
    rx.mark_unchanged()
    assert not rx.has_changed()


def test_clone_copies_what_was_seen_and_subscribe_has_seen_the_present():
    tx, rx = watch.channel(0)
    tx.send(1)
    copy, fresh = rx.clone(), tx.subscribe()
    assert copy.has_changed() and not fresh.has_changed()
    assert copy.same_channel(fresh) and not copy.same_channel(watch.channel(0)[1]) and tx.receiver_count() == 3
    copy.borrow_and_update()
    assert rx.has_changed()


def test_without_receivers():
    tx, rx = watch.channel(0)
    del rx
    gc.collect()
    with pytest.raises(watch.SendError) as caught:
        tx.send(1)
    assert caught.value.value == 1 and tx.borrow() == 0 and tx.is_closed()
    assert tx.send_replace(2) == 0
    tx.send_modify(lambda it: setattr(it, "value", it.value + 1))
    assert tx.borrow() == 3
    rx = tx.subscribe()
    assert not rx.has_changed() and not tx.is_closed()
    tx.send(4)
    assert rx.borrow() == 4


def test_an_exception_in_send_modify_leaves_the_change_and_tells_nobody():
    tx, rx = watch.channel(0)

    def change(it):
        it.value = 5
        raise ZeroDivisionError

    changed = rx.changed()
    waker = pending(changed)
    for call in (tx.send_modify, tx.send_if_modified):
        with pytest.raises(ZeroDivisionError):
            call(change)
    assert rx.borrow() == 5 and not rx.has_changed() and waker.wakes == 0
    tx.send_modify(lambda it: None)
    assert waker.wakes == 1


def test_the_end():
    tx, rx = watch.channel(0)
    other = tx.clone()
    assert tx.sender_count() == 2 and tx.same_channel(other)
    tx.send(1)
    tx.close()
    assert other.sender_count() == 1 and rx.has_changed()
    waiting = rx.clone()
    waiting.mark_unchanged()
    changed = waiting.changed()
    waker = pending(changed)
    with other:
        pass
    assert waker.wakes == 1
    with pytest.raises(watch.RecvError):
        changed.poll(waker.cx)
    with pytest.raises(watch.RecvError):
        rx.has_changed()  # although there is an unseen value
    ready(rx.changed())
    with pytest.raises(watch.RecvError):
        ready(rx.changed())
    assert rx.borrow() == 1
    for call in (lambda: tx.send(1), tx.subscribe, tx.clone, tx.closed, lambda: tx.send_replace(1)):
        with pytest.raises(RuntimeError, match="this sender was closed"):
            call()


def test_closed():
    tx, rx = watch.channel(0)
    waiting = tx.closed()
    waker = pending(waiting)
    copy = rx.clone()
    del rx
    gc.collect()
    assert waker.wakes == 0
    del copy
    gc.collect()
    assert waker.wakes == 1
    ready(waiting)
    assert watch.Sender.new(1).is_closed()


def test_wait_for_tests_the_present_value_and_then_each_it_sees():
    tx, rx = watch.channel(1)
    seen = []

    def over_two(n):
        seen.append(n)
        return n > 2

    waiting = rx.wait_for(over_two)
    waker = pending(waiting)
    tx.send(2)
    assert waker.wakes == 1
    waker = pending(waiting)
    pending(waiting)
    tx.send(3)
    assert ready(waiting) == 3 and seen[:2] == [1, 2] and seen[-1] == 3
    assert not rx.has_changed()
    assert ready(rx.wait_for(over_two)) == 3
    with pytest.raises(RuntimeError, match="after it completed"):
        ready(waiting)


def test_wait_for_tests_the_last_value_before_it_raises():
    tx, rx = watch.channel(1)
    good, bad = rx.clone().wait_for(lambda n: n == 2), rx.wait_for(lambda n: n == 3)
    pending(good)
    pending(bad)
    tx.send(2)
    tx.close()
    assert ready(good) == 2
    with pytest.raises(watch.RecvError):
        ready(bad)


def test_wait_for_raises_what_the_predicate_raises():
    tx, rx = watch.channel(0)
    waiting = rx.wait_for(lambda n: 1 / (1 - n))
    assert ready(waiting) == 0
    waiting = rx.wait_for(lambda n: n and 1 / 0)
    waker = pending(waiting)
    tx.send(1)
    assert waker.wakes == 1
    with pytest.raises(ZeroDivisionError):
        ready(waiting)
    tx.send(2)


def test_a_dropped_wait_is_not_woken_and_loses_nothing():
    tx, rx = watch.channel(0)
    changed, waiting = rx.changed(), rx.clone().wait_for(bool)
    a, b = pending(changed), pending(waiting)
    changed.close()
    waiting.close()
    tx.send(1)
    assert (a.wakes, b.wakes) == (0, 0)
    ready(rx.changed())
    assert "watch.Receiver of 1" in repr(rx) and repr(tx) == "<watch.Sender: open, 2 receivers>"


def test_a_send_inside_send_modify_is_the_same_writer():
    tx, rx = watch.channel(0)

    def change(it):
        it.value = 1
        tx.send(2)

    tx.send_modify(change)
    assert rx.borrow() == 2


def test_threads_that_modify_lose_no_change_and_the_watcher_sees_the_last():
    tx, rx = watch.channel(0)

    def add():
        for _ in range(300):
            tx.send_modify(lambda it: setattr(it, "value", it.value + 1))

    result = []

    def wait():
        result.append(mezame.block_on(rx.wait_for(lambda n: n == 1200)))

    threads = [threading.Thread(target=target) for target in (wait, add, add, add, add)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert result == [1200]


def test_tasks_of_one_runtime():
    async def main():
        tx, rx = watch.channel(0)
        seen = []

        async def follow():
            try:
                while True:
                    await rx.changed()
                    seen.append(rx.borrow())
            except watch.RecvError:
                return seen

        task = mezame.spawn(follow())
        for n in range(1, 4):
            tx.send(n)
            await mezame.yield_now()
            await mezame.yield_now()
        tx.close()
        return await task

    assert mezame.run(main()) == [1, 2, 3]
