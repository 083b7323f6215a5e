"""Semaphore, Mutex, Notify: the rest of their methods, and what happens at each edge of them."""

import gc

import pytest
from polling import CountingWaker, in_thread

import mezame
from mezame.sync import AcquireError, Mutex, Notify, Semaphore, TryAcquireError, TryLockError


def ready(future):
    return future.poll(CountingWaker().cx).value


def pending(future):
    waker = CountingWaker()
    assert future.poll(waker.cx).is_pending()
    return waker


# --- Semaphore ------------------------------------------------------------------------------------------------------


def test_acquire_many_gathers():
    semaphore = Semaphore(1)
    many = semaphore.acquire_many(3)
    waker = pending(many)
    assert semaphore.available_permits() == 0
    semaphore.add_permits(1)
    assert waker.wakes == 0 and semaphore.available_permits() == 0
    semaphore.add_permits(2)
    assert waker.wakes == 1 and semaphore.available_permits() == 1
    permit = ready(many)
    assert permit.num_permits() == 3 and repr(permit) == "<SemaphorePermit of 3>"
    permit.release()
    permit.release()
    assert semaphore.available_permits() == 4


def test_close_frees_what_was_gathered_and_fails_one_that_was_served():
    semaphore = Semaphore(1)
    held = semaphore.try_acquire()
    served, gathering = semaphore.acquire(), semaphore.acquire_many(2)
    a, b = pending(served), pending(gathering)
    held.release()
    semaphore.add_permits(1)
    semaphore.close()
    assert (a.wakes, b.wakes) == (1, 1) and semaphore.is_closed() and semaphore.available_permits() == 1
    for future in (served, gathering, semaphore.acquire()):
        with pytest.raises(AcquireError):
            future.poll(CountingWaker().cx)
    assert semaphore.available_permits() == 2
    with pytest.raises(TryAcquireError.Closed):
        semaphore.try_acquire()


def test_permits_that_are_out_survive_close():
    semaphore = Semaphore(2)
    with semaphore.try_acquire_many(2):
        semaphore.close()
        semaphore.close()
        assert semaphore.available_permits() == 0
    assert semaphore.available_permits() == 2


def test_forget_split_and_merge():
    semaphore = Semaphore(5)
    permit = semaphore.try_acquire_many(4)
    part = permit.split(3)
    assert (permit.num_permits(), part.num_permits()) == (1, 3) and permit.split(2) is None
    assert permit.split(0).num_permits() == 0
    with pytest.raises(ValueError, match="-1"):
        permit.split(-1)
    part.forget()
    assert part.num_permits() == 0 and semaphore.available_permits() == 1
    permit.merge(semaphore.try_acquire())
    permit.merge(permit)
    assert permit.num_permits() == 2
    with pytest.raises(ValueError, match="different semaphores"):
        permit.merge(Semaphore(1).try_acquire())
    for wrong in (3, None, semaphore):
        with pytest.raises(TypeError, match="SemaphorePermit"):
            permit.merge(wrong)
    permit.release()
    assert semaphore.available_permits() == 2
    assert semaphore.forget_permits(1) == 1 and semaphore.forget_permits(9) == 1 and semaphore.forget_permits(1) == 0
    with pytest.raises(ValueError, match="-2"):
        semaphore.forget_permits(-2)


def test_a_dropped_permit_is_released():
    semaphore = Semaphore(1)
    permit = semaphore.try_acquire_owned()
    assert semaphore.available_permits() == 0
    del permit
    gc.collect()
    assert semaphore.available_permits() == 1


def test_none_of_nothing_is_always_free():
    semaphore = Semaphore(0)
    waiting = semaphore.acquire()
    pending(waiting)
    assert ready(semaphore.acquire_many(0)).num_permits() == 0 and semaphore.try_acquire_many(0).num_permits() == 0


def test_bounds_of_a_semaphore():
    assert Semaphore.MAX_PERMITS == 2**61 - 1
    for call in (lambda: Semaphore(2**61), lambda: Semaphore(-1), lambda: Semaphore(1).acquire_many(-1),
                 lambda: Semaphore(1).try_acquire_many(-1), lambda: Semaphore(1).add_permits(-1)):  # fmt: skip
        with pytest.raises(ValueError, match=r"-1|2305843009213693952"):
            call()


def test_permits_are_counted_in_ints():
    semaphore = Semaphore(1)
    for call in (semaphore.acquire_many, semaphore.try_acquire_many, semaphore.add_permits, semaphore.forget_permits):
        for bad in (1.5, "1", None):
            with pytest.raises(TypeError, match="int"):
                call(bad)
    assert semaphore.available_permits() == 1  # and its guard is open


def test_no_more_permits_than_fit():
    semaphore = Semaphore(Semaphore.MAX_PERMITS - 1)
    for bad in (2, Semaphore.MAX_PERMITS, 2**61, 2**200):
        with pytest.raises(ValueError, match=f"cannot add {bad}"):
            semaphore.add_permits(bad)
    semaphore.add_permits(1)
    assert semaphore.available_permits() == Semaphore.MAX_PERMITS


def test_the_owned_names_are_the_plain_ones():
    semaphore = Semaphore(3)
    one, many = ready(semaphore.acquire_owned()), ready(semaphore.acquire_many_owned(2))
    assert (one.num_permits(), many.num_permits()) == (1, 2)
    with pytest.raises(TryAcquireError.NoPermits, match="0 are"):
        semaphore.try_acquire_many_owned(2)


def test_blocking_acquire():
    semaphore = Semaphore(3)
    assert in_thread(lambda: semaphore.blocking_acquire_many(2)).num_permits() == 2
    held = semaphore.blocking_acquire()
    assert held.num_permits() == 1

    async def inside():
        for call in (semaphore.blocking_acquire, lambda: semaphore.blocking_acquire_many(2), Mutex().blocking_lock):
            with pytest.raises(RuntimeError, match="would stop the runtime's thread"):
                call()

    mezame.run(inside())


def test_a_permit_may_be_released_in_another_thread():
    semaphore = Semaphore(1)
    permit = semaphore.try_acquire()
    waiting = semaphore.acquire()
    waker = pending(waiting)
    in_thread(permit.release)
    assert waker.wakes == 1
    ready(waiting)


def test_a_dropped_acquire_cannot_be_polled_again():
    semaphore = Semaphore(0)
    waiting = semaphore.acquire()
    pending(waiting)
    waiting.close()
    waiting.close()
    with pytest.raises(RuntimeError):
        waiting.poll(CountingWaker().cx)
    semaphore.add_permits(1)
    assert semaphore.available_permits() == 1


# --- Mutex ----------------------------------------------------------------------------------------------------------


def test_try_lock_and_its_owned_names():
    mutex = Mutex("v")
    guard = mutex.try_lock_owned()
    for attempt in (mutex.try_lock, mutex.try_lock_owned):
        with pytest.raises(TryLockError):
            attempt()
    waiting = mutex.lock_owned()
    waker = pending(waiting)
    in_thread(guard.unlock)
    assert waker.wakes == 1
    with pytest.raises(TryLockError):
        mutex.try_lock()  # it is the waiting one's, who was not polled yet
    ready(waiting).unlock()
    with in_thread(mutex.blocking_lock_owned) as guard:
        assert guard.value == "v" and mutex.is_locked()
    assert mutex.try_lock().value == "v"  # the guard is dropped at once
    assert not mutex.is_locked()


def test_an_exception_does_not_poison_a_mutex():
    mutex = Mutex(0)

    async def main():
        with pytest.raises(ZeroDivisionError):
            async with mutex.lock() as guard:
                guard.value = 1
                _ = 1 / 0
        async with mutex as guard:
            return guard.value

    assert mezame.run(main()) == 1


def test_a_cancelled_lock_that_was_granted_goes_to_the_next():
    mutex = Mutex()
    guard = mutex.try_lock()
    first, second = mutex.lock(), mutex.lock()
    pending(first)
    waker = pending(second)
    guard.unlock()
    first.close()
    assert waker.wakes == 1
    ready(second)


# --- Notify ---------------------------------------------------------------------------------------------------------


def test_notify_last_wakes_the_newest():
    notify = Notify()
    futures = [notify.notified() for _ in range(3)]
    wakers = [pending(one) for one in futures]
    notify.notify_last()
    assert [one.wakes for one in wakers] == [0, 0, 1]
    futures[2].close()  # chosen by notify_last: passed on in its manner
    assert [one.wakes for one in wakers] == [0, 1, 1]
    notify.notify_one()
    assert [one.wakes for one in wakers] == [1, 1, 1]


def test_notify_last_without_waiters_stores_the_permit():
    notify = Notify()
    notify.notify_last()
    notify.notify_one()
    ready(notify.notified_owned())
    pending(notify.notified())


def test_enable():
    notify = Notify()
    notified = notify.notified()
    assert not notified.enable() and not notified.enable()
    notify.notify_one()
    pending(notify.notified())  # it was not stored: the enabled one has it
    assert notified.enable()
    assert notified.poll(CountingWaker().cx).is_ready()
    notify.notify_one()


def test_enable_takes_the_place_in_the_queue_and_the_permit():
    notify = Notify()
    early, late = notify.notified(), notify.notified()
    assert not late.enable()
    waker = pending(early)
    notify.notify_one()
    assert waker.wakes == 0 and late.poll(CountingWaker().cx).is_ready()
    notify.notify_one()
    assert waker.wakes == 1
    ready(early)
    notify.notify_one()
    assert notify.notified().enable()
    pending(notify.notified())


def test_enable_keeps_the_waker_of_an_earlier_poll():
    notify = Notify()
    notified = notify.notified()
    waker = pending(notified)
    assert not notified.enable()
    notify.notify_one()
    assert waker.wakes == 1


def test_a_dropped_notified_was_not_notified():
    notify = Notify()
    fresh, waiting = notify.notified(), notify.notified()
    pending(waiting)
    fresh.close()
    waiting.close()
    pending(fresh)
    pending(waiting)
    notify.notify_one()
    assert fresh.poll(CountingWaker().cx).is_ready()


def test_after_notify_waiters_a_dropped_one_passes_nothing_on():
    notify = Notify()
    first = notify.notified()
    pending(first)
    notify.notify_waiters()
    second = notify.notified()
    waker = pending(second)
    first.close()
    assert waker.wakes == 0
    notify.notify_one()
    notify.notify_waiters()
    ready(second)


def test_notify_waiters_leaves_a_stored_permit():
    notify = Notify()
    notify.notify_one()
    notify.notify_waiters()
    ready(notify.notified())
    pending(notify.notified())


def test_a_notification_that_two_drops_pass_on_is_stored_at_last():
    notify = Notify()
    futures = [notify.notified() for _ in range(2)]
    for one in futures:
        pending(one)
    notify.notify_one()
    futures[0].close()
    futures[1].close()
    ready(notify.notified())
