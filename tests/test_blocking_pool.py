"""The blocking pool by itself: who is sent, who ends, what is never left lying."""

import gc
import threading
import weakref

import pytest
from polling import PATIENCE, wait_until

from mezame.errors import JoinError
from mezame.scheduler import blocking
from mezame.scheduler.blocking import BlockingPool, Seat


def finish(*tasks):
    import mezame

    async def all_of(tasks):
        return [await task for task in tasks]

    return mezame.block_on(all_of(tasks))


@pytest.fixture
def pool():
    made = []

    def make(**options):
        made.append(BlockingPool(**options))
        return made[-1]

    yield make
    for one in made:
        one.close(5.0)


def test_jobs_that_wait_for_each_other_all_get_a_thread(pool):
    """Sending one at a time still sends as many as there are jobs that block."""
    one = pool(limit=20)
    barrier = threading.Barrier(20, timeout=10)
    finish(*[one.submit(barrier.wait, (), {}, None) for _ in range(20)])
    assert one.stats()["threads"] == 20


def test_the_limit_holds_and_what_is_beyond_waits_in_order(pool):
    one = pool(limit=2)
    go = threading.Event()
    order = []
    held = [one.submit(go.wait, (10,), {}, None) for _ in range(2)]
    queued = [one.submit(order.append, (number,), {}, None) for number in range(50)]
    wait_until(lambda: one.stats()["queued"] == 50)
    assert one.stats()["threads"] == 2 and order == []
    go.set()
    finish(*held, *queued)
    assert sorted(order) == list(range(50))
    assert one.stats()["threads"] == 2


def test_one_thread_at_a_time_is_on_its_way(pool):
    """Many jobs that are queued while a thread is on its way bring no other one: it sends the next when it is there."""
    gate = threading.Event()
    one = pool(limit=50, on_start=lambda: gate.wait(10))
    tasks = [one.submit(len, ((),), {}, None) for _ in range(50)]
    assert one.stats() == {"threads": 1, "idle": 0, "queued": 50}
    gate.set()
    assert finish(*tasks) == [0] * 50


def test_who_worked_last_is_sent_first(pool):
    one = pool(limit=3)
    barrier = threading.Barrier(3, timeout=10)
    finish(*[one.submit(barrier.wait, (), {}, None) for _ in range(3)])
    wait_until(lambda: one.stats()["idle"] == 3)
    last = one._idle[-1]
    (name,) = finish(one.submit(threading.get_ident, (), {}, None))
    wait_until(lambda: one.stats()["idle"] == 3)
    assert one._idle[-1] is last
    assert finish(one.submit(threading.get_ident, (), {}, None)) == [name]


def test_an_idle_thread_ends_after_keep_alive(pool):
    one = pool(limit=3, keep_alive=0.0)
    finish(one.submit(len, ((),), {}, None))
    wait_until(lambda: one.stats() == {"threads": 0, "idle": 0, "queued": 0})
    assert finish(one.submit(len, ((1,),), {}, None)) == [1]


def test_a_thread_that_is_sent_at_the_end_of_its_sleep_comes(pool, monkeypatch):
    """The race of keep_alive and submit: its time is up, and somebody takes it before it has the lock."""
    slept = threading.Event()
    go_on = threading.Event()

    class LateSeat(Seat):
        def sleep(self, timeout):
            if timeout == 0:
                return super().sleep(0)
            slept.set()
            assert go_on.wait(10)
            return False  # the time is up, whatever happened meanwhile

    monkeypatch.setattr(blocking, "Seat", LateSeat)
    one = pool(limit=1)
    finish(one.submit(len, ((),), {}, None))
    assert slept.wait(10)
    task = one.submit(len, ((1, 2),), {}, None)  # takes the seat out
    assert one.stats() == {"threads": 1, "idle": 0, "queued": 1}
    slept.clear()
    go_on.set()
    assert finish(task) == [2]


def test_closing_ends_the_idle_and_drops_the_queued():
    one = BlockingPool(limit=1)
    go = threading.Event()
    held = one.submit(go.wait, (10,), {}, None)
    wait_until(lambda: not one.stats()["queued"])
    queued = one.submit(len, ((),), {}, None)
    assert one.close(0.0) == [next(iter(one._threads)).name]
    assert queued.is_finished() and not held.is_finished()
    go.set()
    assert one.close(10.0) == []
    assert held.is_finished() and one.stats()["threads"] == 0
    late = one.submit(len, ((),), {}, None)
    assert late.is_finished() and late.cancelled()


def held_pool(**options):
    """A pool of one thread that is at work until the event is set, and that event."""
    one = BlockingPool(limit=1, **options)
    go = threading.Event()
    held = one.submit(go.wait, (10,), {}, None)
    wait_until(lambda: not one.stats()["queued"])
    return one, go, held


def test_closing_runs_the_mandatory_ones_in_order_and_drops_the_plain_ones():
    one, go, _held = held_pool()
    order = []
    queued = [one.submit(order.append, (number,), {}, None, mandatory=number % 2 == 1) for number in range(6)]
    assert one.close(0.0) != []
    assert [task.cancelled() for task in queued] == [True, False] * 3
    assert order == [] and one.stats()["queued"] == 3
    go.set()
    assert one.close(10.0) == []
    assert order == [1, 3, 5]
    assert one._mandatory == set()


def test_mandatory_jobs_that_wait_for_each_other_have_their_threads_also_after_close():
    one = BlockingPool(limit=20, on_start=lambda: gate.wait(10))
    gate = threading.Event()
    barrier = threading.Barrier(20, timeout=10)
    tasks = [one.submit(barrier.wait, (), {}, None, mandatory=True) for _ in range(20)]
    assert one.stats() == {"threads": 1, "idle": 0, "queued": 20}
    assert len(one.close(0.0)) == 1
    gate.set()
    assert sorted(finish(*tasks)) == list(range(20))
    assert one.close(10.0) == []


def test_after_close_a_mandatory_job_is_refused_too():
    one, go, _held = held_pool()
    go.set()
    assert one.close(10.0) == []
    late = one.submit(len, ((),), {}, None, mandatory=True)
    assert late.cancelled() and one._mandatory == set()


def test_an_aborted_mandatory_job_is_gone():
    one, go, held = held_pool()
    task = one.submit(pytest.fail, ("it ran",), {}, None, mandatory=True)
    task.abort()
    go.set()
    with pytest.raises(JoinError):
        finish(task)
    assert finish(held) == [True] and one.close(10.0) == [] and one._mandatory == set()


def test_a_system_without_threads_fails_the_job_not_the_pool(pool, monkeypatch):
    one = pool(limit=4)

    def no_thread(self):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            one.submit(len, ((),), {}, None)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            one.submit(len, ((),), {}, None, mandatory=True)
        assert one.stats() == {"threads": 0, "idle": 0, "queued": 0} and one._mandatory == set()
    assert finish(one.submit(len, ((),), {}, None)) == [0]


def test_with_one_thread_left_a_refused_start_costs_nothing(pool, monkeypatch):
    one = pool(limit=4)
    go = threading.Event()
    held = one.submit(go.wait, (10,), {}, None)
    wait_until(lambda: not one.stats()["queued"])

    def no_thread(self):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        waiting = one.submit(len, ((),), {}, None)
        go.set()
        assert finish(held, waiting) == [True, 0]


def test_an_idle_thread_keeps_nothing_of_its_last_job(pool):
    class Large:
        pass

    gone = threading.Event()

    def job():
        made = Large()
        weakref.finalize(made, gone.set)
        return made

    one = pool()
    task = one.submit(job, (), {}, None)
    finish(task)
    del task
    gc.collect()  # interpreted, frames and their tasks are cycles
    assert gone.wait(5), "the result is kept until the idle thread ends, 10 s later"


def test_close_without_time_names_who_works_and_not_who_was_idle():
    """An idle thread is woken by ``close`` and ends by itself."""
    release = threading.Event()
    pool = BlockingPool(name=iter(["busy", "idle"]).__next__)
    busy = threading.Event()

    def work():
        busy.set()
        release.wait()

    pool.submit(work, (), {}, None)
    assert busy.wait(PATIENCE)
    done = pool.submit(len, ("",), {}, None)
    wait_until(lambda: done.is_finished() and pool.stats()["idle"] == 1)
    try:
        assert pool.close(0.0) == ["busy"]
        assert pool.close(0.0) == ["busy"]
    finally:
        release.set()
    assert pool.close() == []


def test_close_without_time_does_not_name_the_thread_of_a_job_that_it_drops():
    started, go_on = threading.Event(), threading.Event()

    def on_start():
        started.set()
        assert go_on.wait(PATIENCE)

    pool = BlockingPool(name=lambda: "on its way", on_start=on_start)
    task = pool.submit(len, ("",), {}, None)
    assert started.wait(PATIENCE)
    threading.Timer(0.01, go_on.set).start()  # while ``close`` waits for it, or before
    assert pool.close(0.0) == []
    assert task.cancelled()


def test_close_names_an_idle_thread_that_does_not_end():
    release = threading.Event()
    pool = BlockingPool(name=lambda: "idle", on_stop=release.wait)
    done = pool.submit(len, ("",), {}, None)
    wait_until(lambda: done.is_finished() and pool.stats()["idle"] == 1)
    try:
        assert pool.close(0.0) == ["idle"]
    finally:
        release.set()
    assert pool.close() == []
