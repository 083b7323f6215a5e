"""Who runs, handles that abort when they go, tasks without an executor."""

import gc
import traceback

import pytest
from polling import CountingWaker, Gate, in_thread

import mezame
from mezame import JoinError, Poll
from mezame.task import AbortOnDropHandle, AtomicWaker, raw_spawn


async def forever(log=None):
    try:
        await mezame.pending()
    finally:
        await mezame.yield_now()
        if log is not None:
            log.append("unwound")


async def settle():
    for _ in range(5):
        await mezame.yield_now()


# --- a failed task -----------------------------------------------------------------------------------------


def frames(error):
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


async def fail_with(error):
    raise error


@pytest.mark.mezame
@pytest.mark.parametrize("made", [mezame.spawn, mezame.future.Shared], ids=["task", "shared"])
async def test_each_await_of_a_failure_begins_with_the_traceback_that_it_ended_with(made):
    """What raises an exception appends to its traceback: without a reset the third await would show the first two."""
    failed = made(fail_with(ValueError("once")))

    async def look():
        try:
            await failed
        except ValueError as error:
            return frames(error)

    first = await look()
    assert first[0] == "look" and first[-1] == "fail_with"
    assert [await look() for _ in range(3)] == [first] * 3


@pytest.mark.mezame
async def test_result_and_exception_show_no_await_that_was_before():
    task = mezame.spawn(fail_with(ValueError("once")))
    error = ValueError()
    for _ in range(2):
        try:
            await task
        except ValueError as caught:
            error = caught
    assert len(frames(error)) > 1
    assert task.exception() is error and frames(error) == ["fail_with"]
    lengths = set()
    for _ in range(3):
        with pytest.raises(ValueError) as caught:
            task.result()
        lengths.add(len(frames(caught.value)))
    assert len(lengths) == 1


@pytest.mark.mezame
async def test_an_exception_that_failed_two_tasks_has_the_traceback_of_the_one_that_is_asked():
    inner = mezame.spawn(fail_with(ValueError("once")))

    async def pass_on():
        await inner

    outer = mezame.spawn(pass_on())
    await settle()
    assert frames(inner.exception()) == ["fail_with"]
    assert frames(outer.exception())[0] == "pass_on"
    assert frames(inner.exception()) == ["fail_with"]


# --- the running task --------------------------------------------------------------------------------------


def test_outside_of_a_task_there_is_no_current_one():
    def look():
        assert mezame.task.try_id() is None and mezame.task.try_current() is None
        for ask in (mezame.task.id, mezame.task.current):
            with pytest.raises(RuntimeError, match="no running task"):
                ask()

    async def root():
        look()
        await mezame.yield_now()
        look()

    look()
    mezame.run(root())
    mezame.block_on(root())


@pytest.mark.mezame
async def test_the_current_task_is_told_apart_over_awaits():
    async def who():
        before = mezame.task.current()
        await mezame.yield_now()
        assert mezame.task.current() is before and mezame.task.id() == before.id
        return before.id, before.name

    handles = [mezame.spawn(who(), name=f"n{n}") for n in range(3)]
    assert [await handle for handle in handles] == [(handle.id, f"n{n}") for n, handle in enumerate(handles)]
    assert len({handle.id for handle in handles}) == 3
    assert mezame.task.try_id() is None


@pytest.mark.mezame
async def test_a_blocking_job_is_a_task_of_its_own():
    handle = mezame.spawn_blocking(mezame.task.id)
    assert await handle == handle.id


# --- AbortOnDropHandle -------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_the_task_goes_with_its_handle():
    log = []
    handle = AbortOnDropHandle(mezame.spawn(forever(log)))
    await settle()
    assert not handle.is_finished()
    del handle
    gc.collect()
    await settle()
    assert log == ["unwound"]


@pytest.mark.mezame
async def test_detach_keeps_the_task():
    gate, done = Gate(), []

    async def work():
        done.append(await gate)

    handle = AbortOnDropHandle(mezame.spawn(work()))
    await settle()
    task = handle.detach()
    with pytest.raises(RuntimeError, match="detached"):
        handle.abort()
    del handle
    gc.collect()
    gate.open(1)
    await task
    assert done == [1]


@pytest.mark.mezame
async def test_awaiting_it_gives_the_result_and_holds_it():
    async def work():
        await mezame.yield_now()
        return 7

    assert await AbortOnDropHandle(mezame.spawn(work())) == 7
    assert await mezame.select(AbortOnDropHandle(mezame.spawn(mezame.ready(8)))) == (0, 8)


@pytest.mark.mezame
async def test_cancelling_the_await_of_a_handle_that_nobody_else_holds_ends_the_task():
    log = []

    async def owner():
        await AbortOnDropHandle(mezame.spawn(forever(log)))

    task = mezame.spawn(owner())
    await settle()
    task.abort()
    await settle()
    gc.collect()
    await settle()
    assert log == ["unwound"]


@pytest.mark.mezame
async def test_async_with_waits_until_the_task_has_unwound():
    log = []
    async with AbortOnDropHandle(mezame.spawn(forever(log))):
        await settle()
    assert log == ["unwound"]


@pytest.mark.mezame
async def test_cancel_gives_the_value_if_it_finished_first():
    done = AbortOnDropHandle(mezame.spawn(mezame.ready(3)))
    await settle()
    assert await done.cancel() == 3
    log = []
    pending = AbortOnDropHandle(mezame.spawn(forever(log)))
    await settle()
    assert await pending.cancel() is None and log == ["unwound"]

    async def fails():
        raise ValueError("own")

    with pytest.raises(ValueError):
        failing = AbortOnDropHandle(mezame.spawn(fails()))
        await settle()
        await failing.cancel()


def test_only_a_task_can_be_owned():
    with pytest.raises(TypeError, match="spawn"):
        AbortOnDropHandle(3)


# --- AtomicWaker -------------------------------------------------------------------------------------------


def test_an_atomic_waker_has_one_slot():
    slot, one, two = AtomicWaker(), CountingWaker(), CountingWaker()
    slot.wake()
    slot.register(one.waker)
    slot.register(two.waker)
    slot.wake()
    slot.wake()
    assert (one.wakes, two.wakes) == (0, 1)
    slot.register(one.waker)
    assert slot.take() is one.waker and slot.take() is None
    slot.wake()
    assert one.wakes == 0


def test_a_completion_in_another_thread_is_not_missed():
    for _ in range(200):
        slot, ready = AtomicWaker(), []

        class Leaf(mezame.Future):
            def poll(self, cx, slot=slot, ready=ready):
                slot.register(cx.waker)
                return Poll.Ready(ready[0]) if ready else Poll.Pending

        def complete(slot=slot, ready=ready):
            ready.append(1)
            slot.wake()

        async def main(leaf=Leaf, complete=complete):
            job = mezame.spawn_blocking(complete)
            assert await leaf() == 1
            await job

        mezame.run(main())


# --- raw_spawn ---------------------------------------------------------------------------------------------


def make(future, queue):
    runnable, task = raw_spawn(future, queue.append)
    return runnable, task


def test_each_wake_of_the_idle_task_schedules_it_once():
    queue, gate = [], Gate()
    runnable, task = make(gate, queue)
    assert queue == [] and not runnable.run()
    for _ in range(3):
        gate.wake()
    assert len(queue) == 1
    assert not queue.pop().run()
    assert gate.polls == 2
    gate.open("value")
    assert not queue.pop().run()
    assert task.is_finished() and task.result() == "value" and queue == []


def test_run_tells_that_it_was_woken_meanwhile_and_never_schedules_while_it_runs():
    queue = []

    def poll(cx):
        cx.waker.wake()
        cx.waker.wake()
        assert queue == []
        return Poll.Pending

    runnable, _task = make(mezame.poll_fn(poll), queue)
    assert runnable.run() and len(queue) == 1
    assert queue.pop().run() and len(queue) == 1
    del queue[:]


def test_a_runnable_is_one_permission():
    queue = []
    runnable, _task = make(Gate(), queue)
    runnable.schedule()
    for use in (runnable.run, runnable.schedule, runnable.waker):
        with pytest.raises(RuntimeError, match="already"):
            use()
    assert len(queue) == 1 and not queue[0].run()
    with pytest.raises(TypeError, match="raw_spawn"):
        type(runnable)()


def test_the_waker_of_a_runnable_is_that_of_the_task():
    queue = []
    gate = Gate()
    runnable, _task = make(gate, queue)
    waker = runnable.waker()
    runnable.run()
    assert waker.will_wake(gate.waker)
    waker.wake()
    assert len(queue) == 1
    queue.pop().run()


def test_dropping_a_runnable_cancels_its_task():
    queue, log = [], []

    async def work():
        try:
            await gate
        except mezame.CancelledError:
            log.append("cancelled")
            raise

    gate = Gate()
    runnable, task = make(work(), queue)
    runnable.run()
    gate.wake()
    queue.clear()
    gc.collect()
    assert log == ["cancelled"] and gate.closes == 1
    assert task.cancelled()
    with pytest.raises(JoinError):
        task.result()
    never, task = make(work(), queue)
    del never
    gc.collect()
    assert task.cancelled() and log == ["cancelled"]


def test_aborting_a_raw_task_schedules_it_to_unwind():
    queue, log = [], []
    runnable, task = make(forever(log), queue)
    runnable.run()
    task.abort()
    assert len(queue) == 1 and not task.is_finished()
    while queue:
        queue.pop().run()
    assert log == ["unwound"] and task.cancelled()


def test_a_schedule_function_that_raises_is_reported_and_the_task_cancelled(caplog):
    def refuse(runnable):
        raise OSError("full")

    gate = Gate()
    runnable, task = raw_spawn(gate, refuse)
    runnable.run()
    gate.wake()
    assert "full" in caplog.text and task.cancelled()
    with pytest.raises(TypeError, match="function"):
        raw_spawn(gate, None)


def test_a_failure_goes_to_the_handle_and_an_interrupt_also_to_run(caplog):
    async def fail(kind):
        raise kind("x")

    runnable, task = make(fail(ValueError), [])
    assert not runnable.run()
    with pytest.raises(ValueError):
        task.result()
    runnable, task = make(fail(KeyboardInterrupt), [])
    with pytest.raises(KeyboardInterrupt):
        runnable.run()
    runnable, task = make(fail(OSError), [])
    runnable.run()
    del runnable, task
    gc.collect()
    assert "test_task_handles.py" in caplog.text


@pytest.mark.mezame
async def test_a_raw_task_inside_of_a_task_leaves_the_outer_one_as_it_was():
    async def outer():
        before = mezame.task.id()

        async def inner():
            return mezame.task.id()

        runnable, task = raw_spawn(inner(), lambda runnable: runnable.run())
        runnable.run()
        assert task.result() == task.id != before
        assert mezame.task.id() == before
        await mezame.sleep(0)

    await mezame.spawn(outer())


def test_wakes_from_other_threads_make_one_runnable_at_a_time():
    import threading

    queue, gate = [], Gate()
    runnable, _task = make(gate, queue)
    runnable.run()
    for _ in range(50):
        waker = gate.waker
        barrier = threading.Barrier(4)

        def wake(waker=waker, barrier=barrier):
            barrier.wait()
            waker.wake()

        threads = [threading.Thread(target=wake) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(queue) == 1
        queue.pop().run()


# --- what a task can be spawned on -------------------------------------------------------------------------


def test_spawn_is_a_protocol():
    with mezame.Runtime() as runtime:
        for one in (runtime, runtime.handle(), mezame.Executor()):
            assert isinstance(one, mezame.task.Spawn)
    assert not isinstance(3, mezame.task.Spawn)


def test_block_in_place_calls_where_it_may():
    async def main():
        with pytest.raises(RuntimeError, match="spawn_blocking"):
            mezame.task.block_in_place(int)
        return await mezame.spawn_blocking(mezame.task.block_in_place, int, "4")

    assert mezame.run(main()) == 4
    assert in_thread(lambda: mezame.task.block_in_place(pow, 2, exp=3)) == 8


def test_cooperative_takes_units_and_refunds_them():
    polls = []

    class Free(mezame.Future):
        def __init__(self):
            self.left = 300

        def poll(self, cx):
            while self.left:
                self.left -= 1
                cx.waker.wake()
                return Poll.Pending
            return Poll.Ready(None)

    async def main():
        for _ in range(300):
            await mezame.task.cooperative(mezame.ready(1))

    def counted(cx):
        polls.append(1)
        return inner.poll(cx)

    inner = mezame.into_future(main())
    mezame.run(mezame.poll_fn(counted))
    assert len(polls) == 3  # 128 + 128 + 44

    async def pending_ones():
        left = Free()
        for _ in range(200):
            mezame.task.cooperative(left).poll(mezame.Context.from_waker(mezame.Waker.noop()))
        return mezame.task.has_budget_remaining()

    assert mezame.run(pending_ones())
