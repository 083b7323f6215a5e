"""The pair of a graceful shutdown: CancellationToken and TaskTracker."""

import gc
import threading
import weakref

import pytest
from polling import CountingWaker, Gate, in_thread

import mezame
from mezame import Poll
from mezame.sync import CancellationToken
from mezame.task import TaskTracker


async def settle():
    for _ in range(5):
        await mezame.yield_now()


# --- CancellationToken -------------------------------------------------------------------------------------


def test_cancel_goes_down_the_tree_and_not_up():
    root = CancellationToken()
    left, right = root.child_token(), root.child_token()
    leaf = left.child_token()
    left.cancel()
    left.cancel()
    assert [t.is_cancelled() for t in (root, left, right, leaf)] == [False, True, False, True]
    assert left.child_token().is_cancelled() and not right.child_token().is_cancelled()
    root.cancel()
    assert right.is_cancelled() and root.clone() is root


def test_dead_children_leave_no_trace_and_grandchildren_are_reached():
    root = CancellationToken()
    for _ in range(100):
        root.child_token()
    child = root.child_token()
    grandchild = child.child_token()
    gone = weakref.ref(child)
    del child
    gc.collect()
    assert len(root._children) == 1 and gone() is not None  # the grandchild keeps it
    root.cancel()
    assert grandchild.is_cancelled()
    gc.collect()
    assert gone() is None and len(root._children) == 0


def test_a_deep_tree_is_cancelled_without_recursion():
    token = root = CancellationToken()
    for _ in range(20_000):
        token = token.child_token()
    root.cancel()
    assert token.is_cancelled()


def test_every_waiter_is_woken_and_a_dropped_one_keeps_no_waker():
    token = CancellationToken()
    wakers = [CountingWaker() for _ in range(3)]
    waits = [token.cancelled() for _ in wakers]
    for wait, counting in zip(waits, wakers, strict=True):
        assert wait.poll(counting.cx) is Poll.Pending
    waits[1].close()
    token.cancel()
    assert [counting.wakes for counting in wakers] == [1, 0, 1]
    assert waits[0].poll(wakers[0].cx) == Poll.Ready(None)
    with pytest.raises(RuntimeError, match="completed"):
        waits[0].poll(wakers[0].cx)
    assert token.cancelled().poll(wakers[0].cx) == Poll.Ready(None)


def test_a_cancel_between_the_call_and_the_first_poll_is_seen():
    token = CancellationToken()
    wait = token.cancelled()
    token.cancel()
    assert wait.poll(CountingWaker().cx) == Poll.Ready(None)


def test_cancel_from_another_thread_ends_the_wait():
    for _ in range(100):
        token = CancellationToken()

        async def main(token=token):
            job = mezame.spawn_blocking(token.cancel)
            await token.child_token().cancelled()
            await job

        mezame.run(main())


def test_children_made_while_the_parent_is_cancelled_are_all_cancelled():
    for _ in range(50):
        root = CancellationToken()
        children = []
        barrier = threading.Barrier(2)

        def make(root=root, children=children, barrier=barrier):
            barrier.wait()
            children.extend([root.child_token() for _ in range(50)])

        thread = threading.Thread(target=make)
        thread.start()
        barrier.wait()
        root.cancel()
        thread.join()
        assert all(child.is_cancelled() for child in children)


@pytest.mark.mezame
async def test_run_until_cancelled():
    token, log = CancellationToken(), []

    async def work():
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("unwound")

    assert await token.run_until_cancelled(mezame.ready(1)) == 1
    running = mezame.spawn(token.run_until_cancelled(work()))
    gate = Gate()
    borrowed = mezame.spawn(token.run_until_cancelled(gate))
    await settle()
    token.cancel()
    assert await running is None and log == ["unwound"]
    assert await borrowed is None and gate.closes == 0
    unpolled = Gate()
    assert await token.run_until_cancelled(unpolled) is None and unpolled.polls == 0
    assert await token.run_until_cancelled(work()) is None and log == ["unwound"]


@pytest.mark.mezame
async def test_a_value_that_is_there_wins_over_the_token():
    token, gate = CancellationToken(), Gate()
    running = mezame.spawn(token.run_until_cancelled(gate))
    await settle()
    gate.open("value")
    token.cancel()
    assert await running == "value"


@pytest.mark.mezame
async def test_cancelling_the_task_of_run_until_cancelled_unwinds_its_work():
    log = []

    async def work():
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("unwound")

    task = mezame.spawn(CancellationToken().run_until_cancelled(work()))
    await settle()
    task.abort()
    with pytest.raises(mezame.JoinError):
        await task
    assert log == ["unwound"]


def test_a_drop_guard_cancels_unless_disarmed():
    token = CancellationToken()
    with token.drop_guard() as guard:
        assert guard.token() is token and not token.is_cancelled()
    assert token.is_cancelled()
    token = CancellationToken()
    guard = token.drop_guard()
    assert guard.disarm() is token
    for use in (guard.disarm, guard.token):
        with pytest.raises(RuntimeError, match="disarmed"):
            use()
    with guard:
        pass
    del guard
    gc.collect()
    assert not token.is_cancelled()
    guard = token.drop_guard()
    del guard
    gc.collect()
    assert token.is_cancelled()


# --- TaskTracker -------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_wait_needs_closed_and_empty_at_one_moment():
    tracker, gate = TaskTracker(), Gate()

    async def work():
        return await gate

    async def wait():
        await tracker.wait()

    task = tracker.spawn(work(), name="tracked")
    waiting = mezame.spawn(wait())
    await settle()
    assert len(tracker) == 1 and task.name == "tracked" and not waiting.is_finished()
    assert tracker.close() and not tracker.close() and tracker.is_closed()
    await settle()
    assert not waiting.is_finished()
    gate.open(3)
    await waiting
    assert await task == 3 and tracker.is_empty()


@pytest.mark.mezame
async def test_empty_but_open_does_not_end_and_the_moment_is_not_missed():
    tracker, counting = TaskTracker(), CountingWaker()
    wait = tracker.wait()
    assert wait.poll(counting.cx) is Poll.Pending
    before = tracker.wait()
    tracker.close()
    assert counting.wakes == 1
    assert tracker.reopen() and not tracker.reopen()
    token = tracker.token()
    assert wait.poll(counting.cx) == Poll.Ready(None)  # that moment has been
    assert before.poll(counting.cx) == Poll.Ready(None)
    assert tracker.wait().poll(counting.cx) is Poll.Pending
    token.release()
    with pytest.raises(RuntimeError, match="completed"):
        wait.poll(counting.cx)


@pytest.mark.mezame
async def test_spawning_after_close_counts():
    tracker = TaskTracker()
    tracker.close()
    await tracker.wait()
    gate = Gate()
    tracker.spawn(gate)
    tracker.spawn_blocking(int)
    assert len(tracker) == 2
    await settle()
    gate.open()
    await tracker.wait()
    assert len(tracker) == 0


@pytest.mark.mezame
async def test_dropping_the_tracker_aborts_nothing():
    tracker, gate = TaskTracker(), Gate()
    task = tracker.spawn(gate)
    await settle()
    del tracker
    gc.collect()
    gate.open("ran on")
    assert await task == "ran on"


@pytest.mark.mezame
async def test_tokens_and_tracked_futures_count_until_they_are_dropped():
    tracker = TaskTracker()
    with tracker.token() as token:
        assert len(tracker) == 1 and token.task_tracker() is tracker
    token.release()
    assert len(tracker) == 0
    token = tracker.token()
    del token
    gc.collect()
    assert len(tracker) == 0
    assert await tracker.track_future(mezame.ready(5)) == 5 and len(tracker) == 0
    unused = tracker.track_future(mezame.pending())
    assert len(tracker) == 1
    unused.close()
    assert len(tracker) == 0

    async def fail():
        raise ValueError

    with pytest.raises(ValueError):
        await tracker.track_future(fail())
    assert len(tracker) == 0


@pytest.mark.mezame
async def test_a_refused_spawn_is_not_counted():
    tracker = TaskTracker()
    with pytest.raises(TypeError):
        tracker.spawn(3)
    assert tracker.is_empty()

    def outside():
        with pytest.raises(RuntimeError, match=r"TaskTracker\.spawn"):
            tracker.spawn(mezame.pending())

    in_thread(outside)
    assert tracker.is_empty()


def test_tasks_that_end_in_other_threads_are_counted_down():
    async def main():
        tracker = TaskTracker()
        for _ in range(100):
            tracker.spawn_blocking(int)
            tracker.spawn_blocking_on(mezame.Handle.current(), int)
            tracker.spawn_on(mezame.yield_now(), mezame.Handle.current())
        tracker.close()
        await tracker.wait()
        return len(tracker)

    assert mezame.run(main()) == 0


@pytest.mark.mezame
async def test_a_graceful_shutdown_of_both():
    token, tracker, log = CancellationToken(), TaskTracker(), []

    async def worker(n):
        await token.cancelled()
        await mezame.yield_now()
        log.append(n)

    for n in range(3):
        tracker.spawn(worker(n))
    await settle()
    token.cancel()
    tracker.close()
    await tracker.wait()
    assert log == [0, 1, 2]
