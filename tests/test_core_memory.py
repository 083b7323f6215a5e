"""Who holds a task, who does not, and what the garbage collector is spared."""

import contextvars
import ctypes
import gc
import shutil
import subprocess
import sys
import sysconfig
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


HIDES = COMPILED and not sysconfig.get_config_var("Py_GIL_DISABLED")


@pytest.mark.skipif(not HIDES, reason="interpreted or free-threaded, the collector sees all")
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


@pytest.mark.skipif(not HIDES, reason="interpreted or free-threaded, the collector sees all")
def test_a_task_whose_result_is_no_container_stays_hidden():
    executor = Executor()

    async def give():
        return 1

    task = executor.spawn(give())
    executor.run()
    assert task.result() == 1 and not gc.is_tracked(task)


@pytest.mark.skipif(not HIDES, reason="interpreted or free-threaded, the collector sees all")
def test_a_timer_that_is_set_is_hidden_from_the_collector():
    """What it refers to is no garbage as long as it is in the wheel; afterwards it refers to nothing."""
    from mezame.driver.wheel import TimerEntry, TimerWheel

    wheel = TimerWheel()
    fires, removed, drained = TimerEntry(), TimerEntry(), TimerEntry()
    for entry, tick in ((fires, 5), (removed, 7), (drained, 5000)):
        assert gc.is_tracked(entry)
        wheel.insert(entry, tick)
        assert not gc.is_tracked(entry)
    wheel.remove(removed)
    out = []
    wheel.advance(5, out, 10)
    wheel.drain(out, 10)
    assert out == [fires, drained] and all(map(gc.is_tracked, (fires, removed, drained)))

    async def main():
        nap = mezame.sleep(10)
        nap.poll(mezame.Context.from_waker(mezame.Waker.noop()))
        return gc.is_tracked(nap)

    assert mezame.run(main()) is False


def test_a_cycle_through_a_sleep_goes_when_its_timer_has_gone():
    class Holder:
        pass

    def make(finish):
        holder = Holder()
        holder.nap = mezame.sleep(0.001)
        holder.nap.poll(mezame.Context.from_waker(mezame.Waker.from_callable(lambda: holder)))
        gone = weakref.ref(holder)
        finish(holder.nap)
        return gone

    async def main():
        closed = make(lambda nap: nap.close())
        collect()
        assert closed() is None
        fired = make(lambda nap: None)
        await mezame.time.advance(1)
        collect()
        assert fired() is None

    mezame.run(main(), start_paused=True)
    late = []
    with mezame.Runtime() as runtime, runtime.enter():
        late.append(make(lambda nap: None))
    collect()
    assert late[0]() is None


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="about the collector without a GIL")
def test_free_threaded_the_collector_does_not_start_again_and_again_while_tasks_are_spawned():
    """It starts when a quarter as many objects were allocated as it counted the last time: it has to count tasks.

    In a process of its own, which has few other objects.
    """
    program = """
import gc
from mezame import Executor

async def give():
    return 1

def started():
    return sum(each["collections"] for each in gc.get_stats())

executor = Executor()
gc.collect()
before = started()
tasks = [executor.spawn(give()) for _ in range(100_000)]
print(started() - before)
executor.run()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert not done.stderr
    assert int(done.stdout) < 30  # each after 1.25 times as many objects; with hidden tasks more than 50


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


def test_a_coroutine_whose_value_is_pending_is_complete():
    """``Poll.Pending`` as a value is not the Pending that a leaf yields."""

    async def give():
        return mezame.Poll.Pending

    executor = Executor()
    task = executor.spawn(give())
    executor.run()
    assert task.result() is mezame.Poll.Pending
    assert executor.run_until(give()) is mezame.Poll.Pending
    assert mezame.block_on(give()) is mezame.Poll.Pending


def test_a_spawn_while_the_executor_closes_leaves_the_poll_in_progress_alone():
    executor = Executor()
    wakers = []
    log = []

    class Leaf(mezame.Future):
        def poll(self, cx):
            wakers.append(cx.waker)
            return mezame.Poll.Ready(None) if len(wakers) > 2 else mezame.Poll.Pending

    async def late():
        log.append("this must not run")

    async def work():
        try:
            await mezame.pending()
        finally:
            handle = executor.spawn(late())  # the executor is closed: it is cancelled at once
            log.append(handle.cancelled())
            leaf = Leaf()
            try:
                await leaf
            finally:
                log.append("unwound")

    task = executor.spawn(work())
    executor.run_until_stalled()
    closed = threading.Event()

    def wake_again_and_again():
        while not closed.wait(0.02):
            for waker in list(wakers):
                waker.wake()

    waking = threading.Thread(target=wake_again_and_again)
    waking.start()
    assert executor.close(timeout=5) == []
    closed.set()
    waking.join()
    assert log == [True, "unwound"] and task.cancelled()


def test_tasks_that_wake_each_other_while_they_are_dropped_leave_no_link_behind():
    executor = Executor()
    gates = [mezame.sync.Notify() for _ in range(6)]

    async def refuse(number):
        while True:
            try:
                await gates[number].notified()
            except mezame.CancelledError:
                continue
            finally:
                for gate in gates:
                    if gate is not gates[number]:
                        gate.notify_one()

    for number in range(6):
        executor.spawn(refuse(number))
    executor.run_until_stalled()
    left = executor.close(timeout=0.02)
    assert left
    del left
    collect()
    assert executor.queue_depth == 0
    executor.run()  # nothing is left to poll
    assert not executor.try_tick()


def test_a_task_that_was_polled_by_hand_is_collected():
    executor = Executor()
    cx = mezame.Context.from_waker(mezame.Waker.noop())

    async def give():
        return 1

    for looked_again in (False, True):
        task = executor.spawn(give())
        assert task.poll(cx).is_pending()
        executor.run()
        if looked_again:
            assert task.poll(cx) == mezame.Poll.Ready(1)
        gone = weakref.ref(task)
        del task
        collect()
        assert gone() is None, looked_again


def test_tasks_that_hooks_keep_go_with_a_dropped_executor():
    class Recorder(mezame.Hooks):
        def __init__(self):
            self.tasks = []

        def on_complete(self, task):
            self.tasks.append(task)

    async def give():
        return 1

    recorder = Recorder()
    gone = weakref.ref(recorder)
    executor = Executor(hooks=recorder)
    executor.spawn(give())
    executor.run()
    assert len(recorder.tasks) == 1
    del recorder, executor
    collect()
    assert gone() is None


def test_a_dropped_runtime_drops_its_pending_tasks():
    marker = Marker()
    gone = weakref.ref(marker)
    runtime = mezame.Runtime()
    runtime.spawn(parked(marker))

    async def turn():
        await mezame.yield_now()

    runtime.block_on(turn())
    del marker
    with pytest.warns(ResourceWarning):
        del runtime
        collect()
    assert gone() is None


def test_contextvars_that_the_caller_gave_stay_as_they_are():
    context = contextvars.copy_context()
    tracked = gc.is_tracked(context)
    executor = Executor()

    async def give():
        return 1

    executor.spawn(give(), context=context)
    assert gc.is_tracked(context) == tracked
    executor.run()
    assert gc.is_tracked(context) == tracked


FOREIGN = """
#include <pthread.h>
static void (*call)(void);
static void *body(void *times) {
    for (long i = 0; i < (long)times; i++) call();  /* each call makes and drops a thread state of Python's */
    return 0;
}
int run(void (*function)(void), long times) {
    pthread_t thread;
    call = function;
    return pthread_create(&thread, 0, body, (void *)times) || pthread_join(thread, 0);
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_thread_that_python_did_not_make_gets_a_slot_each_time(tmp_path):
    (tmp_path / "foreign.c").write_text(FOREIGN)
    library = tmp_path / "foreign.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-pthread", "-o", library, tmp_path / "foreign.c"], check=True)
    foreign = ctypes.CDLL(str(library))
    executor = Executor()
    woken = []

    class Leaf(mezame.Future):
        def poll(self, cx):
            woken.append(cx.waker)
            return mezame.Poll.Pending

    async def wait():
        await Leaf()

    task = executor.spawn(wait())
    executor.run_until_stalled()
    calls = []

    @ctypes.CFUNCTYPE(None)
    def from_outside():
        woken[0].wake()
        calls.append(mezame.block_on(mezame.ready(len(calls))))
        collect()

    assert foreign.run(from_outside, 50) == 0
    assert calls == list(range(50))
    executor.run_until_stalled()
    assert len(woken) == 2
    task.abort()
    executor.run()
