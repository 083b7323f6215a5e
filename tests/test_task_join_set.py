"""JoinSet, JoinQueue, JoinMap: completion order, nothing lost, dropped means aborted."""

import gc
import random
import threading

import pytest
from polling import PATIENCE, CountingWaker, Gate, in_thread

import mezame
from mezame import JoinError, Poll
from mezame.task import JoinMap, JoinQueue, JoinSet


async def wait_for(gate):
    return await gate


async def fail(message="x"):
    raise ValueError(message)


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


@pytest.mark.mezame
async def test_tasks_come_out_in_the_order_in_which_they_end():
    gates = [Gate() for _ in range(4)]
    tasks = JoinSet(wait_for(gate) for gate in gates)
    await settle()
    for index in (2, 0, 3, 1):
        gates[index].open(index)
        await settle()
    assert len(tasks) == 4 and not tasks.is_empty()
    assert [task.result() async for task in tasks] == [2, 0, 3, 1]
    assert tasks.is_empty() and await tasks.join_next() is None


@pytest.mark.mezame
async def test_a_task_that_returned_none_is_not_the_end():
    tasks = JoinSet([mezame.ready(None)])
    task = await tasks.join_next()
    assert task is not None and task.result() is None
    assert await tasks.join_next() is None


@pytest.mark.mezame
async def test_spawn_gives_an_abort_handle_and_takes_a_name():
    tasks = JoinSet()
    handle = tasks.spawn(forever(), name="the one")
    assert isinstance(handle, mezame.AbortHandle) and handle.clone().id == handle.id
    assert next(iter(tasks)).name == "the one" and next(iter(tasks)) in tasks
    handle.abort()
    task = await tasks.join_next()
    assert task.id == handle.id and task.cancelled() and handle.is_finished()


@pytest.mark.mezame
async def test_join_next_raises_nothing_by_itself_and_with_id_raises_join_errors():
    tasks = JoinSet([fail("one")])
    task = await tasks.join_next()
    with pytest.raises(ValueError, match="one"):
        task.result()
    tasks.spawn(mezame.ready(5))
    number, value = await tasks.join_next_with_id()
    assert value == 5 and isinstance(number, mezame.task.Id)
    handle = tasks.spawn(fail("two"))
    with pytest.raises(JoinError) as caught:
        await tasks.join_next_with_id()
    error = caught.value
    assert error.is_panic() and not error.is_cancelled() and error.id == handle.id
    assert str(error.into_panic()) == "two" and error.__cause__ is error.into_panic()
    handle = tasks.spawn(forever())
    handle.abort()
    with pytest.raises(JoinError) as caught:
        await tasks.join_next_with_id()
    assert caught.value.is_cancelled() and not caught.value.is_panic() and caught.value.id == handle.id
    with pytest.raises(ValueError, match="cancelled"):
        caught.value.into_panic()
    assert await tasks.join_next_with_id() is None


@pytest.mark.mezame
async def test_try_join_next_takes_what_has_ended_and_no_budget():
    tasks = JoinSet()
    assert tasks.try_join_next() is None and tasks.try_join_next_with_id() is None
    for n in range(200):
        tasks.spawn(mezame.ready(n))
    assert tasks.try_join_next() is None  # nothing ran yet
    await settle()
    while mezame.task.has_budget_remaining():
        mezame.task.poll_proceed(mezame.Context.from_waker(mezame.Waker.noop()))
    assert [tasks.try_join_next().result() for _ in range(199)] == list(range(199))
    assert tasks.try_join_next_with_id()[1] == 199
    assert tasks.try_join_next() is None and len(tasks) == 0


@pytest.mark.mezame
async def test_join_next_takes_a_unit_of_the_budget():
    tasks = JoinSet(mezame.ready(n) for n in range(300))
    await settle()
    polls = 0

    def poll(cx):
        nonlocal polls
        polls += 1
        while not tasks.is_empty():
            if tasks.poll_join_next(cx) is Poll.Pending:
                return Poll.Pending
        return Poll.Ready(None)

    await mezame.poll_fn(poll)
    assert polls == 3  # 128 + 128 + 44


@pytest.mark.mezame
async def test_cancelling_join_next_loses_no_task():
    gate = Gate()
    tasks = JoinSet([wait_for(gate)])

    async def join():
        return await tasks.join_next()

    joining = mezame.spawn(join())
    await settle()
    joining.abort()
    gate.open("kept")
    await settle()
    assert joining.cancelled()
    assert (await tasks.join_next()).result() == "kept"


@pytest.mark.mezame
async def test_a_join_that_was_told_and_then_dropped_passes_it_on():
    gate = Gate()
    tasks = JoinSet([wait_for(gate)])
    await settle()
    first, second = CountingWaker(), CountingWaker()
    one, two = tasks.join_next(), tasks.join_next()
    assert one.poll(first.cx) is Poll.Pending and two.poll(second.cx) is Poll.Pending
    gate.open("kept")
    await settle()
    assert (first.wakes, second.wakes) == (1, 0)
    one.close()
    assert second.wakes == 1
    assert two.poll(second.cx).value.result() == "kept"
    with pytest.raises(RuntimeError, match="completed"):
        two.poll(second.cx)


@pytest.mark.mezame
async def test_two_joins_of_one_task_end_both():
    gate = Gate()
    tasks = JoinSet([wait_for(gate)])

    async def join():
        return await tasks.join_next()

    joins = [mezame.spawn(join()) for _ in range(2)]
    await settle()
    gate.open(1)
    found = [await one for one in joins]
    assert found[0].result() == 1 and found[1] is None


@pytest.mark.mezame
async def test_join_all_keeps_completion_order():
    gates = [Gate() for _ in range(3)]
    tasks = JoinSet(wait_for(gate) for gate in gates)
    joining = mezame.spawn(tasks.join_all())
    for index in (1, 2, 0):
        await settle()
        gates[index].open(index)
    assert await joining == [1, 2, 0]
    assert await tasks.join_all() == []


@pytest.mark.mezame
async def test_join_all_raises_the_first_failure_after_the_rest_unwound():
    log = []
    tasks = JoinSet([forever(log)])
    await settle()
    tasks.spawn(fail())
    with pytest.raises(ValueError):
        await tasks.join_all()
    assert log == ["unwound"] and tasks.is_empty()
    tasks.spawn(forever()).abort()
    with pytest.raises(JoinError):
        await tasks.join_all()


@pytest.mark.mezame
async def test_shutdown_awaits_all_and_swallows_failures(caplog):
    log = []
    tasks = JoinSet([forever(log), forever(log), fail()])
    await settle()
    await tasks.shutdown()
    assert log == ["unwound"] * 2 and tasks.is_empty()
    gc.collect()
    assert not caplog.records


@pytest.mark.mezame
async def test_abort_all_leaves_the_tasks_to_be_joined():
    tasks = JoinSet([forever(), forever()])
    await settle()
    tasks.abort_all()
    assert len(tasks) == 2
    assert [task.cancelled() async for task in tasks] == [True, True]


@pytest.mark.mezame
async def test_detach_all_lets_them_run_and_ends_waiting_joins():
    gate, done = Gate(), []

    async def work():
        done.append(await gate)

    tasks = JoinSet([work()])

    async def join():
        return await tasks.join_next()

    joining = mezame.spawn(join())
    await settle()
    tasks.detach_all()
    assert tasks.is_empty() and await joining is None
    gate.open("ran on")
    await settle()
    assert done == ["ran on"]


@pytest.mark.mezame
async def test_dropping_the_set_after_detach_all_aborts_nothing():
    gate = Gate()
    tasks = JoinSet([wait_for(gate)])
    (task,) = tasks
    await settle()
    tasks.detach_all()
    del tasks
    gc.collect()
    gate.open("ran on")
    assert await task == "ran on"


@pytest.mark.mezame
async def test_detached_tasks_do_not_come_out_of_the_next_ones():
    gate = Gate()
    tasks = JoinSet([wait_for(gate)])
    await settle()
    tasks.detach_all()
    gate.open("old")
    await settle()
    tasks.spawn(mezame.ready("new"))
    assert [task.result() async for task in tasks] == ["new"]


@pytest.mark.mezame
async def test_dropping_the_set_aborts_its_tasks_while_they_run():
    log = []
    tasks = JoinSet([forever(log), forever(log)])
    await settle()
    del tasks
    gc.collect()
    await settle()
    assert log == ["unwound"] * 2


@pytest.mark.mezame
async def test_leaving_the_block_aborts_and_waits():
    log = []
    with pytest.raises(KeyError):
        async with JoinSet([forever(log)]) as tasks:
            await settle()
            raise KeyError
    assert log == ["unwound"] and tasks.is_empty()


@pytest.mark.mezame
async def test_cancelling_while_the_block_unwinds_still_waits_for_all():
    log, gate = [], Gate()

    async def slow():
        for what in ("first", "second"):
            try:
                await mezame.pending()
            except mezame.CancelledError:
                log.append(what)
        await gate

    async def owner():
        async with JoinSet([slow()]):
            await settle()

    task = mezame.spawn(owner())
    for _ in range(4):
        await settle()
    assert log == ["first"]
    task.abort()
    await settle()
    assert log == ["first", "second"] and not task.is_finished()  # the slow one is told again, and waited for
    gate.open()
    with pytest.raises(JoinError):
        await task


def failures(caplog):
    return [str(record.exc_info[1]) for record in caplog.records if record.exc_info]


def test_failures_that_nobody_joined_are_reported_when_the_set_goes(caplog):
    async def main():
        tasks = JoinSet([fail("lost one"), fail("lost two")])
        await settle()
        del tasks
        gc.collect()
        await settle()

    mezame.run(main())
    gc.collect()
    assert sorted(failures(caplog)) == ["lost one", "lost two"]
    assert "test_task_join_set.py" in caplog.text and "collection.py" not in caplog.records[0].getMessage()


def test_failures_are_reported_when_the_block_is_left(caplog):
    async def main():
        async with JoinSet([fail("lost")]):
            await settle()

    mezame.run(main())
    gc.collect()
    assert failures(caplog) == ["lost"]


def test_a_failure_while_a_dropped_set_unwinds_is_reported(caplog):
    async def fails_late():
        try:
            await mezame.pending()
        finally:
            raise ValueError("on the way out")

    async def main():
        tasks = JoinSet([fails_late()])
        await settle()
        del tasks
        gc.collect()
        await settle()

    mezame.run(main())
    gc.collect()
    assert failures(caplog) == ["on the way out"]


def test_a_set_that_is_held_at_the_end_of_the_runtime_loses_no_failure(caplog):
    kept = []

    async def main():
        kept.append(JoinSet([fail("held")]))
        await settle()

    mezame.run(main())
    assert failures(caplog) == ["held"]


def test_tasks_of_other_runtimes_end_in_their_threads():
    async def square(n):
        await mezame.yield_now()
        return n * n

    with mezame.Runtime() as other:
        stop = mezame.sync.Notify()

        async def until_stopped():
            await stop.notified()

        thread = threading.Thread(target=lambda: other.block_on(until_stopped()), daemon=True)
        thread.start()

        async def main():
            tasks = JoinSet()
            for n in range(200):
                tasks.spawn_on(square(n), other.handle())
                tasks.spawn(square(n))
            tasks.spawn_blocking(pow, 3, 2)
            tasks.spawn_blocking_on(other, pow, 2, 2)
            by_key = JoinMap()
            by_key.spawn_blocking_on("there", other, threading.current_thread)
            by_key.spawn_blocking("here", threading.current_thread)
            ended = {key: task.result() async for key, task in by_key}
            assert set(ended) == {"there", "here"} and ended["there"] is not ended["here"]
            return sorted([task.result() async for task in tasks])

        try:
            assert mezame.run(main()) == sorted([n * n for n in range(200)] * 2 + [9, 4])
        finally:
            stop.notify_one()
            thread.join(PATIENCE)


def test_outside_of_a_runtime_the_error_names_the_tool():
    with pytest.raises(RuntimeError, match=r"JoinSet\.spawn"):
        JoinSet().spawn(forever())


def test_a_join_set_on_a_bare_executor_and_its_joins_elsewhere():
    executor = mezame.Executor()
    tasks = JoinSet()
    tasks.spawn_on(mezame.ready(1), executor)
    in_thread(executor.run)
    assert mezame.block_on(tasks.join_next()).result() == 1


# --- JoinQueue ---------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_a_queue_joins_in_the_order_of_spawning():
    gates = [Gate() for _ in range(3)]
    tasks = JoinQueue(wait_for(gate) for gate in gates)
    await settle()
    gates[2].open(2)
    gates[1].open(1)
    await settle()
    assert tasks.try_join_next() is None
    joining = mezame.spawn(tasks.join_all())
    await settle()
    assert not joining.is_finished()
    gates[0].open(0)
    assert await joining == [0, 1, 2]


@pytest.mark.mezame
async def test_two_joins_of_a_queue_get_one_each():
    gates = [Gate(), Gate()]
    tasks = JoinQueue(wait_for(gate) for gate in gates)

    async def join():
        return (await tasks.join_next()).result()

    joins = [mezame.spawn(join()) for _ in range(2)]
    await settle()
    gates[1].open(1)
    await settle()
    gates[0].open(0)
    assert sorted([await one for one in joins]) == [0, 1]


@pytest.mark.mezame
async def test_dropping_a_queue_aborts():
    log = []
    tasks = JoinQueue([forever(log)])
    await settle()
    await tasks.shutdown()
    tasks.spawn(forever(log))
    await settle()
    del tasks
    gc.collect()
    await settle()
    assert log == ["unwound"] * 2


# --- JoinMap -----------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_a_taken_key_aborts_the_old_task_which_is_never_reported():
    log = []
    tasks = JoinMap()
    tasks.spawn("a", forever(log))
    await settle()
    tasks.spawn("a", mezame.ready("new"))
    tasks.spawn("b", mezame.ready("other"))
    assert tasks.keys() == ["a", "b"] and len(tasks) == 2 and "a" in tasks
    assert {key: task.result() async for key, task in tasks} == {"a": "new", "b": "other"}
    await settle()
    assert log == ["unwound"] and tasks.is_empty() and await tasks.join_next() is None


@pytest.mark.mezame
async def test_a_finished_task_is_replaced_too():
    tasks = JoinMap()
    tasks.spawn(1, mezame.ready("old"))
    await settle()
    tasks.spawn(1, mezame.ready("new"))
    key, task = await tasks.join_next()
    assert (key, task.result()) == (1, "new") and tasks.try_join_next() is None


@pytest.mark.mezame
async def test_aborting_by_key():
    tasks = JoinMap()
    handles = {key: tasks.spawn(key, forever()) for key in range(4)}
    assert tasks.contains_task(handles[0].id) and not tasks.contains_task(-1)
    assert tasks.abort(0) and not tasks.abort("none")
    tasks.abort_matching(lambda key: key >= 2)
    ended = [await tasks.join_next() for _ in range(3)]
    assert sorted(key for key, _ in ended) == [0, 2, 3] and all(task.cancelled() for _, task in ended)
    assert tasks.keys() == [1]
    await tasks.shutdown()
    assert tasks.is_empty()


@pytest.mark.mezame
async def test_leaving_the_block_of_a_map_unwinds_and_dropping_it_aborts():
    log = []
    async with JoinMap() as tasks:
        tasks.spawn(1, forever(log))
        tasks.spawn_blocking(2, int)
        await settle()
    assert log == ["unwound"] and tasks.is_empty()
    tasks.spawn(1, forever(log))
    await settle()
    del tasks
    gc.collect()
    await settle()
    assert log == ["unwound"] * 2


@pytest.mark.mezame
async def test_an_unhashable_key_leaves_no_task_behind():
    tasks = JoinMap()
    work = forever()
    with pytest.raises(TypeError):
        tasks.spawn([], work)
    work.close()
    assert tasks.is_empty()


# --- all together ------------------------------------------------------------------------------------------


@pytest.mark.mezame
@pytest.mark.parametrize("seed", range(20))
async def test_a_join_set_agrees_with_a_list(seed):
    rng = random.Random(seed)
    tasks, running, ended, spawned = JoinSet(), {}, [], 0
    for _ in range(150):
        what = rng.random()
        if what < 0.4:
            gate = Gate()
            running[tasks.spawn(wait_for(gate)).id] = (gate, spawned)
            spawned += 1
            await settle()
        elif what < 0.7 and running:
            number = rng.choice(list(running))
            gate, value = running.pop(number)
            gate.open(value)
            await settle()
            ended.append((number, value))
        elif what < 0.75 and running:
            number = rng.choice(list(running))
            running.pop(number)
            next(task for task in tasks if task.id == number).abort()
            await settle()
            ended.append((number, None))
        elif what < 0.78:
            tasks.detach_all()
            for gate, _ in running.values():
                gate.open()
            running.clear()
            ended.clear()
            await settle()
        elif ended:
            number, value = ended.pop(0)
            task = await tasks.join_next() if rng.random() < 0.5 else tasks.try_join_next()
            assert task.id == number
            assert task.cancelled() if value is None else task.result() == value
        else:
            assert tasks.try_join_next() is None
        assert len(tasks) == len(running) + len(ended)
    await tasks.shutdown()
    assert tasks.is_empty()


def test_a_task_that_ends_between_the_look_and_the_wait_is_not_missed():
    executor = mezame.Executor()

    class Racing(JoinSet):
        def _take(self):
            found = super()._take()
            if found is None:
                in_thread(executor.run)  # here: after the look, before the wait
            return found

    tasks = Racing()
    tasks.spawn_on(mezame.ready(1), executor)
    assert tasks.join_next().poll(CountingWaker().cx).value.result() == 1
