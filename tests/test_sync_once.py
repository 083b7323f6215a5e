"""Barrier, OnceCell, SetOnce, Condvar: rounds, failures and cancellation of who goes first, threads."""

import threading

import pytest
from polling import CountingWaker, in_thread

import mezame
from mezame.sync import Barrier, Condvar, Mutex, Notify, OnceCell, SetError, SetOnce, SetOnceError


def drive(coroutine):
    """A future of the coroutine, and its waker: polled by hand."""
    return mezame.into_future(coroutine), CountingWaker()


def cancel(future):
    future.cancel()
    with pytest.raises(mezame.CancelledError):
        future.poll(CountingWaker().cx)


# --- Barrier ----------------------------------------------------------------------------------------------------------


def test_the_last_to_arrive_leads_and_the_barrier_can_be_used_again():
    barrier = Barrier(3)
    for _ in range(2):
        waiting = [drive(barrier.wait()) for _ in range(3)]
        assert [future.poll(waker.cx).is_pending() for future, waker in waiting[:2]] == [True, True]
        assert repr(barrier) == "<Barrier, 2 of 3 arrived>"
        assert waiting[2][0].poll(waiting[2][1].cx).value.is_leader()
        assert [waker.wakes for _, waker in waiting] == [1, 1, 0]
        assert not any(future.poll(waker.cx).value.is_leader() for future, waker in waiting[:2])


def test_the_next_round_may_begin_before_the_waiters_of_the_last_were_polled():
    barrier = Barrier(2)
    first, waker = drive(barrier.wait())
    assert first.poll(waker.cx).is_pending()
    leader, other = drive(barrier.wait())
    assert leader.poll(other.cx).value.is_leader()
    second, waker2 = drive(barrier.wait())
    assert second.poll(waker2.cx).is_pending()
    assert first.poll(waker.cx).is_ready() and second.poll(waker2.cx).is_pending()
    third, waker3 = drive(barrier.wait())
    assert third.poll(waker3.cx).value.is_leader() and waker2.wakes == 1
    second.poll(waker2.cx)


def test_who_arrives_between_the_leader_and_its_waking_belongs_to_the_next_round():
    barrier = Barrier(2)

    class Late(Notify):
        """The Notify of the first round; another thread arrives just before its waiters are completed."""

        def notify_waiters(self):
            assert second.poll(waker2.cx).is_pending()
            super().notify_waiters()

    barrier._round = Late()
    first, waker = drive(barrier.wait())
    second, waker2 = drive(barrier.wait())
    leader, other = drive(barrier.wait())
    assert first.poll(waker.cx).is_pending()
    assert leader.poll(other.cx).value.is_leader()
    assert first.poll(waker.cx).is_ready() and waker2.wakes == 0 and second.poll(waker2.cx).is_pending()


def test_a_cancelled_waiter_stays_counted_and_nothing_counts_before_its_first_poll():
    barrier = Barrier(2)
    unpolled, _ = drive(barrier.wait())
    first, waker = drive(barrier.wait())
    assert first.poll(waker.cx).is_pending()
    cancel(first)
    assert unpolled.poll(waker.cx).value.is_leader()


def test_barriers_of_none_and_one():
    for n in (0, 1):
        result = mezame.block_on(Barrier(n).wait())
        assert result.is_leader() and repr(result) == "<BarrierWaitResult, leader>"
    with pytest.raises(ValueError, match="-1"):
        Barrier(-1)


def test_a_barrier_of_threads():
    barrier = Barrier(4)
    leaders = []
    arrived = [0] * 30

    def work():
        for n in range(30):
            arrived[n] += 1 if n % 2 else 0
            if mezame.block_on(barrier.wait()).is_leader():
                leaders.append(n)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert leaders == list(range(30))


# --- OnceCell ---------------------------------------------------------------------------------------------------------


def make(value, calls):
    async def function():
        calls.append(value)
        await mezame.yield_now()
        if isinstance(value, Exception):
            raise value
        return value

    return function


def test_one_initialises_and_the_others_wait():
    async def main():
        cell, calls = OnceCell(), []
        got = await mezame.join(*[cell.get_or_init(make(n, calls)) for n in range(3)])
        assert len(set(got)) == 1 and calls == [got[0]] and cell.initialized() and cell.get() == got[0]
        assert await cell.get_or_init(make("late", calls)) == got[0] and len(calls) == 1

    mezame.run(main())


def test_after_a_failure_the_next_one_tries():
    cell, calls = OnceCell(), []
    first, a = drive(cell.get_or_try_init(make(ZeroDivisionError(), calls)))
    second, b = drive(cell.get_or_init(make(2, calls)))
    assert first.poll(a.cx).is_pending() and second.poll(b.cx).is_pending()
    assert len(calls) == 1 and not cell.initialized() and cell.get("nothing") == "nothing"
    with pytest.raises(SetError.Initializing) as caught:
        cell.set(5)
    assert caught.value.value == 5 and caught.value.is_initializing_err() and not caught.value.is_already_init_err()
    with pytest.raises(ZeroDivisionError):
        first.poll(a.cx)
    assert b.wakes == 1 and second.poll(b.cx).is_pending() and second.poll(b.cx).value == 2


def test_after_a_cancelled_initialiser_the_next_one_tries():
    cell, calls = OnceCell(), []
    first, a = drive(cell.get_or_init(make(1, calls)))
    second, b = drive(cell.get_or_init(make(2, calls)))
    assert first.poll(a.cx).is_pending() and second.poll(b.cx).is_pending()
    cancel(first)
    assert b.wakes == 1 and second.poll(b.cx).is_pending() and second.poll(b.cx).value == 2 and calls == [1, 2]


def test_set_take_and_wait():
    cell = OnceCell()
    waiting, waker = drive(cell.wait())
    assert waiting.poll(waker.cx).is_pending() and repr(cell) == "<OnceCell, empty>"
    cell.set(None)
    assert waker.wakes == 1 and waiting.poll(waker.cx).value is None
    assert cell.initialized() and mezame.block_on(cell.wait()) is None
    with pytest.raises(SetError.AlreadyInitialized) as caught:
        cell.set(1)
    assert caught.value.value == 1 and caught.value.is_already_init_err()
    assert cell.take("none") is None and not cell.initialized() and cell.take("none") == "none"
    cell.set(2)
    assert cell.into_inner() == 2 == OnceCell(2).get() and repr(cell) == "<OnceCell of 2>"
    with pytest.raises(SetError.AlreadyInitialized):
        OnceCell(2).set(3)


def test_wait_also_sees_a_value_that_was_made():
    cell = OnceCell()
    waiting, waker = drive(cell.wait())
    assert waiting.poll(waker.cx).is_pending()
    assert mezame.block_on(cell.get_or_init(make("made", []))) == "made"
    assert waker.wakes == 1 and waiting.poll(waker.cx).value == "made"


def test_threads_at_one_cell():
    for _ in range(20):
        cell, calls, got = OnceCell(), [], []

        def work(cell=cell, calls=calls, got=got):
            got.append(mezame.block_on(cell.get_or_init(make(object(), calls))))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(calls) == 1 and got == calls * 4


# --- SetOnce ----------------------------------------------------------------------------------------------------------


def test_set_once():
    once = SetOnce()
    waiting, waker = drive(once.wait())
    dropped, other = drive(once.wait())
    assert waiting.poll(waker.cx).is_pending() and dropped.poll(other.cx).is_pending()
    cancel(dropped)
    assert not once.initialized() and once.get("none") == "none" and repr(once) == "<SetOnce, empty>"
    once.set(None)
    assert (waker.wakes, other.wakes) == (1, 0) and waiting.poll(waker.cx).value is None
    assert once.initialized() and mezame.block_on(once.wait()) is None and once.into_inner("none") is None
    with pytest.raises(SetOnceError) as caught:
        once.set(1)
    assert caught.value.value == 1 and SetOnce(3).get() == 3 and repr(SetOnce(3)) == "<SetOnce of 3>"


def test_of_threads_that_set_one_wins():
    for _ in range(20):
        once, lost = SetOnce(), []

        def work(n, once=once, lost=lost):
            try:
                once.set(n)
            except SetOnceError as error:
                lost.append(error.value)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        assert in_thread(lambda once=once: mezame.block_on(once.wait())) == once.get()
        for thread in threads:
            thread.join()
        assert sorted([once.get(), *lost]) == [0, 1, 2, 3]


# --- Condvar ----------------------------------------------------------------------------------------------------------


def locked(mutex):
    return mutex.try_lock()


def test_wait_lets_the_mutex_go_and_takes_it_again():
    mutex, condvar = Mutex(0), Condvar()
    guard = locked(mutex)
    waiting, waker = drive(condvar.wait(guard))
    assert waiting.poll(waker.cx).is_pending() and not mutex.is_locked() and repr(condvar) == "<Condvar, 1 waiting>"
    with pytest.raises(RuntimeError, match="unlocked"):
        _ = guard.value
    other = locked(mutex)
    condvar.notify_one()
    assert waker.wakes == 1 and waiting.poll(waker.cx).is_pending()  # chosen; now it waits for the mutex
    other.value = 5
    other.unlock()
    assert waiting.poll(waker.cx).value is guard and guard.value == 5 and mutex.is_locked()
    guard.unlock()
    unheld, waker = drive(condvar.wait(guard))
    with pytest.raises(RuntimeError, match="unlocked"):
        unheld.poll(waker.cx)
    assert repr(condvar) == "<Condvar, 0 waiting>"


@pytest.mark.parametrize("wrong", [None, 5, Mutex()])
def test_a_wrong_guard_is_refused_and_swallows_no_notification(wrong):
    condvar = Condvar()
    calls = (
        lambda: condvar.wait(wrong),
        lambda: condvar.wait_until(wrong, bool),
        lambda: condvar.wait_timeout(wrong, 1),
        lambda: condvar.wait_timeout_until(wrong, 1, bool),
    )
    for call in calls:
        refused, waker = drive(call())
        with pytest.raises(TypeError, match=r"the guard of a Mutex \(guard = await mutex.lock\(\)\), not "):
            refused.poll(waker.cx)
    waiting, waker = drive(condvar.wait(locked(Mutex())))
    assert waiting.poll(waker.cx).is_pending() and repr(condvar) == "<Condvar, 1 waiting>"
    condvar.notify_one()
    assert waker.wakes == 1 and waiting.poll(waker.cx).is_ready()


def test_notify_one_is_first_in_first_out_and_nothing_is_stored():
    condvar = Condvar()
    condvar.notify_one()
    condvar.notify_all()
    waiting = [drive(condvar.wait(locked(Mutex()))) for _ in range(3)]
    for future, waker in waiting:
        assert future.poll(waker.cx).is_pending()
    condvar.notify_one()
    assert [waker.wakes for _, waker in waiting] == [1, 0, 0]
    condvar.notify_all()
    assert [waker.wakes for _, waker in waiting] == [1, 1, 1]
    for future, waker in waiting:
        future.poll(waker.cx).value.unlock()


def test_a_chosen_waiter_that_is_cancelled_passes_it_on_with_the_mutex_locked_again():
    mutex, condvar = Mutex(), Condvar()
    guard = locked(mutex)
    first, a = drive(condvar.wait(guard))
    first.poll(a.cx)
    second, b = drive(condvar.wait(locked(Mutex())))
    second.poll(b.cx)
    condvar.notify_one()
    assert (a.wakes, b.wakes) == (1, 0)
    cancel(first)
    assert b.wakes == 1 and mutex.is_locked() and guard.value is None
    second.poll(b.cx).value.unlock()


def test_a_cancelled_wait_holds_the_lock_when_its_block_goes_on():
    async def main():
        mutex, condvar = Mutex(0), Condvar()
        seen = []

        async def waiter():
            async with mutex as guard:
                try:
                    await condvar.wait(guard)
                finally:
                    seen.append(guard.value)

        task = mezame.spawn(waiter())
        await mezame.yield_now()
        async with mutex as guard:
            task.abort()
            for _ in range(3):
                await mezame.yield_now()
            assert seen == [] and not task.is_finished()  # it waits for the lock
            guard.value = 7
        with pytest.raises(mezame.JoinError):
            await task
        assert seen == [7] and not mutex.is_locked()

    mezame.run(main())


def test_a_waiter_that_is_closed_in_its_block_does_not_release_the_lock_of_another():
    mutex, condvar = Mutex(0), Condvar()

    async def waiter():
        async with mutex as guard:
            await condvar.wait(guard)

    async def holder():
        async with mutex:
            await mezame.pending()

    waiting, waker = drive(waiter())
    assert waiting.poll(waker.cx).is_pending()
    holding, _ = drive(holder())
    assert holding.poll(waker.cx).is_pending() and mutex.is_locked()
    waiting.close()
    assert mutex.is_locked()
    holding.close()
    assert not mutex.is_locked()


@pytest.mark.mezame(start_paused=True)
async def test_timeouts():
    mutex, condvar = Mutex(0), Condvar()
    async with mutex as guard:
        same, result = await condvar.wait_timeout(guard, 2)
        assert same is guard and result.timed_out() and guard.value == 0 and mutex.is_locked()
        assert repr(result) == "<WaitTimeoutResult, timed out>" and repr(condvar) == "<Condvar, 0 waiting>"

        async def add():
            async with mutex as other:
                other.value += 1
            condvar.notify_one()

        mezame.spawn(add())
        _, result = await condvar.wait_timeout(guard, 2)
        assert not result.timed_out() and guard.value == 1
        _, result = await condvar.wait_timeout_until(guard, 1, lambda n: n == 2)
        assert result.timed_out() and mutex.is_locked()
        mezame.spawn(add())
        _, result = await condvar.wait_timeout_until(guard, 1, lambda n: n == 2)
        assert not result.timed_out() and guard.value == 2
        assert (await condvar.wait_until(guard, lambda n: n == 2)) is guard
    assert not mutex.is_locked()


def test_a_queue_of_threads_on_a_condvar():
    mutex, condvar = Mutex([]), Condvar()
    got = []

    async def take():
        async with mutex as guard:
            await condvar.wait_until(guard, bool)
            return guard.value.pop()

    async def put(n):
        async with mutex as guard:
            guard.value.append(n)
        condvar.notify_one()

    def consume():
        for _ in range(100):
            got.append(mezame.block_on(take()))

    def produce():
        for n in range(100):
            mezame.block_on(put(n))

    threads = [threading.Thread(target=target) for target in (consume, consume, produce, produce)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(list(range(100)) * 2) and not mutex.is_locked()
