"""Who holds a task, who does not, and what the garbage collector is spared."""

import gc
import threading
import weakref

import pytest

import mezame
from mezame import Executor
from mezame.core import poll as poll_module

COMPILED = hasattr(poll_module, "__pyx_capi__")


class Marker:
    """Something that a coroutine refers to, and that we can see go."""


def parked(marker):
    async def wait():
        kept = marker
        await mezame.pending()
        return kept

    return wait()


def collect():
    for _ in range(3):
        gc.collect()


def test_a_dropped_executor_drops_its_pending_tasks():
    executor = Executor()
    marker = Marker()
    gone = weakref.ref(marker)
    for _ in range(3):
        executor.spawn(parked(marker))
    executor.run_until_stalled()
    del marker
    assert gone() is not None
    del executor
    collect()
    assert gone() is None


def test_a_wake_after_the_executor_was_dropped_finds_a_closed_door():
    executor = Executor()
    wakers = []

    class Leaf(mezame.Future):
        def poll(self, cx):
            wakers.append(cx.waker)
            return mezame.Poll.Pending

    async def wait():
        await Leaf()

    handles = [executor.spawn(wait()) for _ in range(4)]
    executor.run_until_stalled()
    del executor
    collect()
    for waker in wakers:  # as from a driver or a channel that is still there
        waker.wake()
    assert [handle.is_finished() for handle in handles] == [False] * 4
    del handles
    collect()


def test_wakes_from_another_thread_while_the_executor_is_dropped():
    def wake_all(wakers):
        for waker in wakers:
            waker.wake()

    for _ in range(50):
        executor = Executor()
        wakers = []

        class Leaf(mezame.Future):
            def poll(self, cx, wakers=wakers):
                wakers.append(cx.waker)
                return mezame.Poll.Pending

        async def wait(leaf):
            await leaf

        handles = [executor.spawn(wait(Leaf())) for _ in range(20)]
        executor.run_until_stalled()
        thread = threading.Thread(target=wake_all, args=(wakers,))
        thread.start()
        del executor
        thread.join()
        del handles


def test_queued_tasks_of_a_closed_executor_are_taken_out_of_its_queues():
    executor = Executor()

    class Stubborn(mezame.Future):
        def poll(self, cx):
            cx.waker.wake()
            return mezame.Poll.Pending

    async def refuse():
        while True:
            try:
                await Stubborn()
            except mezame.CancelledError:
                pass

    for _ in range(3):
        executor.spawn(refuse())
    for _ in range(3):
        assert executor.try_tick()
    left = executor.close(timeout=0.01)
    assert len(left) == 3 and executor.queue_depth == 0
    assert all(task.is_finished() for task in left)


@pytest.mark.skipif(not COMPILED, reason="interpreted, the collector sees all")
def test_a_live_task_is_hidden_from_the_collector_and_a_finished_one_is_not():
    executor = Executor()
    gate = mezame.sync.Notify()

    async def give():
        await gate.notified()
        return [1]

    coroutine = give()
    task = executor.spawn(coroutine)
    context = task.get_context()
    executor.run_until_stalled()
    assert not any(map(gc.is_tracked, (task, coroutine, context)))
    gate.notify_one()
    executor.run()
    assert task.result() == [1]
    assert all(map(gc.is_tracked, (task, coroutine, context)))


@pytest.mark.skipif(not COMPILED, reason="interpreted, the collector sees all")
def test_a_task_whose_result_is_no_container_stays_hidden():
    executor = Executor()

    async def give():
        return 1

    task = executor.spawn(give())
    executor.run()
    assert task.result() == 1 and not gc.is_tracked(task)


def test_a_finished_task_in_a_cycle_is_collected():
    executor = Executor()
    box = []
    marker = Marker()
    gone = weakref.ref(marker)

    async def give(*values):
        return values

    box.append(executor.spawn(give(box, marker)))
    executor.run()
    del box, marker
    collect()
    assert gone() is None


def test_a_failed_task_in_a_cycle_is_collected(capsys):
    executor = Executor()
    marker = Marker()
    gone = weakref.ref(marker)
    box = []

    async def fail(*kept):
        raise ValueError(len(kept))

    box.append(executor.spawn(fail(box, marker)))
    executor.run()
    with pytest.raises(ValueError):
        box[0].result()
    del box, marker
    collect()
    assert gone() is None


def test_a_coroutine_that_somebody_else_holds_outlives_its_task():
    executor = Executor()
    marker = Marker()
    gone = weakref.ref(marker)
    coroutine = parked(marker)
    executor.spawn(coroutine)
    executor.run_until_stalled()
    del marker
    executor.close()
    assert coroutine.cr_frame is None  # it was unwound; the object is ours
    del coroutine, executor
    collect()
    assert gone() is None


def test_one_coroutine_in_two_tasks_is_an_error_of_the_second_and_no_crash():
    executor = Executor()

    async def once():
        await mezame.yield_now()
        return 1

    coroutine = once()
    first = executor.spawn(coroutine)
    second = executor.spawn(coroutine)
    executor.run()
    outcomes = []
    for task in (first, second):
        try:
            outcomes.append(task.result())
        except RuntimeError as error:
            outcomes.append(str(error))
    del first, second, coroutine
    collect()
    assert any("coroutine" in str(outcome) or "awaited" in str(outcome) for outcome in outcomes)


def test_many_live_tasks_can_be_dropped_without_recursion():
    executor = Executor()

    async def never():
        await mezame.pending()

    for _ in range(100_000):
        executor.spawn(never())
    executor.run_until_stalled()
    del executor
    collect()


def test_values_are_not_kept_by_what_is_reused():
    marker = Marker()
    gone = weakref.ref(marker)

    async def give(value):
        return value

    async def main(value):
        task = mezame.spawn(give(value))
        assert await task is value

    mezame.run(main(marker))
    del marker
    collect()
    assert gone() is None


def test_yield_now_takes_no_arguments_and_is_fresh_each_time():
    with pytest.raises(TypeError):
        mezame.yield_now(1)
    with pytest.raises(TypeError):
        mezame.yield_now(x=1)

    async def main():
        for _ in range(100):
            one, two = mezame.yield_now(), mezame.yield_now()
            assert one is not two
            await one
            with pytest.raises(RuntimeError):
                await one
            await two

    mezame.run(main())


def test_the_slot_of_each_thread_is_its_own():
    seen = []

    async def main():
        await mezame.yield_now()
        seen.append(threading.get_ident())

    threads = [threading.Thread(target=lambda: Executor().run_until(main())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
