"""The multi-thread runtime: what it promises, one test per promise."""

import asyncio
import contextvars
import gc
import os
import subprocess
import sys
import threading
import time
import types
import warnings

import pytest
from polling import PATIENCE, wait_until

import mezame
from mezame import sync
from mezame.net import TcpListener, TcpStream
from mezame.runtime import Builder, Handle, RuntimeFlavor


def runtime(workers=2, **options):
    return mezame.Runtime("multi_thread", worker_threads=workers, **options)


def run(future, workers=2, **options):
    """``future`` as a task on a worker, not as the root, which is polled by this thread."""
    with runtime(workers, **options) as rt:

        async def root():
            return await rt.spawn(future)

        return rt.block_on(root())


# --- making it ---------------------------------------------------------------------------------------------


def test_flavor_and_worker_count():
    with runtime(3) as rt:
        assert rt.handle().runtime_flavor() is RuntimeFlavor.MULTI_THREAD
        assert rt.metrics().num_workers == 3
    with Builder.new_multi_thread().worker_threads(1).build() as rt:
        assert rt.metrics().num_workers == 1


def test_the_default_is_one_worker_per_usable_cpu_and_the_environment_below_the_option(monkeypatch):
    with mezame.Runtime("multi_thread") as rt:
        assert rt.metrics().num_workers == len(os.sched_getaffinity(0))
    monkeypatch.setenv("MEZAME_WORKER_THREADS", "3")
    with mezame.Runtime("multi_thread") as rt:
        assert rt.metrics().num_workers == 3
    with runtime(1) as rt:
        assert rt.metrics().num_workers == 1
    monkeypatch.setenv("MEZAME_WORKER_THREADS", "many")
    with pytest.raises(ValueError, match="many"):
        mezame.Runtime("multi_thread")


@pytest.mark.parametrize("workers", [0, -1, 100_000])
def test_a_bad_worker_count_names_itself(workers):
    with pytest.raises(ValueError, match=str(workers)):
        runtime(workers)


def test_options_of_the_other_flavor_are_refused():
    with pytest.raises(ValueError, match="start_paused"):
        runtime(start_paused=True)
    with pytest.raises(ValueError, match="choose"):
        runtime(choose=lambda n: 0)
    with pytest.raises(ValueError, match="unhandled_panic"):
        runtime(unhandled_panic="shutdown_runtime")
    with pytest.raises(ValueError, match="multi_thread"):
        mezame.Runtime(worker_threads=2)
    with pytest.raises(ValueError, match="no_such"):
        mezame.Runtime("no_such")


def test_thread_names_and_hooks():
    log = []
    with runtime(
        2, thread_name="w", on_thread_start=lambda: log.append(threading.current_thread().name),
        on_thread_stop=lambda: log.append("stop"),
    ):  # fmt: skip
        pass
    assert sorted(log) == ["stop", "stop", "w-0", "w-1"]


def test_park_hooks_run_on_the_worker_and_one_that_makes_work_keeps_it_awake():
    parked, ran = [], threading.Event()
    gate = threading.Event()

    def on_park():
        parked.append(threading.current_thread().name)
        if len(parked) == 1:
            mezame.spawn(note())

    async def note():
        ran.set()

    with runtime(1, on_thread_park=on_park, on_thread_unpark=gate.set, thread_name="w"):
        assert ran.wait(PATIENCE)
        assert gate.wait(PATIENCE)
    assert set(parked) == {"w-0"}


# --- running ---------------------------------------------------------------------------------------------


def test_tasks_run_on_workers_and_the_root_on_the_caller():
    async def where():
        return threading.current_thread().name

    with runtime(2, thread_name="w") as rt:

        async def main():
            return threading.get_ident(), await mezame.spawn(where())

        root, task = rt.block_on(main())
    assert root == threading.get_ident()
    assert task.startswith("w-")


def test_values_errors_and_aborts_reach_the_root():
    async def fails():
        raise KeyError("k")

    async def main():
        with pytest.raises(KeyError):
            await mezame.spawn(fails())
        sleeper = mezame.spawn(mezame.sleep(100))
        sleeper.abort()
        with pytest.raises(mezame.JoinError):
            await sleeper
        async with mezame.TaskGroup() as group:
            handles = [group.spawn(double(n)) for n in range(50)]
        return sum(handle.result() for handle in handles)

    async def double(n):
        await mezame.yield_now()
        return 2 * n

    with runtime() as rt:
        assert rt.block_on(main()) == 2450
    assert run(main()) == 2450


def test_a_blocked_worker_does_not_hold_up_what_waits_behind_it():
    """Worker 0 or 1 blocks; what it had queued is stolen by the other."""
    gate = threading.Event()

    async def blocks():
        handles = [mezame.spawn(opens(n)) for n in range(10)]
        assert gate.wait(PATIENCE), "nobody stole"
        return [await handle for handle in handles]

    async def opens(n):
        if n == 0:
            gate.set()
        return n

    assert run(blocks()) == list(range(10))


def test_contextvars_follow_a_task_from_thread_to_thread():
    var = contextvars.ContextVar("var")

    async def worker(n):
        var.set(n)
        for _ in range(50):
            await mezame.yield_now()
            assert var.get() == n

    async def main():
        var.set("main")
        await mezame.join_all([mezame.spawn(worker(n)) for n in range(20)])
        assert var.get() == "main"

    run(main(), 4)


def test_timers_and_sockets():
    async def serve(listener):
        while True:
            stream, _ = await listener.accept()
            mezame.spawn(echo(stream))

    async def echo(stream):
        async with stream:
            while data := await stream.read():
                await stream.write_all(data)

    async def client(address, n):
        async with await TcpStream.connect(address) as stream:
            for k in range(20):
                message = f"{n}:{k}".encode()
                await stream.write_all(message)
                assert await stream.read_exact(len(message)) == message
                await mezame.sleep(0)
        return n

    async def main():
        listener = await TcpListener.bind("127.0.0.1:0")
        server = mezame.spawn(serve(listener))
        got = await mezame.join_all([mezame.spawn(client(listener.local_addr(), n)) for n in range(20)])
        server.abort()
        with pytest.raises(mezame.time.Elapsed):
            await mezame.timeout(0.01, mezame.pending())
        return got

    assert run(main(), 3) == list(range(20))


def test_wakes_and_spawns_from_foreign_threads():
    async def main():
        handle = Handle.current()
        sender, receiver = sync.mpsc.channel(4)

        def produce(n):
            for k in range(100):
                sender.blocking_send((n, k))

        async def count():
            seen = 0
            while await receiver.recv() is not None:
                seen += 1
            return seen

        threads = [threading.Thread(target=produce, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        counting = handle.spawn(count())
        await mezame.spawn_blocking(lambda: [thread.join() for thread in threads])
        sender.close()
        return await counting

    with runtime() as rt:
        assert rt.block_on(main()) == 400


def test_two_threads_in_block_on():
    """Three, in fact; and each root waits for the two others, for a timer, and for a task."""
    with runtime() as rt:
        results = []
        all_inside = sync.Barrier(3)

        async def main(n):
            await all_inside.wait()
            await mezame.sleep(0.001)
            results.append(await mezame.spawn(add(n)))

        async def add(n):
            return n + 1

        threads = [threading.Thread(target=rt.block_on, args=(main(n),)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
    assert sorted(results) == [1, 2, 3]


def test_async_generators_of_workers_are_closed():
    log = []

    async def numbers():
        try:
            yield 1
        finally:
            log.append("closed")

    async def main():
        generator = numbers()
        await anext(generator)
        log.append(generator)

    run(main())
    assert log[-1] == "closed"


# --- the queues -----------------------------------------------------------------------------------------------


def test_the_slot_runs_the_woken_next_and_does_not_starve_a_third():
    """A pair that wakes each other for ever; the third gets its turn after three polls from the slot."""
    log = []

    async def ping(mine, other, stop):
        while not stop.is_cancelled():
            log.append("pair")
            other.notify_one()
            await mine.notified()

    async def third(stop):
        log.append("third")
        stop.cancel()

    async def main():
        a, b = sync.Notify(), sync.Notify()
        stop = sync.CancellationToken()
        pair = [mezame.spawn(ping(a, b, stop)), mezame.spawn(ping(b, a, stop))]
        last = mezame.spawn(third(stop))
        await last
        a.notify_one()
        b.notify_one()
        for handle in pair:
            await handle

    run(main(), 1)
    assert "third" in log


def test_disable_lifo_slot_keeps_first_in_first_out():
    async def main():
        log = []

        async def note(n):
            log.append(n)

        handles = [mezame.spawn(note(n)) for n in range(5)]
        for handle in handles:
            await handle
        return log

    assert run(main(), 1, disable_lifo_slot=True) == [0, 1, 2, 3, 4]
    assert run(main(), 1)[0] == 4, "the slot holds the latest"


def test_an_overflow_is_counted_and_every_task_runs_once():
    async def main():
        ran = []

        async def note(n):
            ran.append(n)

        await mezame.join_all([mezame.spawn(note(n)) for n in range(1000)])
        return ran, Handle.current().metrics()

    ran, metrics = run(main(), 1, disable_lifo_slot=True)
    assert sorted(ran) == list(range(1000))
    assert metrics.workers[0].overflow_count > 0


def test_yield_now_gives_way_to_all_and_comes_back_in_order():
    async def main():
        log = []

        async def twice(n):
            log.append(n)
            await mezame.yield_now()
            log.append(n)

        handles = [mezame.spawn(twice(n)) for n in range(4)]
        for handle in handles:
            await handle
        return log

    assert run(main(), 1, disable_lifo_slot=True) == [0, 1, 2, 3, 0, 1, 2, 3]


async def on_again():
    await mezame.yield_now()


async def after_a_timer():
    await mezame.sleep(0.0005)
    sum(range(1_000))  # longer than the timers take to fire: the driver always has somebody to wake


@pytest.mark.parametrize("give_way", [on_again, after_a_timer])
def test_more_busy_tasks_than_a_queue_holds_share_the_polls(give_way):
    """What does not fit into the queue waits in the injection queue: it may not wait for the others' end."""

    async def main():
        counts = [0] * 600
        stop = False

        async def busy(n):
            while not stop:
                counts[n] += 1
                await give_way()

        handles = [mezame.spawn(busy(n)) for n in range(600)]
        while sum(counts) < 30_000:
            await give_way()
        stop = True
        await mezame.join_all(handles)
        return counts

    async def spawned():
        return await mezame.spawn(main())

    counts = run(spawned(), 1, global_queue_interval=100_000)  # the look at each interval does not help them
    assert min(counts) > 20  # of 50 on average; the ones that found no room would have had about 1


@pytest.mark.parametrize("outside", [False, True])
def test_who_waits_behind_the_queue_is_reached_from_both_sides(outside):
    """Tasks that give way without end, and tasks that come from outside of the workers, share the polls."""
    with runtime(1, global_queue_interval=100_000) as rt:
        counts = [0] * 600
        arrived = 0
        stop = threading.Event()

        async def busy(n):
            while not stop.is_set():
                counts[n] += 1
                await mezame.yield_now()

        async def arrive():
            nonlocal arrived
            arrived += 1
            if outside and not stop.is_set():  # each makes the next: the injection queue is never empty for long
                threading.Thread(target=rt.spawn, args=(arrive(),)).start()

        async def main():
            handles = [mezame.spawn(busy(n)) for n in range(600)]
            await rt.spawn_blocking(rt.spawn, arrive())
            while sum(counts) < 60_000 or arrived < (20 if outside else 1):
                await mezame.yield_now()
            stop.set()
            await mezame.join_all(handles)

        rt.block_on(rt.spawn(main()))
        assert min(counts) > 0.4 * max(counts), "all move on at the same pace"


def test_what_waits_behind_a_blocked_worker_is_stolen():
    """The backlog of a worker that blocks: nobody else could go on with those tasks, but for a thief."""
    occupied, free, moved = threading.Event(), threading.Event(), threading.Event()
    where = [set() for _ in range(600)]
    left = 600

    async def occupy():
        occupied.set()
        free.wait(20)

    async def busy(n):
        nonlocal left  # safe: while the worker is blocked only the other one counts
        while not free.is_set():
            where[n].add(threading.get_ident())
            await mezame.yield_now()
        left -= 1
        if left <= 61:
            moved.set()

    async def main():
        other = mezame.spawn(occupy())
        assert occupied.wait(20), "the other worker steals it"
        handles = [mezame.spawn(busy(n)) for n in range(600)]
        while not all(where):
            await mezame.yield_now()
        for _ in range(3):  # the injection queue is empty now: all of them are this worker's
            await mezame.yield_now()
        here = threading.get_ident()  # of the worker that blocks now; later this task may go on at the other
        free.set()
        # Blocks this worker: up to 61 have given way since its last turn and wait for the next, up to 256 are in its
        # queue, the rest behind it.
        most_moved = moved.wait(20)
        await other
        await mezame.join_all(handles)
        assert {ident for idents in where for ident in idents} == {here}, "nobody else had them before"
        return most_moved

    assert run(main(), 2, disable_lifo_slot=True)


def test_a_task_that_is_always_ready_starves_nobody():
    async def main():
        rounds = 0
        stop = sync.CancellationToken()
        sender, receiver = sync.mpsc.channel(1)

        async def greedy():
            nonlocal rounds
            while not stop.is_cancelled():
                rounds += 1
                await sender.send(1)
                await receiver.recv()

        busy = mezame.spawn(greedy())
        for least in (1_000, 2_000, 3_000):  # neither the timer nor who waits for it is left behind
            while rounds < least:
                await mezame.sleep(0.001)
        stop.cancel()
        await busy
        return True

    assert run(main(), 1)


# --- block_in_place -------------------------------------------------------------------------------------------


def test_block_in_place_lets_the_other_tasks_of_the_worker_go_on():
    gate = threading.Event()

    async def opens():
        gate.set()

    async def main():
        var = contextvars.ContextVar("v")
        var.set(3)
        mezame.spawn(opens())
        assert mezame.task.block_in_place(gate.wait, 5), "the worker's tasks stood still"
        await mezame.yield_now()  # the task goes on, on some worker
        await mezame.sleep(0.001)
        assert var.get() == 3
        with pytest.raises(ZeroDivisionError):
            mezame.task.block_in_place(lambda: 1 / 0)
        return mezame.task.block_in_place(mezame.block_on, mezame.ready(7))

    assert run(main(), 1) == 7


def test_block_in_place_nests_and_spawns():
    async def five():
        return 5

    async def main():
        def outer():
            handle = mezame.spawn(five())
            return mezame.task.block_in_place(mezame.block_on, handle)

        results = [mezame.task.block_in_place(outer) for _ in range(10)]
        with pytest.raises(mezame.EnterError):
            mezame.block_on(five())
        return results

    assert run(main(), 1) == [5] * 10


# --- misuse ------------------------------------------------------------------------------------------------------


def test_blocking_inside_a_task_raises():
    async def main():
        with pytest.raises(mezame.EnterError, match="await"):
            Handle.current().block_on(mezame.ready(1))
        with pytest.raises(RuntimeError):
            sync.mpsc.channel(1)[1].blocking_recv()
        return True

    with runtime() as rt:
        assert rt.block_on(main())

        async def closes():
            with pytest.raises(mezame.EnterError):
                rt.close()

        rt.block_on(closes())
    assert run(main())


def test_pausing_the_clock_needs_one_thread():
    async def main():
        with pytest.raises(RuntimeError, match="current_thread"):
            mezame.time.pause()

    with runtime() as rt:
        rt.block_on(main())


# --- the end ---------------------------------------------------------------------------------------------------


def test_close_unwinds_tasks_in_every_state():
    log = []
    waiting, yielding, polled = threading.Event(), threading.Event(), threading.Event()

    async def idle():
        waiting.set()
        try:
            await mezame.pending()
        finally:
            await mezame.sleep(0.001)
            log.append("idle")

    async def running():
        polled.set()
        try:
            wait_until(mezame.task.current().cancelling)  # so this poll ends after the runtime began to close
            await mezame.pending()
        finally:
            log.append("running")

    async def yields():
        try:
            while True:
                yielding.set()
                await mezame.yield_now()
        finally:
            log.append("yields")

    async def fresh():
        log.append("a line of it ran")

    rt = runtime(2)
    rt.spawn(idle())
    rt.spawn(yields())
    rt.spawn(running())
    assert waiting.wait(PATIENCE) and yielding.wait(PATIENCE) and polled.wait(PATIENCE)
    handle = rt.spawn(fresh())  # queued, polled or not
    report = rt.close()
    assert not report
    assert [line for line in sorted(log) if "line" not in line] == ["idle", "running", "yields"]
    assert handle.is_finished()
    log.clear()
    late = rt.spawn(fresh())
    assert late.cancelled() and not log


def test_what_refuses_to_stop_is_named():
    gate = threading.Event()
    stays, began = threading.Event(), threading.Event()

    async def stubborn():
        while True:
            stays.set()
            try:
                await mezame.sleep(100)
            except mezame.CancelledError:
                pass

    async def blocked():
        began.set()
        gate.wait(PATIENCE)

    rt = runtime(2, thread_name="w")
    rt.spawn(stubborn(), name="stubborn")
    assert stays.wait(PATIENCE), "one that was never polled would just go"
    rt.spawn(blocked(), name="blocked")
    assert began.wait(PATIENCE)
    report = rt.close(0.05)
    gate.set()
    assert {task.name for task in report.tasks} == {"stubborn", "blocked"}
    assert len(report.threads) == 1 and report.threads[0].startswith("w-")


def test_an_exit_in_a_task_leaves_block_on():
    async def exits():
        raise SystemExit(3)

    async def main():
        mezame.spawn(exits())
        await mezame.pending()

    with pytest.raises(SystemExit, match="3"), runtime() as rt:
        rt.block_on(main())


def test_a_failure_that_nobody_looks_at_is_reported(caplog):
    begun = sync.Notify()

    async def fails():
        begun.notify_one()
        raise ValueError("lost")

    async def main():
        mezame.spawn(fails(), name="the failing one")
        await begun.notified()  # it is being polled: the end of the runtime waits for that

    with runtime() as rt:
        rt.block_on(main())
    gc.collect()
    assert "the failing one" in caplog.text


def test_a_dropped_runtime_says_so_and_ends_its_threads():
    rt = runtime(2, thread_name="dropped")
    with pytest.warns(ResourceWarning, match="not closed"):
        del rt
        gc.collect()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dropped")]


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_a_runtime_that_is_still_open_at_the_end_of_python_says_so_and_nothing_else(flavor):
    code = f"import mezame; rt = mezame.Runtime({flavor!r}); rt.block_on(mezame.yield_now())"
    done = subprocess.run([sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "was not closed" in done.stderr
    # The sockets of the selectors driver add warnings of their own.
    assert "Exception ignored" not in done.stderr and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize("tasks", [50, 900])  # in the queue; in the queue and behind it
def test_a_worker_that_close_did_not_wait_for_keeps_its_queue_and_drops_it_when_it_ends(tasks, caplog):
    unwound = []
    queued, go_on, over = threading.Event(), threading.Event(), threading.Event()

    begun = 0

    async def waits(n):
        nonlocal begun
        begun += 1
        try:
            await mezame.pending()
        finally:
            unwound.append(n)

    async def busy(n):
        nonlocal begun
        begun += 1
        try:
            while True:
                try:
                    await mezame.yield_now()
                except mezame.CancelledError:
                    pass  # it will not end
        finally:
            unwound.append(n)

    async def stuck():
        for n in range(tasks):
            mezame.spawn(busy(n))
            mezame.spawn(waits(tasks + n))
        while begun < 2 * tasks:
            await mezame.yield_now()
        queued.set()
        go_on.wait(20)

    rt = runtime(1, on_thread_stop=over.set)
    rt.spawn(stuck())
    assert queued.wait(20)
    report = rt.close(timeout=0.05)
    assert len(report.tasks) == 2 * tasks + 1
    assert f"and {2 * tasks + 1 + 1 - 20} more" in caplog.text, "the message stays readable"
    assert sorted(unwound) == list(range(tasks, 2 * tasks)), "those who waited are in no queue: dropped at once"
    del rt
    gc.collect()
    go_on.set()
    assert over.wait(20)
    assert sorted(unwound) == list(range(2 * tasks)), "each once"


def test_closing_while_a_thread_is_in_block_on_raises():
    with runtime() as rt:
        inside = threading.Event()
        done = sync.CancellationToken()

        async def main():
            inside.set()
            await done.cancelled()

        thread = threading.Thread(target=rt.block_on, args=(main(),))
        thread.start()
        assert inside.wait(PATIENCE)
        with pytest.raises(mezame.EnterError, match="block_on"):
            rt.close()
        done.cancel()
        thread.join(PATIENCE)


def test_a_runtime_that_fails_to_start_ends_the_threads_that_did(monkeypatch):
    started = []
    start = threading.Thread.start

    def limited(self):
        if self.name.startswith("few"):
            if len(started) == 2:
                raise RuntimeError("can't start new thread")
            started.append(self)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", limited)
    for _ in range(20):  # the close after the failure meets threads that have not looked yet
        started.clear()
        with pytest.raises(RuntimeError, match="start new thread"):
            runtime(4, thread_name="few")
        for thread in started:
            thread.join(5)
            assert not thread.is_alive()


def test_a_runtime_that_is_closed_at_once_drops_who_refuses_to_unwind():
    """Also where a worker's thread has not come to its work before the close."""
    for _ in range(20):
        began, ended = [], []

        async def refuses(began=began, ended=ended):
            began.append(1)
            try:
                while True:
                    try:
                        await mezame.yield_now()
                    except mezame.CancelledError:
                        pass
            finally:
                ended.append(1)

        rt = runtime(2)
        rt.spawn(refuses())
        rt.close(timeout=0)
        wait_until(lambda began=began, ended=ended: began == ended)


def test_an_idle_runtime_makes_no_turn():
    async def main():
        await mezame.yield_now()

    with runtime(2) as rt:
        rt.block_on(main())
        executor = rt.handle().executor

        def makes_none(seconds):
            before = executor.turns, executor.parks
            time.sleep(seconds)
            return (executor.turns, executor.parks) == before

        # The end of ``block_on`` tells a selector once more: a worker that sleeps already makes a turn of that.
        wait_until(lambda: executor.parks >= 2 and executor.is_parked and makes_none(0.02))
        assert makes_none(0.05)


def test_worker_metrics():
    async def main():
        await mezame.join_all([mezame.spawn(mezame.sleep(0.001)) for _ in range(20)])
        return Handle.current().metrics()

    metrics = run(main(), 2)
    assert len(metrics.workers) == 2
    assert sum(worker.poll_count for worker in metrics.workers) == metrics.polls_count > 20
    assert metrics.spawned_tasks_count >= 21
    assert {worker.thread_id for worker in metrics.workers} != {0}


PROGRAM = """
import mezame, os, signal, threading
async def main():
    # Most likely the thread of the root sleeps when it comes; whenever it comes, the same must happen.
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        await mezame.sleep(30)
    finally:
        await mezame.sleep(0.001)
        print("unwound", flush=True)
try:
    mezame.run(main(), flavor="multi_thread", worker_threads=2)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_cancels_the_root_and_unwinds():
    out = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=20, check=False)
    assert out.stdout.split() == ["unwound", "interrupted"], out.stderr


FORK = """
import mezame, os, sys
rt = mezame.Runtime("multi_thread", worker_threads=2)
async def one():
    return 1
assert rt.block_on(one()) == 1
pid = os.fork()
if pid == 0:
    try:
        rt.block_on(one())
    except RuntimeError as error:
        os._exit(0 if "fork" in str(error) else 1)
    os._exit(2)
assert os.waitpid(pid, 0)[1] == 0
rt.close()
print("ok")
"""


def test_a_forked_child_is_told():
    with warnings.catch_warnings():
        command = [sys.executable, "-W", "ignore", "-c", FORK]
        out = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert out.stdout.strip() == "ok", out.stderr


def test_asyncio_and_mezame_threads_share_a_channel():
    sender, receiver = sync.mpsc.unbounded_channel()

    async def produce():
        for n in range(10):
            sender.send(n)
            await mezame.yield_now()
        sender.close()

    async def consume():
        return [item async for item in receiver]

    with runtime() as rt:
        rt.spawn(produce())
        assert asyncio.run(consume()) == list(range(10))


def test_what_a_finaliser_wakes_while_a_worker_falls_asleep_is_polled(monkeypatch):
    """The collector, or another thread's last reference, may run code between the last look at the queue and the sleep.

    Here the generator that chooses whom to steal from stands for it: it is asked after the own queue was found empty.
    """
    armed = []

    class Rng:
        def __init__(self, seed):
            pass

        def randrange(self, count):
            if armed:
                armed.pop().notify_one()
            return 0

    monkeypatch.setattr("mezame.scheduler.worker_core.random", types.SimpleNamespace(Random=Rng))

    async def waiter(notify):
        await notify.notified()
        return True

    async def trigger(notify):
        armed.append(notify)
        await mezame.spawn(mezame.ready(None))  # has the worker wake up, look, find nothing, and sleep again

    async def main():
        for _ in range(20):
            notify = mezame.sync.Notify()
            task = mezame.spawn(waiter(notify))
            await mezame.spawn(mezame.ready(None))  # behind it in the queue: now it waits
            # The limit is set first: a timer that is set later would wake the worker.
            assert await mezame.join(mezame.timeout(5, task), trigger(notify)) == (True, None)

    mezame.run(main(), flavor="multi_thread", worker_threads=1)
    assert not armed


@pytest.mark.parametrize("workers", [1, 2])
def test_what_comes_from_outside_is_polled_at_the_next_look_however_many_are_busy(workers):
    """The look at each interval is one at the injection queue, whichever of the queues a batch comes from."""
    interval, tasks = 3, 200
    polls = 0
    came_in = []

    async def busy():
        nonlocal polls
        while not stop.is_set():
            polls += 1
            await mezame.yield_now()

    async def outside(at):
        came_in.append(polls - at)

    stop = threading.Event()
    with mezame.Runtime("multi_thread", worker_threads=workers, global_queue_interval=interval) as rt:
        handles = [rt.spawn(busy()) for _ in range(tasks)]
        wait_until(lambda: polls > 20 * tasks)
        for _ in range(20):
            rt.block_on(rt.spawn(outside(polls)))
        stop.set()
        for handle in handles:
            rt.block_on(handle)
    # Counted from before the spawn, which takes its time in another thread: the least is what the queue costs.
    assert min(came_in) < tasks / 2
