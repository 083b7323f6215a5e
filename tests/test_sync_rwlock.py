"""RwLock: the one queue of readers and writers, downgrade, guards."""

import gc
import threading

import pytest
from polling import CountingWaker, in_thread

import mezame
from mezame.sync import RwLock, TryLockError


def ready(future):
    return future.poll(CountingWaker().cx).value


def pending(future):
    waker = CountingWaker()
    assert future.poll(waker.cx).is_pending()
    return waker


def test_many_read_or_one_writes():
    lock = RwLock("v")
    one, two = lock.try_read(), ready(lock.read())
    assert one.value == two.value == "v"
    with pytest.raises(TryLockError):
        lock.try_write()
    writing = lock.write()
    waker = pending(writing)
    one.unlock()
    one.unlock()
    assert waker.wakes == 0
    two.unlock()
    assert waker.wakes == 1
    guard = ready(writing)
    guard.value = "w"
    for attempt in (lock.try_read, lock.try_write, lock.try_read_owned, lock.try_write_owned):
        with pytest.raises(TryLockError):
            attempt()
    guard.unlock()
    assert lock.try_read_owned().value == "w" and lock.into_inner() == "w"
    for use in (lambda: guard.value, lambda: setattr(guard, "value", 1), guard.downgrade, lambda: one.value):
        with pytest.raises(RuntimeError, match="released"):
            use()
    assert "released" in repr(guard)


def test_a_waiting_writer_holds_up_later_readers_and_a_dropped_one_lets_them_go_on():
    lock = RwLock()
    held = lock.try_read()
    writing, reading = lock.write(), lock.read_owned()
    w, r = pending(writing), pending(reading)
    with pytest.raises(TryLockError):
        lock.try_read()
    writing.close()
    assert (w.wakes, r.wakes) == (0, 1)
    assert ready(reading).value is None
    del held


def test_downgrade_lets_readers_in_and_no_writer_between():
    lock = RwLock(0)
    guard = lock.try_write()
    first, writing, last = lock.read(), lock.write(), lock.read()
    a, w, z = pending(first), pending(writing), pending(last)
    guard.value = 1
    reading = guard.downgrade()
    assert (a.wakes, w.wakes, z.wakes) == (1, 0, 0) and reading.value == 1
    guard.unlock()  # released already: nothing
    ready(first).unlock()
    reading.unlock()
    assert (w.wakes, z.wakes) == (1, 0)
    ready(writing).unlock()
    assert z.wakes == 1
    ready(last)


def test_max_readers():
    lock = RwLock(max_readers=2)
    assert lock.max_readers() == 2
    guards = [lock.try_read(), lock.try_read()]
    with pytest.raises(TryLockError):
        lock.try_read()
    del guards
    gc.collect()
    single = RwLock(max_readers=1)
    reading = single.try_write().downgrade()
    with pytest.raises(TryLockError):
        single.try_read()
    reading.unlock()
    for bad in (0, 2**29):
        with pytest.raises(ValueError, match=str(bad)):
            RwLock(max_readers=bad)


def test_blocks_release_also_after_an_exception():
    async def main():
        lock = RwLock([])
        with pytest.raises(ZeroDivisionError):
            async with lock.write() as guard:
                guard.value.append(1)
                _ = 1 / 0
        async with lock.read() as one:
            with lock.try_read() as two:
                assert one.value is two.value
        async with lock.write_owned() as guard:
            reading = guard.downgrade()
        assert reading.value == [1]  # the block released the writer only
        with pytest.raises(TryLockError):
            lock.try_write()
        reading.unlock()
        for call in (lock.blocking_read, lock.blocking_write):
            with pytest.raises(RuntimeError, match="would stop the runtime's thread"):
                call()
        lock.try_write().unlock()

    mezame.run(main())


def test_blocking_calls_and_a_release_in_another_thread():
    lock = RwLock(1)
    guard = in_thread(lock.blocking_write)
    reading = lock.read()
    waker = pending(reading)
    in_thread(guard.unlock)
    assert waker.wakes == 1 and ready(reading).value == in_thread(lock.blocking_read).value == 1


def test_threads_that_read_never_see_half_a_write():
    lock = RwLock([0, 0])
    bad = []

    async def write():
        async with lock.write() as guard:
            guard.value[0] += 1
            guard.value[1] += 1

    async def read():
        async with lock.read() as guard:
            one, two = guard.value
            if one != two:
                bad.append((one, two))

    def work(step):
        for _ in range(150):
            mezame.block_on(step())

    threads = [threading.Thread(target=work, args=(step,)) for step in (write, write, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bad == [] and lock.into_inner() == [300, 300]
    lock.try_write().unlock()


# --- upgradable reading -----------------------------------------------------------------------------------------------


def test_one_upgradable_reader_beside_plain_ones():
    lock = RwLock(0)
    guard = lock.try_upgradable_read()
    plain = lock.try_read()
    with pytest.raises(TryLockError):
        lock.try_upgradable_read()
    with pytest.raises(TryLockError):
        lock.try_write()
    with pytest.raises(TryLockError):
        guard.try_upgrade()
    assert guard.value == 0 and "held" in repr(guard)
    plain.unlock()
    writing = guard.try_upgrade()
    with pytest.raises(TryLockError):
        lock.try_read()
    with pytest.raises(RuntimeError, match="released"):
        _ = guard.value
    guard.unlock()  # released already: the writer keeps all
    with pytest.raises(TryLockError):
        lock.try_read()
    writing.value = 1
    again = writing.downgrade_to_upgradable()
    with pytest.raises(RuntimeError, match="released"):
        writing.downgrade_to_upgradable()
    assert again.value == 1 and lock.try_read().value == 1
    with pytest.raises(TryLockError):
        lock.try_upgradable_read()
    reading = again.downgrade()
    with lock.try_upgradable_read():
        assert reading.value == 1
    reading.unlock()
    lock.try_write().unlock()


def test_an_upgrade_goes_ahead_of_a_waiting_writer_and_takes_what_it_gathered():
    lock = RwLock(0, max_readers=4)
    guard, plain = lock.try_upgradable_read(), lock.try_read()
    writing, reading = lock.write(), lock.read()
    w, r = pending(writing), pending(reading)  # the writer has gathered the two free permits
    upgrade = mezame.into_future(guard.upgrade())
    u = pending(upgrade)
    plain.unlock()
    assert (u.wakes, w.wakes, r.wakes) == (1, 0, 0)
    upgraded = upgrade.poll(u.cx).value
    upgraded.value = 1
    upgraded.unlock()
    assert (w.wakes, r.wakes) == (1, 0)
    ready(writing).unlock()
    assert ready(reading).value == 1


def test_try_upgrade_goes_ahead_as_well():
    lock = RwLock(max_readers=3)
    guard = lock.try_upgradable_read()
    writing = lock.write()
    w = pending(writing)
    guard.try_upgrade().unlock()
    assert w.wakes == 1
    ready(writing).unlock()
    lock.try_write().unlock()


def test_a_cancelled_upgrade_leaves_the_guard_and_gives_back_what_it_took():
    lock = RwLock(max_readers=3)
    guard, plain = lock.try_upgradable_read(), lock.try_read()
    reading = lock.read()
    upgrade = mezame.into_future(guard.upgrade())
    pending(upgrade)
    r = pending(reading)
    upgrade.close()
    assert r.wakes == 1 and guard.value is None
    ready(reading).unlock()
    plain.unlock()
    guard.try_upgrade().unlock()
    lock.try_write().unlock()


def test_an_upgradable_read_waits_for_the_token_without_a_permit():
    lock = RwLock(max_readers=2)
    guard = lock.try_upgradable_read()
    second = mezame.into_future(lock.upgradable_read())
    waker = pending(second)
    writing = guard.try_upgrade()  # the one that waits does not hold this up
    assert waker.wakes == 1 and second.poll(waker.cx).is_pending()
    writing.unlock()
    second.poll(waker.cx).value.unlock()
    lock.try_write().unlock()


def test_a_lock_of_one_reader_upgrades_too():
    lock = RwLock(0, max_readers=1)

    async def main():
        async with lock.upgradable_read() as guard:
            with await guard.upgrade() as writing:
                writing.value = 5
        async with lock.upgradable_read() as guard:
            reading = guard.downgrade()
        assert reading.value == 5
        reading.unlock()

    mezame.run(main())
    lock.try_write().unlock()


def test_upgrading_a_released_guard_takes_nothing():
    lock = RwLock(max_readers=3)
    guard = lock.try_upgradable_read()
    guard.unlock()
    for call in (guard.try_upgrade, guard.downgrade, lambda: mezame.block_on(guard.upgrade())):
        with pytest.raises(RuntimeError, match="released"):
            call()
    lock.try_write().unlock()


def test_threads_that_upgrade_lose_no_change():
    lock = RwLock(0)

    async def add():
        async with lock.upgradable_read() as guard:
            before = guard.value
            with await guard.upgrade() as writing:
                assert writing.value == before
                writing.value = before + 1

    async def read():
        async with lock.read() as guard:
            return guard.value

    def work(step):
        for _ in range(100):
            mezame.block_on(step())

    threads = [threading.Thread(target=work, args=(step,)) for step in (add, add, read, add)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lock.into_inner() == 300
