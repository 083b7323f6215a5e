"""mezame.testing: futures and streams polled by hand, counting wakers, assertions, Pending on demand."""

import gc
import threading

import pytest
from polling import Gate

import mezame
from mezame import Poll
from mezame.core.future import Future
from mezame.stream import END
from mezame.sync import Notify, Semaphore, mpsc, oneshot
from mezame.testing import (
    AwokenCount,
    RecordSpawner,
    assert_elapsed,
    assert_pending,
    assert_raises_ready,
    assert_ready,
    assert_ready_eq,
    assert_stream_done,
    assert_stream_next,
    assert_stream_pending,
    count_waker,
    interleave_pending,
    noop_context,
    panic_context,
    pending_once,
    task,
)

# --- Spawn ------------------------------------------------------------------------------------------------------------


def test_a_wake_is_seen_until_the_next_poll():
    gate = Gate()
    spawned = task.spawn(gate)
    assert spawned.poll() is Poll.Pending
    assert not spawned.is_woken()
    gate.wake()
    assert spawned.is_woken()
    assert spawned.is_woken(), "asking does not reset it"
    assert spawned.poll() is Poll.Pending
    assert not spawned.is_woken()
    gate.open(7)
    assert spawned.is_woken()
    assert spawned.poll() == Poll.Ready(7)
    assert spawned.wakes() == 2


def test_a_wake_during_the_poll_counts_for_the_future_afterwards():
    spawned = task.spawn(pending_once(mezame.ready(1)))
    assert_pending(spawned.poll())
    assert spawned.is_woken()


def test_spawn_does_not_poll():
    gate = Gate()
    task.spawn(gate)
    assert gate.polls == 0


def test_waker_ref_count_is_one_if_nobody_keeps_it():
    gate = Gate()
    spawned = task.spawn(gate)
    assert spawned.waker_ref_count() == 1
    spawned.assert_pending()
    assert spawned.waker_ref_count() == 2
    other = gate.waker.clone()
    assert spawned.waker_ref_count() == 3
    del other
    spawned.close()
    assert gate.closes == 1
    assert spawned.waker_ref_count() == 1


@pytest.mark.parametrize(
    "leaf",
    [
        lambda: (None, Notify().notified()),
        lambda: (None, Semaphore(0).acquire()),
        oneshot.channel,
        lambda: (lambda tx, rx: (tx, rx.recv()))(*mpsc.channel(1)),
    ],
    ids=["notified", "acquire", "oneshot", "recv"],
)
def test_the_leak_test_works_on_leaves_of_the_library(leaf):
    _end, future = leaf()
    spawned = task.spawn(future)
    spawned.assert_pending()
    assert spawned.waker_ref_count() == 2
    spawned.close()
    assert spawned.waker_ref_count() == 1


def test_the_leak_test_finds_a_leak():
    kept = []

    class Leaks(Future):
        def poll(self, cx):
            kept.append(cx.waker)
            return Poll.Pending

    spawned = task.spawn(Leaks())
    spawned.assert_pending()
    spawned.close()
    assert spawned.waker_ref_count() == 2
    kept.clear()
    assert spawned.waker_ref_count() == 1


def test_spawn_of_a_coroutine_is_awaited_in_steps():
    steps = []

    async def body():
        steps.append("begun")
        steps.append(await gate)
        return "done"

    gate = Gate()
    spawned = task.spawn(body())
    assert steps == []
    spawned.assert_pending()
    assert steps == ["begun"]
    gate.open("opened")
    spawned.assert_ready_eq("done")
    assert steps == ["begun", "opened"]
    with pytest.raises(RuntimeError, match="completed"):
        spawned.poll()


def test_closing_a_coroutine_unwinds_it():
    gate, ended = Gate(), []

    async def body():
        try:
            await gate
        finally:
            ended.append(True)

    with task.spawn(body()) as spawned:
        spawned.assert_pending()
    assert ended == [True]
    assert gate.closes == 1
    spawned.close()


def test_poll_until_idle_goes_on_while_it_wakes_itself():
    async def body():
        for _ in range(50):
            await pending_once(mezame.ready())
        await gate
        return "end"

    gate = Gate()
    spawned = task.spawn(body())
    assert spawned.poll_until_idle() is Poll.Pending
    assert gate.polls == 1
    gate.open()
    assert spawned.poll_until_idle() == Poll.Ready("end")

    class Restless(Future):
        def poll(self, cx):
            cx.waker.wake()
            return Poll.Pending

    with pytest.raises(AssertionError, match="10000 polls"):
        task.spawn(Restless()).poll_until_idle()


def test_enter_polls_with_our_waker():
    gate = Gate()
    spawned = task.spawn(gate)
    assert spawned.enter(lambda cx, future: future.poll(cx)) is Poll.Pending
    gate.wake()
    assert spawned.is_woken()
    spawned.enter(lambda cx, future: None)
    assert not spawned.is_woken()
    assert spawned.future is gate


def test_wakes_from_other_threads_are_counted():
    gate = Gate()
    spawned = task.spawn(gate)
    spawned.assert_pending()
    waker = gate.waker
    threads = [threading.Thread(target=lambda: [waker.wake() for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spawned.wakes() == 2000


def test_streams_are_polled_by_poll_next():
    spawned = task.spawn(mezame.stream.iter([1]))
    assert spawned.poll_next() == Poll.Ready(1)
    assert spawned.poll_next() == Poll.Ready(END)
    with pytest.raises(TypeError, match="poll_next"):
        spawned.poll()
    with pytest.raises(TypeError, match="poll\\(\\)"):
        task.spawn(mezame.ready()).poll_next()


def test_async_generators_are_streams():
    gate, ended = Gate(), []

    async def items():
        try:
            yield 1
            await gate
            yield 2
        finally:
            ended.append(True)

    spawned = task.spawn(items())
    assert spawned.poll_next() == Poll.Ready(1)
    assert spawned.poll_next() is Poll.Pending
    gate.open()
    assert spawned.is_woken()
    assert spawned.poll_next() == Poll.Ready(2)
    spawned.close()
    assert ended == [True]


def test_what_is_neither_is_refused():
    with pytest.raises(TypeError, match="17 is not a future"):
        task.spawn(17)


# --- assertions -------------------------------------------------------------------------------------------------------


def test_assertions_pass_and_fail():
    assert_pending(Poll.Pending)
    assert assert_ready(Poll.Ready(3)) == 3
    assert_ready_eq(Poll.Ready([1]), [1])
    with pytest.raises(AssertionError, match="ready, with 3"):
        assert_pending(Poll.Ready(3))
    with pytest.raises(AssertionError, match="pending"):
        assert_ready(Poll.Pending)
    with pytest.raises(AssertionError, match="ready with 3"):
        assert_ready_eq(Poll.Ready(3), 4)
    for assertion in (assert_pending, assert_ready):
        with pytest.raises(TypeError, match="no Poll"):
            assertion(None)


def test_assert_raises_ready():
    error = ValueError("no")
    assert assert_raises_ready(ValueError, task.spawn(mezame.future.failed(error)).poll) is error
    with pytest.raises(AssertionError, match="it is pending"):
        assert_raises_ready(ValueError, task.spawn(mezame.pending()).poll)
    with pytest.raises(AssertionError, match="ready with 1"):
        assert_raises_ready(ValueError, task.spawn(mezame.ready(1)).poll)
    with pytest.raises(ValueError, match="no"):
        assert_raises_ready(KeyError, task.spawn(mezame.future.failed(error)).poll)


def test_assert_stream():
    assert_stream_pending(mezame.stream.pending())
    two = mezame.stream.iter([1, 2])
    assert_stream_next(two, 1)
    with pytest.raises(AssertionError, match="item is 2, and its next item should be 3"):
        assert_stream_next(two, 3)
    assert_stream_done(two)
    with pytest.raises(AssertionError, match="at its end"):
        assert_stream_next(mezame.stream.empty(), 1)
    with pytest.raises(AssertionError, match="pending"):
        assert_stream_next(mezame.stream.pending(), 1)
    with pytest.raises(AssertionError, match="pending"):
        assert_stream_done(mezame.stream.pending())
    with pytest.raises(AssertionError, match="item is 1"):
        assert_stream_done(mezame.stream.iter([1]))
    with pytest.raises(AssertionError, match="item is 1"):
        assert_stream_pending(mezame.stream.iter([1]))


@mezame.testing.start_paused
async def test_assert_elapsed_is_exact_to_a_millisecond():
    start = mezame.time.now()
    await mezame.sleep(0.0123)
    assert_elapsed(start, 0.0123)
    with pytest.raises(AssertionError, match=r"0\.01[23]"):
        assert_elapsed(start, 0.0112)
    with pytest.raises(AssertionError, match=r"should be 0.014000 s"):
        assert_elapsed(start, 0.014)


@mezame.testing.start_paused
async def test_assert_elapsed_holds_for_every_start():
    for wait in (0.001, 0.25, 3600.0, 10**6):
        await mezame.sleep(0.000_37)
        start = mezame.time.now()
        await mezame.sleep(wait)
        assert_elapsed(start, wait)


# --- wakers and contexts ----------------------------------------------------------------------------------------------


def test_count_waker():
    waker, count = count_waker()
    assert count == 0
    waker.wake()
    waker.wake_by_ref()
    assert count == 2
    assert count.get() == int(count) == 2
    assert isinstance(count, AwokenCount)
    assert count != 3


def test_panic_context_fails_in_the_caller_of_wake():
    gate = Gate()
    assert gate.poll(panic_context()) is Poll.Pending
    with pytest.raises(AssertionError, match="must not"):
        gate.open()
    with pytest.raises(AssertionError, match="must not"):
        panic_context().waker.wake_by_ref()


def test_noop_context():
    assert mezame.ready(1).poll(noop_context()) == Poll.Ready(1)


# --- Pending on demand ------------------------------------------------------------------------------------------------


def test_pending_once_is_pending_once():
    gate = Gate()
    spawned = task.spawn(pending_once(gate))
    spawned.assert_pending()
    assert gate.polls == 0
    assert spawned.is_woken()
    spawned.assert_pending()
    assert gate.polls == 1
    gate.open(1)
    spawned.assert_ready_eq(1)


def test_interleave_pending_is_pending_before_each_poll():
    gate = Gate()
    spawned = task.spawn(interleave_pending(gate))
    for polls in (0, 1, 1, 2, 2):
        spawned.assert_pending()
        assert gate.polls == polls
    spawned.close()
    assert gate.closes == 1


def test_interleave_pending_of_a_stream():
    spawned = task.spawn(interleave_pending(mezame.stream.iter("ab")))
    answers = [spawned.poll_next() for _ in range(6)]
    assert answers == [Poll.Pending, Poll.Ready("a"), Poll.Pending, Poll.Ready("b"), Poll.Pending, Poll.Ready(END)]


# --- RecordSpawner ----------------------------------------------------------------------------------------------------


def test_record_spawner_records_and_runs_only_when_told():
    ran = []

    async def job(n):
        ran.append(n)

    with RecordSpawner() as spawner:
        assert isinstance(spawner, mezame.task.Spawn)
        spawner.spawn(job(1), name="one")
        spawner.spawn(job(2))
        assert ran == []
        assert spawner.tasks[0].name == "one"
        spawner.run()
        assert ran == [1, 2]
        left = spawner.spawn(job(3))
    assert ran == [1, 2]
    assert left.cancelled()
    with pytest.raises(TypeError, match="not a future"):
        spawner.spawn(3)


# --- without pytest ---------------------------------------------------------------------------------------------------


def test_block_on():
    async def body():
        await mezame.sleep(3600)
        return 42

    assert mezame.testing.block_on(body(), start_paused=True) == 42


def test_seed_decides_the_order_and_merges_with_other_options():
    def order(seed):
        words = []

        async def say(word):
            await mezame.sleep(3600)
            words.append(word)

        @mezame.testing.seed(seed)
        @mezame.testing.start_paused
        async def test():
            await mezame.join_all([mezame.spawn(say(word)) for word in "abcdef"])

        test()
        return "".join(words)

    orders = [order(seed) for seed in range(8)]
    assert orders == [order(seed) for seed in range(8)]
    assert len(set(orders)) > 3
    with pytest.raises(ValueError, match="seed needs flavor"):
        mezame.testing.test(lambda: None, seed=1, flavor="multi_thread")()


def test_leaks_of_a_decorated_test():
    async def leaks():
        mezame.spawn(mezame.pending(), name="drip")

    with pytest.raises(mezame.testing.LeakedTasks, match="'drip'"):
        mezame.testing.test(leaks, leaks="error")()
    with pytest.warns(mezame.testing.LeakedTaskWarning, match="left 1 task behind"):
        mezame.testing.test(leaks)()
    mezame.testing.test(leaks, leaks="allow")()
    with pytest.raises(ValueError, match="leaks must be"):
        mezame.testing.test(leaks, leaks="maybe")()


def test_tasks_that_are_about_to_end_are_no_leaks():
    async def slow():
        for _ in range(5):
            await mezame.yield_now()

    async def stubborn():
        try:
            await mezame.pending()
        finally:
            for _ in range(5):
                await mezame.yield_now()

    @mezame.testing.test(leaks="error")
    async def test():
        mezame.spawn(slow())
        aborted = mezame.spawn(stubborn())
        await mezame.yield_now()
        aborted.abort()

    test()


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_a_time_limit_shows_every_stack(flavor):
    async def helper():
        await deeper()

    async def deeper():
        await mezame.pending()

    @mezame.testing.test(flavor=flavor, timeout=0.2)
    async def test():
        mezame.spawn(helper(), name="helper")
        async for _ in forever():
            pass

    async def forever():
        yield 1
        await mezame.pending()

    with pytest.raises(mezame.testing.TimeLimitExceeded) as caught:
        test()
    text = str(caught.value)
    assert "took longer than 0.2 s" in text
    for name in ("helper", "deeper", "in test", "in forever"):
        assert name in text


def test_a_test_that_blocks_its_thread_is_stopped():
    import time

    @mezame.testing.test(timeout=0.1)
    async def test():
        time.sleep(60)

    with pytest.raises(mezame.testing.TimeLimitExceeded) as caught:
        test()
    assert "time.sleep(60)" in str(caught.value)


def test_a_test_that_swallows_its_cancellation_fails_all_the_same():
    @mezame.testing.test(timeout=0.1)
    async def test():
        try:
            await mezame.pending()
        except mezame.CancelledError:
            pass

    with pytest.raises(mezame.testing.TimeLimitExceeded):
        test()


def test_a_task_that_refuses_to_end_is_named():
    async def stubborn():
        try:
            await mezame.pending()
        finally:
            await mezame.pending()

    @mezame.testing.test(leaks="allow", shutdown_timeout=0.05)
    async def test():
        mezame.spawn(stubborn(), name="stubborn")
        await mezame.yield_now()

    with pytest.raises(AssertionError, match="would not end: 'stubborn'"):
        test()


def test_bad_limits_are_named():
    for bad in (0, -1.0):
        with pytest.raises(ValueError, match="timeout must be"):
            mezame.testing.test(lambda: mezame.ready(), timeout=bad)()
    gc.collect()
