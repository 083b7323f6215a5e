"""The runtime: running, spawning, failing, blocking, shutting down."""

import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import weakref

import pytest
from polling import PATIENCE, until, wait_until

import mezame
from mezame.runtime import Builder, Handle

FLAVORS = pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])


def test_what_is_tested_is_what_was_asked_for():
    expected = os.environ.get("MEZAME_EXPECT")
    compiled = mezame.core.task.__file__.endswith(".so")
    if expected:
        assert compiled == (expected == "compiled")


def test_run_returns_the_value_and_main_may_be_the_function():
    async def main():
        return 3

    assert mezame.run(main()) == 3
    assert mezame.run(main) == 3


def test_main_decorator_passes_arguments():
    @mezame.main
    async def add(a, *, b):
        await mezame.yield_now()
        return a + b

    assert add(1, b=2) == 3


def test_rule_a_failed_task_is_reported_with_name_and_spawn_site(caplog):
    async def fail():
        raise ValueError("lost")

    async def main():
        mezame.spawn(fail(), name="the-loser")
        await mezame.yield_now()
        await mezame.yield_now()

    with caplog.at_level(logging.ERROR, "mezame"):
        mezame.run(main())
        gc.collect()
    assert "the-loser" in caplog.text and "test_runtime.py" in caplog.text and "lost" in caplog.text


def test_a_failure_with_a_held_handle_is_reported_at_close_once(caplog):
    held = []

    async def fail():
        raise ValueError("held")

    async def main():
        held.append(mezame.spawn(fail(), name="held-one"))
        await mezame.yield_now()
        await mezame.yield_now()

    with caplog.at_level(logging.ERROR, "mezame"):
        mezame.run(main())
        held.clear()
        gc.collect()
    assert caplog.text.count("held-one") == 1


def test_an_awaited_failure_is_not_reported(caplog):
    async def fail():
        raise ValueError("seen")

    async def main():
        with pytest.raises(ValueError):
            await mezame.spawn(fail())

    with caplog.at_level(logging.ERROR, "mezame"):
        mezame.run(main())
        gc.collect()
    assert caplog.text == ""


def test_shutdown_on_failure_policy():
    async def fail():
        raise ValueError("fatal")

    async def main():
        mezame.spawn(fail())
        await mezame.pending()

    with pytest.raises(mezame.ShutdownError) as caught:
        mezame.run(main(), unhandled_panic="shutdown_runtime")
    assert isinstance(caught.value.__cause__, ValueError)


def test_tasks_left_behind_are_cancelled_and_their_finally_awaits():
    log = []

    async def stay():
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("unwound")

    async def main():
        mezame.spawn(stay())
        await mezame.yield_now()

    mezame.run(main())
    assert log == ["unwound"]


def test_close_returns_what_refused_to_stop(caplog):
    async def stubborn():
        while True:
            try:
                await mezame.sleep(10)
            except mezame.CancelledError:
                pass

    runtime = mezame.Runtime()

    async def main():
        mezame.spawn(stubborn(), name="stubborn")
        await mezame.yield_now()

    runtime.block_on(main())
    with caplog.at_level(logging.ERROR, "mezame"):
        report = runtime.close(0.05)
    assert report and [task.name for task in report.tasks] == ["stubborn"]


def test_async_generators_are_closed():
    log = []

    async def numbers():
        try:
            for n in range(10):
                yield n
        finally:
            await mezame.yield_now()
            log.append("closed")

    async def main():
        generator = numbers()
        await anext(generator)
        log.append(generator)

    mezame.run(main())
    assert log[-1] == "closed"


def test_spawn_blocking_and_its_contextvars_and_failures():
    async def main():
        caller = threading.get_ident()
        assert await mezame.spawn_blocking(threading.get_ident) != caller
        with pytest.raises(ZeroDivisionError):
            await mezame.spawn_blocking(lambda: 1 / 0)
        handle = Handle.current()

        async def inner():
            return 5

        return await mezame.spawn_blocking(lambda: handle.block_on(inner()))

    assert mezame.run(main()) == 5


def test_a_bounded_pool_queues_and_a_queued_job_can_be_aborted():
    gate = threading.Event()
    ran = []

    async def main():
        first = mezame.spawn_blocking(gate.wait)
        second = mezame.spawn_blocking(ran.append, 2)
        third = mezame.spawn_blocking(ran.append, 3)
        second.abort()
        gate.set()
        await first
        await third
        with pytest.raises(mezame.JoinError):
            await second

    mezame.run(main(), max_blocking_threads=1)
    assert ran == [3]


def test_wrong_uses_say_the_way_out():
    async def one():
        return 1

    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        mezame.spawn(one())
    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        Handle.current()
    runtime = mezame.Runtime()
    runtime.close()
    with pytest.raises(mezame.RuntimeClosedError, match="new one"):
        runtime.block_on(one())

    async def nested():
        with pytest.raises(mezame.EnterError, match="await"):
            mezame.run(one())
        with pytest.raises(mezame.EnterError):
            mezame.block_on(one())

    mezame.run(nested())
    with pytest.raises(ValueError, match="flavor"):
        mezame.Runtime("many")
    with pytest.raises(ValueError, match="event_interval"):
        mezame.Runtime(event_interval=0)


def test_run_inside_a_running_asyncio_loop_is_refused():
    async def one():
        return 1

    async def outer():
        with pytest.raises(RuntimeError, match="asyncio"):
            mezame.run(one())

    asyncio.run(outer())


def test_a_late_spawn_is_born_cancelled():
    runtime = mezame.Runtime()
    handle = runtime.handle()
    runtime.close()

    async def late():
        raise AssertionError("must not run")

    assert handle.spawn(late()).cancelled()


def test_handle_spawns_and_blocks_from_other_threads():
    async def double(n):
        await mezame.sleep(0.001)
        return 2 * n

    got = []

    async def main():
        handle = Handle.current()
        done = mezame.sync.Notify()

        def work():
            got.append(handle.block_on(double(1)))
            got.append(handle.block_on(handle.spawn(double(2))))
            done.notify_one()

        thread = threading.Thread(target=work)
        thread.start()
        await done.notified()
        thread.join()

    mezame.run(main())
    assert got == [2, 4]


def test_two_threads_block_on_one_runtime_and_the_core_is_handed_over():
    runtime = mezame.Runtime()
    first_out = mezame.sync.Notify()
    first_drives = threading.Event()
    results = []

    async def first():
        first_drives.set()
        await first_out.notified()
        return "first"

    async def where():
        return threading.get_ident()

    async def second():
        before = await mezame.spawn(where())
        first_out.notify_one()
        threads[0].join(PATIENCE)  # from here on a task is polled by this thread, or by nobody
        assert not threads[0].is_alive()
        await mezame.sleep(0.001)
        assert before == threads[0].ident and await mezame.spawn(where()) == threading.get_ident()
        return "second"

    with runtime:
        threads = [
            threading.Thread(target=lambda make=make: results.append(runtime.block_on(make())))
            for make in (first, second)
        ]
        threads[0].start()
        assert first_drives.wait(PATIENCE)
        threads[1].start()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
    assert results == ["first", "second"]


def test_a_kept_waker_keeps_neither_task_nor_result():
    class Result:
        pass

    kept = []

    async def main():
        def poll(cx):
            kept.append(cx.waker)
            return mezame.Poll.Ready(None)

        async def work():
            await mezame.poll_fn(poll)
            return Result()

        task = mezame.spawn(work())
        result = weakref.ref(await task)
        del task
        gc.collect()
        assert result() is None
        kept[0].wake()

    mezame.run(main())


def test_metrics_count():
    async def main():
        before = Handle.current().metrics()
        await mezame.spawn(mezame.yield_now())
        after = Handle.current().metrics()
        return after.spawned_tasks_count - before.spawned_tasks_count, after.polls_count - before.polls_count

    spawned, polls = mezame.run(main())
    assert spawned == 1 and polls >= 2


def test_poll_time_histogram():
    async def main():
        await mezame.yield_now()
        return Handle.current().metrics()

    assert mezame.run(main()).poll_time_histogram == ()
    assert sum(count for _, count in mezame.run(main(), poll_time_histogram=True).poll_time_histogram) >= 1


@pytest.mark.parametrize("spawned", [False, True], ids=["root", "task"])
def test_watchdog_reports_the_stack_that_blocks(spawned):
    reported = threading.Event()

    class Seen(logging.Handler):
        def emit(self, record):
            caught.append(record.getMessage())
            reported.set()

    caught = []
    handler = Seen()
    logging.getLogger("mezame").addHandler(handler)

    async def block():
        reported.wait(10)  # blocks the thread until the watchdog has spoken

    async def main():
        await (mezame.spawn(block(), name="blocker") if spawned else block())

    try:
        mezame.run(main(), watchdog=0.02)
    finally:
        logging.getLogger("mezame").removeHandler(handler)
    assert "reported.wait(10)" in caught[0]
    assert not spawned or "blocker" in caught[0]


def test_hooks_see_the_cycle():
    seen = []

    class Log(mezame.Hooks):
        def on_spawn(self, task):
            seen.append("spawn")

        def on_poll(self, task):
            if not task.is_root:
                seen.append("poll")

        def on_pending(self, task):
            if not task.is_root:
                seen.append("pending")

        def on_wake(self, task):
            if not task.is_root:
                seen.append("wake")

        def on_complete(self, task):
            if not task.is_root:
                seen.append("complete")

    async def main():
        await mezame.spawn(mezame.sleep(0.001))

    mezame.run(main(), hooks=Log(), start_paused=True)  # or the sleep may be over at its first poll
    assert seen == ["spawn", "poll", "pending", "wake", "poll", "complete"]


def test_builder_makes_runtimes_again_and_again():
    builder = Builder.new_current_thread().enable_time(False).name("b")
    for _ in range(2):
        with builder.build() as runtime, pytest.raises(RuntimeError, match="enable_time"):
            runtime.block_on(mezame.sleep(1))


PROGRAM = """
import mezame, threading, time
def tell(executor):
    while not executor.is_parked:
        time.sleep(0.001)
    print("ready", flush=True)
async def main():
    threading.Thread(target=tell, args=[mezame.Handle.current().executor]).start()
    try:
        await mezame.pending()
    finally:
        await mezame.yield_now()
        print("unwound", flush=True)
try:
    mezame.run(main())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_cancels_main_while_it_is_parked():
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert out.split() == ["unwound", "interrupted"]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs Linux")
@pytest.mark.parametrize("driver", ["epoll", "selectors"])
@pytest.mark.parametrize(
    "options",
    [
        {"event_interval": 0},
        {"max_blocking_threads": 0},
        {"poll_time_histogram": 3},
        {"watchdog": -1},
        {"flavor": "multi_thread", "worker_threads": 0},
        {"flavor": "multi_thread", "worker_threads": 2, "watchdog": -1},
    ],
)
def test_a_runtime_that_refuses_an_option_leaves_nothing_behind(driver, options):
    gc.collect()
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    with pytest.raises((ValueError, TypeError)):
        mezame.Runtime(driver=driver, **options)
    # A thread is over for the runtime a moment before it is for Python.
    wait_until(lambda: (len(os.listdir("/proc/self/fd")), threading.active_count()) == before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_refused_clearly():
    program = """
import mezame, os, warnings
warnings.simplefilter("ignore")
runtime = mezame.Runtime()
async def one(): return 1
runtime.block_on(one())
pid = os.fork()
if pid == 0:
    try:
        runtime.block_on(one())
    except RuntimeError as error:
        os._exit(7 if "forked child" in str(error) else 8)
    os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
runtime.close()
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30).stdout == "7\n"


def test_keyboard_interrupt_in_a_task_leaves_block_on():
    async def stop():
        raise KeyboardInterrupt

    async def main():
        mezame.spawn(stop())
        await mezame.pending()

    with pytest.raises(KeyboardInterrupt):
        mezame.run(main())


def test_rule_the_budget_bounds_a_task_that_never_waits():
    async def main():
        notes = []
        tx, rx = mezame.sync.mpsc.channel(1000)

        async def greedy():
            for n in range(500):
                tx.try_send(n)
            for _ in range(500):
                await rx.recv()
            notes.append("greedy")

        async def other():
            notes.append("other")

        tasks = [mezame.spawn(greedy()), mezame.spawn(other())]
        for task in tasks:
            await task
        return notes

    assert mezame.run(main()) == ["other", "greedy"]


def test_wakes_from_many_threads_are_all_delivered():
    rounds, threads = 300, 4

    async def main():
        channels = [mezame.sync.mpsc.channel(rounds) for _ in range(threads)]

        def push(tx):
            for n in range(rounds):
                tx.blocking_send(n)
            tx.close()

        async def drain(rx):
            return [n async for n in rx]

        tasks = [mezame.spawn(drain(rx)) for _, rx in channels]
        workers = [mezame.spawn_blocking(push, tx) for tx, _ in channels]
        for worker in workers:
            await worker
        return [await task for task in tasks]

    assert mezame.run(main()) == [list(range(rounds))] * threads


def test_closing_a_runtime_that_is_being_driven_is_refused_and_leaves_it_whole():
    runtime = mezame.Runtime()
    inside, leave = threading.Event(), mezame.sync.Notify()

    async def main():
        inside.set()
        await leave.notified()
        return await mezame.spawn(mezame.ready(4))

    results = []
    thread = threading.Thread(target=lambda: results.append(runtime.block_on(main())))
    thread.start()
    assert inside.wait(10)
    for close in (runtime.close, runtime.shutdown_background):
        with pytest.raises(mezame.EnterError, match="block_on"):
            close()
    leave.notify_one()
    thread.join(10)
    assert results == [4]
    runtime.close()


def test_an_interrupt_while_closing_is_not_lost():
    async def stop():
        try:
            await mezame.pending()
        finally:
            raise KeyboardInterrupt

    async def main():
        mezame.spawn(stop())
        await mezame.yield_now()

    with pytest.raises(KeyboardInterrupt):
        mezame.run(main())


STUCK = """
import mezame
async def main():
    print("ready", flush=True)
    try:
        await mezame.pending()
    finally:
        print("unwinding", flush=True)
        await mezame.pending()
try:
    mezame.run(main())
except KeyboardInterrupt:
    print("forced", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_second_ctrl_c_forces():
    process = subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True)
    for line in ("ready", "unwinding"):
        assert process.stdout.readline() == line + "\n"
        process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert out.split() == ["forced"]


# --- task callbacks, stack sizes, local runtimes -----------------------------------------------------------


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_task_callbacks_hear_of_every_poll(flavor):
    heard = []

    def callback(what):
        return lambda meta: heard.append((what, meta))

    async def child():
        await mezame.yield_now()

    async def main():
        task = mezame.spawn(child(), name="child")
        await task
        return task.id  # the join may be quicker than the last callback; the end of the runtime is not

    builder = getattr(mezame.runtime.Builder, f"new_{flavor}")().track_task_schedule_latency()
    builder.on_task_spawn(callback("spawn")).on_before_task_poll(callback("before"))
    builder.on_after_task_poll(callback("after")).on_task_terminate(callback("end"))
    with builder.build() as runtime:
        number = runtime.block_on(main())
    mine = [(what, meta) for what, meta in heard if meta.name == "child"]
    assert [what for what, _ in mine] == ["spawn", "before", "after", "before", "after", "end"]
    assert {meta.id for _, meta in mine} == {number}
    assert all("test_runtime.py" in meta.spawned_at for _, meta in mine)
    latencies = [meta.schedule_latency for what, meta in mine if what == "before"]
    assert all(latency >= 0 for latency in latencies)
    assert mine[0][1].schedule_latency is None


def latency_callbacks(heard):
    from mezame.runtime.callbacks import combine

    def note(what):
        return lambda meta: heard.append((what, meta.schedule_latency))

    return combine(
        None, spawn=None, before_poll=note("before"), after_poll=note("after"), terminate=None, park=None, unpark=None,
        latency=True, latencies=None,
    )  # fmt: skip


@pytest.fixture
def told_time(monkeypatch):
    """The time, in a list, that the latencies are taken from."""
    now = [0.0]
    monkeypatch.setattr("mezame.runtime.callbacks.perf_counter", lambda: now[0])
    return now


def woken_task():
    """What the callbacks hear, the callbacks, and a task of whose wake they have been told."""
    heard = []
    told = latency_callbacks(heard)
    executor = mezame.Executor()
    task = executor.spawn(mezame.ready(1))
    executor.run()
    told.on_wake(task)
    return heard, told, task


def test_the_end_of_a_poll_that_waits_is_no_moment_at_which_a_task_is_queued(told_time):
    """The next poll, on another worker, may have begun before it is told."""
    heard, told, task = woken_task()
    told.on_poll(task)
    told.on_wake(task)  # while the end of the first poll is on its way
    told.on_poll(task)
    told.on_pending(task)
    told_time[0] += 8  # of the second poll
    told.on_again(task)
    told_time[0] += 1
    told.on_poll(task)
    assert heard[-1] == ("before", 1)
    told.on_complete(task)
    assert told._queued == {} and told._latency == {}


def test_the_latency_after_a_poll_is_that_of_this_poll_though_the_next_has_begun_on_another_worker(told_time):
    heard, told, task = woken_task()
    told_time[0] += 1
    told.on_poll(task)
    told.on_wake(task)
    told_time[0] += 8
    thread = threading.Thread(target=told.on_poll, args=(task,))
    thread.start()
    thread.join()
    told.on_pending(task)
    assert heard == [("before", 1), ("before", 8), ("after", 1)]


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_a_poll_that_waits_leaves_no_moment_behind(flavor):
    polled = []

    async def main():
        task = mezame.spawn(mezame.sleep(1000), name="waits")
        await until(lambda: task.id in polled)  # told last of all that a poll's end does
        return task

    after = {"on_after_task_poll": lambda meta: polled.append(meta.id)}
    with mezame.Runtime(flavor, track_task_schedule_latency=True, **after) as runtime:
        task = runtime.block_on(main())
        assert task.id not in runtime._executor.hooks._queued


def test_task_callbacks_and_hooks_are_both_told_and_without_tracking_there_is_no_latency():
    heard = []

    class Log(mezame.Hooks):
        def on_spawn(self, task):
            heard.append("hooks")

    async def main():
        await mezame.spawn(mezame.ready(1))

    mezame.run(
        main(), hooks=Log(), on_task_spawn=lambda meta: heard.append("callback"),
        on_before_task_poll=lambda meta: heard.append(meta.schedule_latency), on_thread_park=lambda: None,
    )  # fmt: skip
    assert heard == ["hooks", "callback", None]


def test_the_stack_size_is_that_of_our_threads_only():
    usual = threading.stack_size()
    with pytest.raises(ValueError, match=r"thread_stack_size must be .*, not 17"):
        mezame.Runtime(thread_stack_size=17)
    seen = []

    async def main():
        await mezame.spawn_blocking(lambda: seen.append(threading.stack_size()))

    mezame.run(main(), thread_stack_size=1 << 20)
    assert len(seen) == 1
    assert threading.stack_size() == usual


async def _number():
    return mezame.runtime.worker_index()


def test_worker_index():
    assert mezame.runtime.worker_index() is None
    assert mezame.run(_number()) is None

    async def main():
        def in_place():
            return mezame.task.block_in_place(mezame.runtime.worker_index)

        async def child():
            return mezame.runtime.worker_index(), in_place(), await mezame.spawn_blocking(mezame.runtime.worker_index)

        return await mezame.spawn(child())

    index, in_place, blocking = mezame.run(main(), flavor="multi_thread", worker_threads=2)
    assert index in (0, 1)
    assert in_place is None and blocking is None


def test_local_runtime_spawns_local_and_stays_on_its_thread():
    async def where():
        return threading.get_ident()

    async def main():
        one = mezame.task.spawn_local(where())
        two = runtime.spawn_local(where())
        return await one, await two

    with mezame.runtime.Builder.new_current_thread().build_local() as runtime:
        assert runtime.block_on(main()) == (threading.get_ident(),) * 2
        refused = []

        def other():
            for call in (runtime.block_on, runtime.spawn_local):
                with pytest.raises(RuntimeError, match="LocalRuntime was called in another thread"):
                    call(where())
                refused.append(call)
            with runtime.enter(), pytest.raises(RuntimeError, match="spawn_local needs"):
                mezame.task.spawn_local(where())

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert len(refused) == 2
        handed = runtime.handle().spawn(where())
        assert runtime.block_on(handed) == threading.get_ident()
    with pytest.raises(ValueError, match="flavor"):
        mezame.runtime.Builder.new_multi_thread().build_local()


def test_spawn_local_without_a_local_runtime_raises():
    async def main():
        with pytest.raises(RuntimeError, match="LocalSet or a LocalRuntime"):
            mezame.task.spawn_local(_number())

    mezame.run(main())


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
@pytest.mark.filterwarnings("error:.*never awaited")
def test_a_generator_that_is_dropped_in_the_last_moment_runs_its_finally(flavor):
    closed = []

    async def numbers():
        try:
            yield 1
        finally:
            await mezame.yield_now()
            closed.append(True)

    async def main():
        async for _ in numbers():
            break
        gc.collect()  # it is dropped here at the latest, and main ends before its aclose had a turn

    mezame.run(main(), flavor=flavor)
    assert closed == [True]


# --- what leaves block_on lets the root unwind first ------------------------------------------------------------------


async def fail(error):
    raise error


def leaving(log, error, swallow=False):
    async def main():
        mezame.spawn(fail(error))
        try:
            await mezame.pending()
        except asyncio.CancelledError:
            log.append("cancelled")
            if not swallow:
                raise
        finally:
            await mezame.sleep(0.001)
            log.append("unwound")

    return main()


@FLAVORS
@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=["exit", "interrupt"])
@pytest.mark.parametrize("swallow", [False, True])
def test_the_root_unwinds_before_an_exit_of_a_task_leaves_block_on(flavor, error, swallow):
    log = []
    with pytest.raises(type(error)):
        mezame.run(leaving(log, error, swallow), flavor=flavor)
    assert log == ["cancelled", "unwound"]


def test_the_root_unwinds_before_a_failure_shuts_the_runtime_down():
    log = []
    with pytest.raises(mezame.runtime.ShutdownError) as caught:
        mezame.run(leaving(log, ValueError("no")), unhandled_panic="shutdown_runtime")
    assert isinstance(caught.value.__cause__, ValueError)
    assert log == ["cancelled", "unwound"]


@FLAVORS
def test_what_the_root_raises_while_an_exit_ends_it_is_reported(flavor, caplog):
    async def main():
        mezame.spawn(fail(SystemExit(3)))
        try:
            await mezame.pending()
        finally:
            raise OSError("in the clean-up")

    with pytest.raises(SystemExit):
        mezame.run(main(), flavor=flavor)
    assert "in the clean-up" in caplog.text


@FLAVORS
def test_a_second_exit_meanwhile_is_a_failure_like_others(flavor, caplog):
    begun = []

    async def late():
        begun.append(True)
        try:
            await mezame.pending()
        finally:
            raise SystemExit(4)

    async def main():
        task = mezame.spawn(late())
        await until(lambda: begun)  # a task that is aborted before its first poll raises nothing
        mezame.spawn(fail(SystemExit(3)))
        try:
            await mezame.pending()
        finally:
            task.abort()
            await until(task.is_finished)
            del task

    with pytest.raises(SystemExit) as caught:
        mezame.run(main(), flavor=flavor)
    assert caught.value.code == 3
    assert "SystemExit" in caplog.text


STUBBORN = """
import mezame, os, signal
async def main():
    print("ready", flush=True)
    while True:
        try:
            await mezame.sleep(0.001)
        except BaseException:
            pass
try:
    mezame.run(main(), flavor={flavor!r})
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@FLAVORS
def test_a_second_ctrl_c_ends_a_root_that_catches_everything(flavor):
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN.format(flavor=flavor)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        until_ended(process)
        assert process.stdout.read() == "interrupted\n"


def until_ended(process):
    """Ctrl-C again and again: the first may be swallowed, and one that comes right after another is the same one."""
    for _ in range(200):
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    raise AssertionError("it did not end")


@FLAVORS
def test_a_dropped_task_that_tries_again_and_again_is_left_at_its_await(flavor):
    """An await in a coroutine that is being dropped never ends; an error there would be retried for ever."""
    tries = 0
    started = threading.Event()

    async def main():
        nonlocal tries
        try:
            started.set()
            await mezame.pending()
        finally:
            while tries < 1000:
                tries += 1
                try:
                    await mezame.sleep(0.001)
                    break
                except Exception:
                    continue

    with mezame.Runtime(flavor) as rt:
        task = rt.spawn(main())
        rt.block_on(mezame.yield_now())
        assert started.wait(PATIENCE)
        rt.close(0.0)
        assert task.is_finished()
    assert tries == 1


@FLAVORS
def test_the_handle_of_an_aborted_task_keeps_nothing_of_it(flavor):
    class Local:
        pass

    async def work(mutex, references):
        local = Local()
        references.append(weakref.ref(local))
        guard = await mutex.lock()
        try:
            raise OSError(local, guard)
        except OSError:
            await mezame.pending()

    async def main():
        mutex, references = mezame.sync.Mutex(), []
        task = mezame.spawn(work(mutex, references))
        await until(mutex.is_locked)
        task.abort()
        with pytest.raises(mezame.JoinError):
            await task
        return task, mutex, references[0]

    task, mutex, reference = mezame.run(main(), flavor=flavor)
    gc.collect()  # interpreted, and without a GIL, frames go a moment later
    assert reference() is None and not mutex.is_locked()
    assert task.is_finished()


# --- block_on of a plain thread ---------------------------------------------------------------------------------------

INTERRUPTED = """
import mezame, os, signal, sys, threading
from mezame.sync import RwLock, Semaphore

def sleeps():
    # Interpreted, a signal could come in the middle of the library's own code.
    frame = sys._current_frames()[threading.main_thread().ident]
    return mezame.core.task.__file__.endswith(".so") or frame.f_code.co_name == "park"

armed, ended = threading.Event(), threading.Event()

def once(number, frame):
    if armed.is_set():
        armed.clear()
        raise KeyboardInterrupt

signal.signal(signal.SIGINT, once)

def interrupted(call):
    # The other thread sees that this one waits, and interrupts it. (Again and again: Python does not see a signal that
    # comes just before a thread sleeps on a lock.)
    def interrupt():
        while not (waits() and sleeps()):
            pass
        while not ended.wait(0.05):
            os.kill(os.getpid(), signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    ended.clear()
    armed.set()
    thread.start()
    try:
        call()
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError("no interrupt")
    finally:
        ended.set()
        thread.join()

semaphore = Semaphore(0)
waits = lambda: "1 waiting" in repr(semaphore)
interrupted(semaphore.blocking_acquire)
semaphore.add_permits(1)
assert semaphore.available_permits() == 1, semaphore

lock = RwLock()
guard = lock.try_write()
waits = lambda: "1 waiting" in repr(lock)
interrupted(lock.blocking_write)
guard.unlock()
lock.try_write()

log = []
began = threading.Event()
async def unwinds():
    try:
        began.set()
        await mezame.pending()
    finally:
        await mezame.core.coop.yield_now()
        log.append("unwound")
waits = began.is_set
interrupted(lambda: mezame.block_on(unwinds()))
assert log == ["unwound"], log
print("ok")
"""


def test_an_interrupt_while_a_plain_thread_blocks_leaves_nobody_behind():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "ok\n", done.stderr
