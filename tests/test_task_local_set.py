"""LocalSet: its tasks run only while it is driven, on its thread, and go with it."""

import gc
import threading

import pytest
from polling import PATIENCE, Gate, in_thread

import mezame
from mezame.task import JoinMap, JoinSet, LocalSet, TaskTracker, spawn_local


async def settle(turns=5):
    for _ in range(turns):
        await mezame.yield_now()


async def note(log, value):
    log.append(value)


def unwinding(log):
    async def work():
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("unwound")

    return work()


@pytest.mark.mezame
async def test_tasks_run_only_while_the_set_is_driven():
    local, log = LocalSet(), []
    task = local.spawn_local(note(log, 1), name="local")
    await settle()
    assert log == [] and len(local) == 1 and task.name == "local"
    await local.run_until(mezame.yield_now())
    assert log == [1] and len(local) == 0


@pytest.mark.mezame
async def test_run_until_ends_with_its_future_and_the_others_go_on_later():
    local, gate = LocalSet(), Gate()
    task = local.spawn_local(gate)
    assert await local.run_until(mezame.ready(7)) == 7
    await local.run_until(settle())
    gate.open(8)
    await settle()
    assert not task.is_finished()
    assert await local.run_until(task) == 8


@pytest.mark.mezame
async def test_awaiting_the_set_waits_for_every_local_task():
    local, log = LocalSet(), []

    async def parent():
        await mezame.yield_now()
        spawn_local(note(log, "child"))
        log.append("parent")

    local.spawn_local(parent())
    local.spawn_local(mezame.sleep(0.001))
    await local
    assert log == ["parent", "child"] and len(local) == 0
    await local


@pytest.mark.mezame
async def test_spawn_local_needs_a_set_and_spawn_inside_goes_to_the_runtime():
    with pytest.raises(RuntimeError, match="LocalSet"):
        spawn_local(mezame.pending())
    local, log = LocalSet(), []

    async def child():
        mezame.spawn(note(log, "grandchild"))

    async def inside():
        spawn_local(child())
        await mezame.yield_now()
        return spawn_local(note(log, "local")), mezame.spawn(note(log, "runtime"))

    before = mezame.Handle.current().metrics().remote_schedule_count
    outer_task, runtime_task = await local.run_until(inside())
    await runtime_task
    assert mezame.Handle.current().metrics().remote_schedule_count == before  # it was no detour
    assert log == ["grandchild", "runtime"] and not outer_task.is_finished()
    with pytest.raises(RuntimeError, match="LocalSet"):
        spawn_local(mezame.pending())
    with local.enter() as entered:
        assert entered is local
        spawn_local(note(log, "entered"))
    await local
    assert log == ["grandchild", "runtime", "local", "entered"]


@pytest.mark.mezame
async def test_a_spawn_from_outside_wakes_who_drives():
    local, log = LocalSet(), []
    stop = Gate()
    driving = mezame.spawn(local.run_until(stop))
    await settle()
    local.spawn_local(note(log, 1))
    await settle()
    assert log == [1]
    stop.open()
    await driving


@pytest.mark.mezame
async def test_a_busy_set_lets_the_surrounding_tasks_run():
    local, counts = LocalSet(), [0, 0]

    async def busy():
        while True:
            counts[0] += 1
            await mezame.yield_now()

    async def bystander():
        for _ in range(10):
            counts[1] += 1
            await mezame.yield_now()

    for _ in range(3):
        local.spawn_local(busy())
    await local.run_until(mezame.spawn(bystander()))
    assert counts[1] == 10 and counts[0] >= 9
    await local.shutdown()


@pytest.mark.mezame
async def test_yielding_local_tasks_let_the_driver_have_its_turn_each_time():
    async def work():
        for _ in range(20):
            await mezame.yield_now()

    async def drive():
        local = LocalSet()
        local.spawn_local(work())
        await local

    before = mezame.Handle.current().metrics().driver_turns_count
    await mezame.spawn(drive())
    assert mezame.Handle.current().metrics().driver_turns_count - before >= 20


@pytest.mark.mezame
async def test_two_who_drive_one_set():
    local, gate, stop = LocalSet(), Gate(), Gate()

    async def wait():
        await local

    local.spawn_local(gate)
    waiting, driving = mezame.spawn(wait()), mezame.spawn(local.run_until(stop))
    await settle()
    driving.abort()
    gate.open()  # wakes both; the one that is cancelled does not come to it
    await waiting
    local.spawn_local(gate := Gate())
    waiting, driving = mezame.spawn(wait()), mezame.spawn(local.run_until(stop := Gate()))
    await settle()
    gate.open()
    await settle()
    assert waiting.is_finished() and not driving.is_finished()
    stop.open()
    await driving


@pytest.mark.mezame
async def test_at_most_61_polls_a_turn():
    local, log, outer = LocalSet(), [], []
    for n in range(150):
        local.spawn_local(note(log, n))

    def poll(cx):
        outer.append(len(log))
        return driving.poll(cx)

    driving = mezame.into_future(local)
    await mezame.poll_fn(poll)
    assert outer == [0, 61, 122] and log == list(range(150))


@pytest.mark.mezame
async def test_a_failure_goes_to_the_handle_or_is_reported(caplog):
    local = LocalSet()

    async def fail(message):
        raise ValueError(message)

    seen = local.spawn_local(fail("seen"))
    with pytest.raises(ValueError):
        await local.run_until(seen)
    local.spawn_local(fail("lost"))
    await local
    gc.collect()
    assert "lost" in caplog.text and "test_task_local_set.py" in caplog.text and "seen" not in caplog.text


@pytest.mark.mezame
async def test_a_failure_ends_a_set_that_was_told_so():
    log = []
    local = LocalSet(unhandled_panic="shutdown_runtime")

    async def fail():
        await mezame.yield_now()
        raise ValueError("x")

    local.spawn_local(unwinding(log))
    local.spawn_local(fail())
    with pytest.raises(mezame.ShutdownError) as caught:
        await local.run_until(mezame.pending())
    assert isinstance(caught.value.__cause__, ValueError)
    await local
    assert log == ["unwound"]
    local.spawn_local(fail())
    with pytest.raises(mezame.ShutdownError):
        await local
    with pytest.raises(ValueError, match="perhaps"):
        LocalSet(unhandled_panic="perhaps")


@pytest.mark.mezame
async def test_dropping_the_set_ends_its_tasks():
    local, log, gate = LocalSet(), [], Gate()

    async def work():
        try:
            await gate
        except mezame.CancelledError:
            log.append("cancelled")
            raise

    started = local.spawn_local(work())
    await local.run_until(settle())
    fresh = local.spawn_local(work())
    del local
    gc.collect()
    assert log == ["cancelled"] and gate.closes == 1
    assert started.cancelled() and fresh.cancelled()


@pytest.mark.mezame
async def test_shutdown_drives_the_unwinding():
    local, log = LocalSet(), []
    for _ in range(2):
        local.spawn_local(unwinding(log))
    await local.run_until(settle())
    await local.shutdown()
    assert log == ["unwound"] * 2 and len(local) == 0


@pytest.mark.mezame
async def test_cancelling_run_until_unwinds_its_future_and_keeps_the_tasks():
    local, log, gate = LocalSet(), [], Gate()
    task = local.spawn_local(gate)
    driving = mezame.spawn(local.run_until(unwinding(log)))
    await settle()
    driving.abort()
    with pytest.raises(mezame.JoinError):
        await driving
    assert log == ["unwound"] and not task.is_finished()
    gate.open(5)
    assert await local.run_until(task) == 5


def test_wakes_from_other_threads_and_block_on():
    async def main():
        tasks = [spawn_local(wait(mezame.spawn_blocking(pow, n, 2))) for n in range(50)]
        return [await task for task in tasks]

    async def wait(job):
        return await job

    with mezame.Runtime() as runtime:
        assert LocalSet().block_on(runtime, main()) == [n * n for n in range(50)]


def test_it_is_bound_to_its_thread():
    local = LocalSet()
    local.spawn_local(mezame.ready(1))

    def elsewhere():
        with pytest.raises(RuntimeError, match="thread"):
            local.spawn_local(mezame.pending())
        with pytest.raises(RuntimeError, match="thread"):
            local.enter()
        with pytest.raises(RuntimeError, match="thread"):
            mezame.block_on(local)

    in_thread(elsewhere)
    mezame.block_on(local)


def test_aborting_a_local_task_from_another_thread():
    async def main():
        local = LocalSet()
        task = local.spawn_local(mezame.pending())
        await local.run_until(settle())
        thread = threading.Thread(target=task.abort)
        thread.start()
        await local
        thread.join(PATIENCE)
        return task.cancelled()

    assert mezame.run(main())


@pytest.mark.mezame
async def test_the_tools_spawn_locally_too():
    local = LocalSet()

    async def inside():
        tasks, tracker, keyed = JoinSet(), TaskTracker(), JoinMap()
        tasks.spawn_local(mezame.ready(1))
        tasks.spawn_local_on(mezame.ready(2), local)
        tracker.spawn_local(mezame.ready(3))
        tracker.spawn_local_on(mezame.ready(4), local)
        keyed.spawn_local("a", mezame.ready(5))
        keyed.spawn_local_on("b", mezame.ready(6), local)
        assert len(local) == 6
        tracker.close()
        await tracker.wait()
        return await tasks.join_all(), [(key, task.result()) async for key, task in keyed]

    assert await local.run_until(inside()) == ([1, 2], [("a", 5), ("b", 6)])


def test_a_task_on_a_worker_cannot_drive_it_and_is_told_at_once():
    local = LocalSet()
    ran = []

    async def inside():
        ran.append(1)

    async def drives():
        return await local.run_until(inside())

    async def awaits():
        await local

    async def main():
        for wrong in (drives, awaits):
            with pytest.raises(RuntimeError, match="block_on or in a LocalRuntime, or use a LocalPoolHandle"):
                await mezame.spawn(wrong())
        await drives()  # the root stays on this thread

    mezame.run(main(), flavor="multi_thread", worker_threads=1)
    assert ran == [1]
    assert local.thread == threading.get_ident(), "it was bound to no worker"


def test_run_until_that_another_thread_ends_unwinds_its_future_there():
    log = []

    async def inside():
        try:
            await mezame.pending()
        finally:
            log.append("unwound")

    executor = mezame.Executor()
    task = executor.spawn(LocalSet().run_until(inside()))
    executor.run_until_stalled()
    in_thread(lambda: executor.close(1))
    assert log == ["unwound"]
    assert task.cancelled()
