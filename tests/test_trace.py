"""mezame.trace: who is told of what: spawns, wakes, polls; who comes and goes; what a raising callback does."""

import gc
import logging
import sys
import threading
import time
import weakref

import pytest
from polling import until, wait_until

import mezame
from mezame import sync, trace
from mezame.core import hooks
from mezame.trace import lints, slow_poll, tracer

FLAVORS = ["current_thread", "multi_thread"]


def runtime(flavor, **options):
    if flavor == "multi_thread":
        options.setdefault("worker_threads", 2)
    return mezame.Runtime(flavor, **options)


@pytest.fixture(autouse=True)
def nobody_is_left():
    yield
    assert hooks.SHARED.hooks is None, "a subscription was not removed"


@pytest.fixture
def caught(caplog):
    with caplog.at_level(logging.WARNING, "mezame"):
        yield caplog


# --- spawns ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", FLAVORS)
def test_spawns_are_told_with_id_name_kind_and_place(flavor):
    seen = []

    async def work():
        pass

    async def main():
        handles = [mezame.spawn(work(), name="plain"), mezame.spawn_blocking(int, name="call")]
        local = mezame.task.LocalSet()

        async def inside():
            await mezame.task.spawn_local(work(), name="here")

        await local.run_until(inside())
        for handle in handles:
            await handle
        return handles[0].id

    def spawned(task):
        seen.append((task.kind, task.name, task.id, task.spawned_at))

    with trace.on_spawn(spawned), runtime(flavor) as rt:
        number = rt.block_on(main())
    kinds = {name: kind for kind, name, _, _ in seen}
    assert kinds["root"] == "block_on"
    assert (kinds["plain"], kinds["call"], kinds["here"]) == ("task", "blocking", "local")
    assert number in [number for _, name, number, _ in seen if name == "plain"]
    assert all("test_trace.py:" in place for _, _, _, place in seen)
    assert len(seen) == 4


def test_a_plain_executor_block_on_and_a_raw_task_are_told_too():
    seen = []

    async def work():
        await mezame.yield_now()

    with trace.on_spawn(lambda task: seen.append(task.kind)), trace.on_poll_end(lambda *event: seen.append(event[2])):
        executor = mezame.Executor()
        executor.spawn(work())
        executor.run()
        assert seen == ["task", "yielded", "ready"]
        seen.clear()
        mezame.block_on(work())
        assert seen[0] == "block_on" and seen[-1] == "ready"
        seen.clear()
        runnable, _task = mezame.task.raw_spawn(mezame.ready(1), lambda runnable: None)
        runnable.run()
        assert seen == ["task", "ready"]


# --- wakes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", FLAVORS)
def test_who_woke_whom(flavor):
    seen = []

    async def main():
        sender, receiver = sync.oneshot.channel()

        async def waits():
            return await receiver

        async def sends():
            sender.send(1)

        waiting = mezame.spawn(waits(), name="waits")
        await until(lambda: waiting.state == "IDLE")
        await mezame.spawn(sends(), name="sends")
        await waiting

    def woken(task, by):
        seen.append((task.name, by and by.name))

    with trace.on_wake(woken), runtime(flavor) as rt:
        rt.block_on(rt.spawn(main(), name="main"))
    assert ("waits", "sends") in seen
    assert ("main", "waits") in seen or ("main", "sends") in seen
    assert seen[-1] == ("root", "main")


def test_a_timer_and_a_thread_wake_as_nobody():
    seen = []

    async def main():
        await mezame.sleep(1)
        sender, receiver = sync.oneshot.channel()

        def send(task):
            wait_until(lambda: task.state == "IDLE")
            sender.send(1)

        threading.Thread(target=send, args=[mezame.task.current()]).start()
        await receiver

    async def root():
        await mezame.spawn(main(), name="main")

    with trace.on_wake(lambda task, by: seen.append((task.name, by and by.name))):
        mezame.run(root(), start_paused=True)
    assert seen == [("main", None), ("main", None), ("root", "main")]


def test_a_wake_during_the_poll_is_told_after_it():
    seen = []

    async def twice():
        left = [1]

        def poll(cx):
            if not left:
                return mezame.Poll.Ready(None)
            left.pop()
            cx.waker.wake()
            cx.waker.wake()
            return mezame.Poll.Pending

        await mezame.poll_fn(poll)

    with (
        trace.on_wake(lambda task, by: seen.append(("wake", by is task))),
        trace.on_poll_end(lambda task, seconds, outcome: seen.append(outcome)),
    ):
        executor = mezame.Executor()
        executor.spawn(twice())
        executor.run()
    assert seen == ["woken", ("wake", True), "ready"]


# --- polls -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", FLAVORS)
def test_the_outcomes_of_polls(flavor):
    outcomes, starts = {}, {}
    notify = sync.Notify()

    async def waits():
        await notify.notified()

    async def fails():
        raise ValueError("mine")

    async def main():
        async def yields():
            await mezame.yield_now()

        handles = [mezame.spawn(job(), name=job.__name__) for job in (waits, fails, yields)]
        stopped = mezame.spawn(mezame.pending(), name="stopped")
        await until(lambda: handles[0].state == stopped.state == "IDLE")
        notify.notify_one()
        stopped.abort()
        for handle in (*handles, stopped):
            with pytest.raises((ValueError, mezame.JoinError)) if handle in (handles[1], stopped) else _nothing():
                await handle

    def ended(task, seconds, outcome):
        assert seconds >= 0
        outcomes.setdefault(task.name, []).append(outcome)

    def started(task):
        starts[task.name] = starts.get(task.name, 0) + 1

    with trace.on_poll_end(ended), trace.on_poll_start(started), runtime(flavor) as rt:
        rt.block_on(main())
    # Sorted: with several workers the next poll may be told before the end of the last one.
    assert sorted(outcomes["waits"]) == ["pending", "ready"]
    assert outcomes["fails"] == ["failed"]
    assert sorted(outcomes["yields"]) == ["ready", "yielded"]
    assert sorted(outcomes["stopped"]) == ["cancelled", "pending"]
    assert outcomes["root"][-1] == "ready"
    assert starts == {name: len(found) for name, found in outcomes.items()}


class _nothing:
    def __enter__(self):
        pass

    def __exit__(self, *args):
        pass


def test_a_failure_that_was_traced_is_still_reported(caught):
    async def fails():
        raise ValueError("mine")

    async def main():
        mezame.spawn(fails(), name="doomed")
        await mezame.yield_now()
        await mezame.yield_now()

    with trace.on_poll_end(lambda *event: None):
        mezame.run(main())
    gc.collect()
    assert caught.text.count("'doomed'") == 1


@pytest.fixture
def pass_time(monkeypatch):
    """``pass_time(seconds)``: the time by which polls are measured stands still but for that."""
    now = [0.0]
    for module in (tracer, slow_poll):
        monkeypatch.setattr(module, "perf_counter", lambda: now[0])

    def passes(seconds):
        now[0] += seconds

    return passes


def test_the_duration_is_that_of_the_poll_without_the_hooks(pass_time):
    seen = []

    class Slow(mezame.Hooks):
        def on_poll(self, task):
            pass_time(8)

        def on_complete(self, task):
            pass_time(16)

    async def main():
        pass_time(1)

    with (
        trace.on_poll_start(lambda task: pass_time(4)),
        trace.on_poll_end(lambda task, seconds, outcome: seen.append(seconds)),
    ):
        mezame.run(main(), hooks=Slow())
    assert seen == [1]


def test_the_end_of_a_poll_that_began_before_the_subscription_is_not_told():
    seen = []

    async def main():
        subscription = trace.on_poll_end(lambda task, seconds, outcome: seen.append(outcome))
        await mezame.yield_now()
        await mezame.yield_now()
        subscription.remove()
        await mezame.yield_now()

    mezame.run(main())
    assert seen == ["yielded"]


# --- coming and going --------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", FLAVORS)
def test_subscribing_from_another_thread_while_it_runs(flavor):
    seen = []
    with runtime(flavor) as rt:

        async def main():
            subscription = await mezame.spawn_blocking(trace.on_spawn, lambda task: seen.append(task.name))
            await mezame.spawn(mezame.ready(1), name="told")
            await mezame.spawn_blocking(subscription.remove)
            await mezame.spawn(mezame.ready(1), name="not told")
            return subscription.active

        assert rt.block_on(rt.spawn(main())) is False
    assert "told" in seen and "not told" not in seen


def test_several_subscribers_in_their_order_and_removed_one_by_one():
    seen = []
    first = trace.on_spawn(lambda task: seen.append(1))
    second = trace.on_spawn(lambda task: seen.append(2))
    executor = mezame.Executor()
    executor.spawn(mezame.ready(1))
    first.remove()
    first.remove()
    executor.spawn(mezame.ready(1))
    second.remove()
    executor.spawn(mezame.ready(1))
    executor.run()
    assert seen == [1, 2, 2]
    assert (first.active, second.active) == (False, False)
    assert "removed" in repr(first)


def test_a_callback_may_remove_itself():
    seen = []

    def once(task):
        seen.append(task.name)
        subscription.remove()

    subscription = trace.on_spawn(once)
    executor = mezame.Executor()
    for name in "ab":
        executor.spawn(mezame.ready(1), name=name)
    executor.run()
    assert seen == ["a"]


def test_what_is_no_function_is_refused():
    for subscribe in (
        trace.on_spawn, trace.on_wake, trace.on_poll_start, trace.on_poll_end, trace.on_unhandled, trace.on_slow_poll,
        trace.on_lint, trace.on_async_op,
    ):  # fmt: skip
        with pytest.raises(TypeError, match="needs a function, not 3"):
            subscribe(3)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_the_runtimes_own_hooks_are_told_beside_the_trace(flavor):
    class Own(mezame.Hooks):
        def __init__(self):
            self.seen = []

        def on_spawn(self, task):
            self.seen.append(task.name)

    own, seen = Own(), []
    with runtime(flavor, hooks=own) as rt:

        async def main(name):
            await mezame.spawn(mezame.ready(1), name=name)

        executor = rt.handle().executor
        with trace.on_spawn(lambda task: seen.append(task.name)):
            assert executor.hooks is own
            rt.block_on(main("both"))
        rt.block_on(main("own"))
        assert executor.hooks is own
        executor.hooks = None
        with trace.on_spawn(lambda task: seen.append(task.name)):
            rt.block_on(main("trace"))
        executor.hooks = own
        rt.block_on(main("own again"))
    assert own.seen == ["both", "own", "own again"]
    assert seen == ["root", "both", "root", "trace"]


def test_own_hooks_hear_how_a_poll_ended_also_beside_callbacks():
    class Own(mezame.Hooks):
        def __init__(self):
            self.seen = []

        def on_pending(self, task):
            self.seen.append("pending")

        def on_again(self, task):
            self.seen.append("again")

        def on_later(self, task):
            self.seen.append("later")

    class Older(mezame.Hooks):
        def __init__(self):
            self.seen = []

        def on_pending(self, task):
            self.seen.append("pending")

    async def main():
        await mezame.sleep(1)
        await mezame.yield_now()
        left = [1]

        def poll(cx):
            if not left:
                return mezame.Poll.Ready(None)
            left.pop()
            cx.waker.wake()
            return mezame.Poll.Pending

        await mezame.poll_fn(poll)

    for options in ({}, {"on_after_task_poll": lambda meta: None}):
        own, older = Own(), Older()
        mezame.run(main(), hooks=own, start_paused=True, **options)
        mezame.run(main(), hooks=older, start_paused=True, **options)
        assert own.seen == ["pending", "later", "again"]
        assert older.seen == ["pending"] * 3


def test_a_callback_that_raises_is_removed_and_reported_and_the_others_go_on(caught):
    seen = []

    def bad(task):
        raise ValueError("mine")

    class Own(mezame.Hooks):
        def on_spawn(self, task):
            seen.append("own")

    async def main():
        for _ in range(2):
            await mezame.spawn(mezame.ready(1))

    broken = trace.on_spawn(bad)
    with trace.on_spawn(lambda task: seen.append(task.kind)):
        mezame.run(main(), hooks=Own())
    assert seen == ["block_on", "own", "task", "own", "task"]
    assert not broken.active
    assert caught.text.count("raised and was removed") == 1 and "ValueError: mine" in caught.text


def test_hooks_of_a_runtime_that_raise_leave_the_trace(caught):
    class Bad(mezame.Hooks):
        def on_spawn(self, task):
            raise ValueError("mine")

    seen = []

    async def main():
        for _ in range(2):
            await mezame.spawn(mezame.ready(1))

    with mezame.Runtime(hooks=Bad()) as rt, trace.on_spawn(lambda task: seen.append(task.kind)):
        rt.block_on(main())
        assert rt.handle().executor.hooks is None
    assert seen == ["block_on", "task", "task"]
    assert caught.text.count("the hooks were removed") == 1


def test_after_the_last_subscriber_nothing_is_observed():
    told = []
    original = hooks.HookSet.tell
    executor = mezame.Executor()

    def tell(self, name, subject):
        told.append(name)
        return original(self, name, subject)

    hooks.HookSet.tell = tell
    try:
        with trace.on_spawn(lambda task: None):
            executor.spawn(mezame.ready(1))
        assert told == ["on_spawn"]
        executor.spawn(mezame.ready(1))
        executor.run()
        assert told == ["on_spawn"]
    finally:
        hooks.HookSet.tell = original


def test_an_executor_is_not_kept_by_the_trace():
    executor = mezame.Executor()
    gone = weakref.ref(executor)
    with trace.on_spawn(lambda task: None):
        executor.spawn(mezame.ready(1))
        executor.run()
        del executor
        gc.collect()
        assert gone() is None
    for _ in range(200):
        mezame.Executor()
    assert len(hooks._executors) < 150


def is_gone(reference):
    end = time.monotonic() + 10
    while reference() is not None and time.monotonic() < end:
        gc.collect()
        time.sleep(0.005)
    return reference() is None


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_task_that_was_slow_is_not_kept_by_who_watches(flavor):
    seen = []

    async def slow():
        while not seen:
            time.sleep(0.005)

    async def main():
        task = mezame.spawn(slow(), name="slow")
        await task
        return weakref.ref(task)

    before = trace.slow_poll_threshold(0.02)
    try:
        with trace.on_slow_poll(seen.append), runtime(flavor) as rt:
            assert is_gone(rt.block_on(rt.spawn(main())))
    finally:
        trace.slow_poll_threshold(before)
    assert not seen[0].ended


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_task_is_not_kept_where_the_last_subscriber_goes_at_the_begin_of_its_poll(flavor):
    async def work():
        pass

    async def main():
        task = mezame.spawn(work(), name="work")
        subscription = trace.on_poll_start(lambda task: subscription.remove())
        await task
        return weakref.ref(task)

    with runtime(flavor) as rt:
        assert is_gone(rt.block_on(rt.spawn(main())))
    assert tracer.TRACER.polls == {} and tracer.TRACER.innermost == {}


def test_threads_that_come_and_go_while_workers_poll():
    stop = threading.Event()
    told = []

    def restless():
        while not stop.is_set():
            with trace.on_poll_end(lambda *event: told.append(event[2])), trace.on_spawn(lambda task: None):
                time.sleep(0.0005)

    threads = [threading.Thread(target=restless) for _ in range(2)]
    with runtime("multi_thread") as rt:

        async def work(n):
            for _ in range(20):
                await mezame.yield_now()
            return n

        async def main():
            total = 0
            while len(told) < 2000:
                total = sum(await mezame.join_all([mezame.spawn(work(n)) for n in range(50)]))
            return total

        for thread in threads:
            thread.start()
        try:
            assert rt.block_on(rt.spawn(main())) == sum(range(50))
        finally:
            stop.set()
            for thread in threads:
                thread.join()


# --- lost exceptions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_lost_exception_is_told_once_with_name_and_place(flavor, caught):
    lost = []

    async def fails():
        raise ValueError("mine")

    async def main():
        number = mezame.spawn(fails(), name="doomed").id
        await until(lambda: all(task.id != number for task in mezame.Handle.current().tasks()))
        return number

    with trace.on_unhandled(lost.append):
        with runtime(flavor) as rt:
            number = rt.block_on(rt.spawn(main()))
        gc.collect()
    assert len(lost) == 1
    (one,) = lost
    assert (one.task_id, one.task_name) == (number, "doomed")
    assert "test_trace.py:" in one.spawned_at
    assert isinstance(one.error, ValueError) and one.error.__traceback__ is not None
    assert "doomed" in one.message
    assert caught.text == ""
    one.log()
    assert "doomed" in caught.text and "ValueError: mine" in caught.text


def test_an_awaited_failure_is_not_lost():
    lost = []

    async def fails():
        raise ValueError("mine")

    async def main():
        with pytest.raises(ValueError, match="mine"):
            await mezame.spawn(fails())

    with trace.on_unhandled(lost.append):
        mezame.run(main())
        gc.collect()
    assert lost == []


def test_what_fails_outside_of_tasks_is_lost_too():
    lost = []
    with trace.on_unhandled(lost.append):
        mezame.Waker.from_callable(lambda: 1 / 0).wake()
    (one,) = lost
    assert isinstance(one.error, ZeroDivisionError)
    assert (one.task_id, one.task_name, one.spawned_at) == (None, None, None)


def test_all_subscribers_get_it_and_after_the_last_the_log_does(caught):
    first, second = [], []
    with trace.on_unhandled(first.append), trace.on_unhandled(second.append):
        mezame.Waker.from_callable(lambda: 1 / 0).wake()
    assert len(first) == len(second) == 1 and caught.text == ""
    mezame.Waker.from_callable(lambda: 1 / 0).wake()
    assert len(first) == 1 and "ZeroDivisionError" in caught.text


def test_a_raising_subscriber_does_not_lose_the_exception(caught):
    def bad(lost):
        raise ValueError("mine")

    broken = trace.on_unhandled(bad)
    mezame.Waker.from_callable(lambda: 1 / 0).wake()
    assert not broken.active
    assert "ZeroDivisionError" in caught.text and "ValueError: mine" in caught.text


def test_a_callback_of_the_trace_that_raises_is_told_to_on_unhandled():
    lost = []
    executor = mezame.Executor()
    with trace.on_unhandled(lost.append), trace.on_spawn(lambda task: 1 / 0):
        executor.spawn(mezame.ready(1))
    executor.run()
    assert [type(one.error) for one in lost] == [ZeroDivisionError]


# --- slow polls --------------------------------------------------------------------------------------------


@pytest.fixture
def threshold():
    yield trace.slow_poll_threshold
    trace.slow_poll_threshold(None)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_slow_poll_is_reported_while_it_blocks_with_its_stack(flavor, threshold):
    reports = []
    seen = threading.Event()

    async def blocks():
        await mezame.yield_now()
        assert seen.wait(10)

    def slow(report):
        if report.task_name == "blocks":
            reports.append(report)
            seen.set()

    with trace.on_slow_poll(slow), runtime(flavor) as rt:
        assert threshold(0.02) is None
        rt.block_on(rt.spawn(blocks(), name="blocks"))
        threshold(None)
    (one,) = reports
    assert one.seconds >= 0.02 and not one.ended and not one.first and one.kind == "task"
    assert "seen.wait(10)" in one.stack and "test_trace.py:" in one.spawned_at
    assert "has blocked its thread" in str(one) and "seen.wait(10)" in str(one)


def test_without_a_subscriber_it_is_a_warning(threshold, caught):
    async def blocks():
        for _ in range(1000):
            if "blocked" in caught.text:
                return
            time.sleep(0.01)

    threshold(0.02)
    mezame.run(blocks())
    assert "one poll of 'root'" in caught.text and "given way since it was spawned" in caught.text
    assert caught.records[0].levelname == "WARNING"


def test_a_slow_poll_that_nobody_saw_is_reported_at_its_end_once(threshold, monkeypatch, pass_time):
    monkeypatch.setattr(slow_poll, "_LEAST", 1000.0)
    reports = []

    def long_call(executor):
        wait_until(lambda: executor.is_parked)  # who awaits it waits as long
        pass_time(0.05)

    async def main():
        pass_time(0.03)
        await mezame.spawn_blocking(long_call, mezame.Handle.current().executor)

    with trace.on_slow_poll(reports.append):
        threshold(0.025)
        mezame.run(main())
    (one,) = reports
    assert one.ended and one.stack == "" and one.first and one.seconds == 0.03
    assert "took 0.030 s" in str(one)


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_bad_thresholds(bad):
    with pytest.raises(ValueError, match="slow_poll_threshold"):
        trace.slow_poll_threshold(bad)


def test_the_threshold_is_replaced_and_its_thread_ends(threshold):
    def watchers():
        return [t for t in threading.enumerate() if t.name == "mezame-slow-polls" and t.is_alive()]

    assert threshold(5) is None
    assert threshold(6) == 5
    assert threshold(None) == 6
    deadline = time.monotonic() + 10
    while watchers() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not watchers()


# --- lints -------------------------------------------------------------------------------------------------


def test_a_task_that_wakes_itself_is_told_once():
    found = []

    async def busy():
        left = [100]

        def poll(cx):
            left[0] -= 1
            cx.waker.wake()
            return mezame.Poll.Pending if left[0] else mezame.Poll.Ready(None)

        await mezame.poll_fn(poll)

    async def polite():
        for _ in range(100):
            await mezame.yield_now()

    async def main():
        await mezame.join_all([mezame.spawn(busy(), name="busy"), mezame.spawn(polite(), name="polite")])

    with trace.on_lint(found.append):
        mezame.run(main())
    assert [(lint.name, lint.task_name) for lint in found] == [("self-wakes", "busy")]
    assert "test_trace.py:" in str(found[0])


def test_a_task_that_mostly_waits_is_no_lint():
    found = []

    async def mixed():
        for _ in range(60):
            await mezame.sleep(1)
        left = [30]

        def poll(cx):
            left[0] -= 1
            cx.waker.wake()
            return mezame.Poll.Pending if left[0] else mezame.Poll.Ready(None)

        await mezame.poll_fn(poll)

    with trace.on_lint(found.append):
        mezame.run(mixed(), start_paused=True)
    assert found == []


def test_a_first_poll_that_takes_long_never_yields(pass_time):
    found = []

    async def long():
        pass_time(lints.LONG)

    async def short():
        pass_time(lints.LONG / 2)
        await mezame.yield_now()
        pass_time(lints.LONG / 2)

    async def later():
        await mezame.yield_now()
        pass_time(lints.LONG)

    async def main():
        await mezame.spawn(long(), name="long")
        await mezame.spawn(short(), name="short")
        await mezame.spawn(later(), name="later")
        await mezame.spawn_blocking(pass_time, lints.LONG)

    with trace.on_lint(found.append):
        mezame.run(main())
    assert [(lint.name, lint.task_name) for lint in found] == [("never-yields", "long")]


# --- async operations --------------------------------------------------------------------------------------


def test_what_a_task_waits_in_is_told():
    seen = []

    async def main():
        lock = sync.Mutex(None)
        async with lock.lock():

            async def second():
                async with lock.lock():
                    pass

            waiting = mezame.spawn(second(), name="second")
            await mezame.select(mezame.sleep(1), mezame.pending())
        await waiting

    with trace.on_async_op(lambda task, wait: seen.append((task.name, wait.kind))):
        mezame.run(main(), start_paused=True)
    assert seen[:2] == [("root", "a timer"), ("root", "a future")]
    assert seen[2] == ("second", "a lock")
    assert seen[-1] == ("root", "a task") or seen[-1] == ("second", "a lock")


def test_the_package_is_imported_when_it_is_asked_for():
    import subprocess

    code = "import sys, mezame; assert 'mezame.trace' not in sys.modules; mezame.trace.dump()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
