"""The hand-over of a worker's core (``block_in_place``): the invariants at the top of ``scheduler/worker.py``."""

import threading

import pytest
from polling import PATIENCE, wait_until

import mezame
from mezame import Context, Waker
from mezame.runtime import Handle, worker_index
from mezame.task import LocalSet, block_in_place, raw_spawn, spawn_local


def run(future, workers=1, **options):
    """``future`` as a task on a worker. A task that is lost fails the test instead of holding it up."""
    rt = mezame.Runtime("multi_thread", worker_threads=workers, **options)
    try:
        return rt.block_on(mezame.timeout(PATIENCE, rt.spawn(future)))
    finally:
        rt.close(timeout=1)


def give_core_away():
    """A ``block_in_place`` that ends when another thread has the core of this one."""
    handle, index, mine = Handle.current(), worker_index(), threading.get_ident()
    block_in_place(wait_until, lambda: handle.metrics().workers[index].thread_id not in (0, mine))


# --- 1: whose core it is -------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_a_core_that_went_away_below_a_runnable_is_nobodys_here_any_more(workers):
    """What is spawned and woken after it has to reach the thread that has the core."""

    async def inner():
        give_core_away()

    async def main():
        notify = mezame.sync.Notify()
        waiter = mezame.spawn(notify.notified())
        runnable, task = raw_spawn(inner(), lambda runnable: runnable.run())
        runnable.run()
        assert task.is_finished()
        executor = Handle.current().executor
        wait_until(lambda: executor.is_parked)  # who has the core now sleeps: it has to be woken
        notify.notify_one()
        wait_until(waiter.is_finished)
        wait_until(lambda: executor.is_parked)
        wait_until(mezame.spawn(mezame.ready(1)).is_finished)
        await mezame.yield_now()
        return await mezame.spawn(mezame.ready(2))

    assert run(main(), workers) == 2


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_block_in_place_inside_of_a_local_set_says_what_to_do(flavor):
    async def local_task():
        with pytest.raises(RuntimeError, match="LocalSet: await spawn_blocking"):
            block_in_place(int)

    async def inside():
        await local_task()
        await spawn_local(local_task())

    async def main():
        await LocalSet().run_until(inside())

    mezame.run(main(), flavor=flavor)


def test_a_local_set_that_is_only_entered_does_not_mind_block_in_place():
    async def main():
        with LocalSet().enter():
            return block_in_place(int, "5")

    assert mezame.run(main(), flavor="multi_thread", worker_threads=1) == 5


# --- 2: only in a poll ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_in_a_park_hook_it_just_calls(workers):
    started, called = [], []

    def on_park():
        if not called:
            block_in_place(called.append, threading.get_ident())

    async def main():
        for _ in range(3):
            await mezame.sleep(0.001)

    run(main(), workers, on_thread_park=on_park, on_thread_start=lambda: started.append(threading.get_ident()))
    assert len(started) == workers, "no thread took a core over"
    assert called[0] in started


@pytest.mark.parametrize("workers", [1, 2])
def test_in_a_waker_that_the_driver_calls_it_just_calls(workers):
    started, called = [], threading.Event()

    async def main():
        sleep = mezame.sleep(0.001)
        sleep.poll(Context.from_waker(Waker.from_callable(lambda: block_in_place(called.set))))
        while not called.is_set():
            await mezame.sleep(0.001)
        return 7

    assert run(main(), workers, on_thread_start=lambda: started.append(1)) == 7
    assert len(started) == workers


# --- 3: no thread to be had ----------------------------------------------------------------------------------


def test_a_hand_over_that_gets_no_thread_leaves_the_core_where_it_is(monkeypatch):
    start = threading.Thread.start
    names = []

    def refuses(self):
        if self.name.startswith("few"):
            raise RuntimeError("can't start new thread")
        start(self)

    def name():
        names.append(f"few-{len(names)}")
        if len(names) == 2:
            raise ValueError("no name")
        return names[-1]

    async def other():
        return threading.current_thread().name

    async def main():
        called = []
        with pytest.raises(RuntimeError, match=r"worker 0.*no name.*spawn_blocking"):
            block_in_place(called.append, 1)
        monkeypatch.setattr(threading.Thread, "start", refuses)
        with pytest.raises(RuntimeError, match=r"worker 0.*can't start new thread.*spawn_blocking"):
            block_in_place(called.append, 1)
        monkeypatch.undo()
        assert not called
        assert await mezame.spawn(other()) == "few-0", "the same thread goes on"
        give_core_away()
        return await mezame.spawn(other())

    assert run(main(), thread_name=name) == "few-3"


# --- 4: what is counted --------------------------------------------------------------------------------------


def test_what_is_counted_of_a_worker_goes_on_with_its_core():
    def counters(rt):
        worker = rt.metrics().workers[0]
        return worker.total_busy_duration, rt.metrics().driver_turns_count, worker.poll_count, worker.mean_poll_time

    async def turns():
        for _ in range(200):
            await mezame.yield_now()

    async def gives():
        give_core_away()

    with mezame.Runtime("multi_thread", worker_threads=1) as rt:
        rt.block_on(rt.spawn(turns()))
        before = counters(rt)
        assert all(before)
        rt.block_on(rt.spawn(gives()))
        after = counters(rt)
        assert all(new >= old for new, old in zip(after[:3], before[:3], strict=True))
        assert after[3] > 0
        executor = rt.handle().executor
        wait_until(lambda: executor.is_parked)
        assert executor.busy_ns >= before[0] * 1e9


def test_the_slot_is_in_use_again_after_a_hand_over_in_its_third_poll():
    async def main():
        async def note(log, n):
            log.append(n)

        async def order():
            log = []
            for handle in [mezame.spawn(note(log, n)) for n in range(2)]:
                await handle
            return log

        async def chain(n):
            if n:
                mezame.spawn(chain(n - 1))
            else:
                give_core_away()
                done.cancel()

        done = mezame.sync.CancellationToken()
        before = await mezame.spawn(order())
        mezame.spawn(chain(3))
        await done.cancelled()
        return before, await mezame.spawn(order())

    assert run(main()) == ([1, 0], [1, 0])


# --- 5: the end ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [False, True])
def test_a_task_whose_blocking_call_returns_after_the_close_is_dropped(told):
    """It was told of the close before, and is at rest after its poll; or it was not, and would be polled again."""
    begun, go_on, log = threading.Event(), threading.Event(), []

    async def blocks():
        try:
            if told:
                with pytest.raises(mezame.CancelledError):
                    begun.set()
                    await mezame.pending()
            block_in_place(lambda: (begun.set(), go_on.wait(PATIENCE)))
            await mezame.pending()
            log.append("went on")
        finally:
            log.append("unwound")

    rt = mezame.Runtime("multi_thread", worker_threads=1)
    task = rt.spawn(blocks())
    assert begun.wait(PATIENCE)
    assert [left.id for left in rt.close(timeout=0.05).tasks] == [task.id]
    go_on.set()
    wait_until(task.is_finished)
    assert task.cancelled()
    assert log == ["unwound"]
    assert len(rt.handle().executor) == 0


# --- the root ------------------------------------------------------------------------------------------------


def test_in_the_root_it_just_calls_and_may_block_on():
    async def other():
        return threading.get_ident()

    with mezame.Runtime("multi_thread", worker_threads=1) as rt:

        async def main():
            ident = block_in_place(rt.block_on, rt.spawn(other()))
            assert ident != threading.get_ident()
            with pytest.raises(ZeroDivisionError):
                block_in_place(lambda: 1 / 0)
            with pytest.raises(mezame.EnterError):
                rt.block_on(mezame.ready(1))
            await mezame.yield_now()
            return block_in_place(threading.get_ident)

        assert rt.block_on(main()) == threading.get_ident()
    assert mezame.block_on(main_of_no_runtime()) == 4


async def main_of_no_runtime():
    return block_in_place(int, "4")


def test_a_close_that_comes_before_the_first_poll_of_a_root_sees_it():
    with mezame.Runtime("multi_thread", worker_threads=1) as rt:
        executor = rt.handle().executor

        async def root():
            return await rt.spawn(mezame.ready(3))

        def close(_):
            with pytest.raises(mezame.EnterError):
                executor.close()

        assert executor.block_on(root(), close) == 3
    late = root()
    with pytest.raises(mezame.RuntimeClosedError):
        executor.block_on(late)
    assert late.cr_frame is None, "closed, and not forgotten"
    assert not executor.roots
