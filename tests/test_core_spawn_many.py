"""Executor.spawn_many: a batch of tasks, queued together: all of them, or none."""

import threading

import pytest

import mezame
from mezame import Executor, Hooks
from mezame.runtime import Handle


async def say(log, word):
    log.append(word)


def test_a_batch_runs_in_order_behind_what_was_there():
    executor, log = Executor(), []
    executor.spawn(say(log, "first"))
    tasks = executor.spawn_many((say(log, word) for word in "abc"), name="batch")
    executor.spawn(say(log, "last"))
    assert len(executor) == executor.queue_depth == 5
    assert [task.name for task in tasks] == ["batch"] * 3
    assert all("test_core_spawn_many" in task.spawned_at for task in tasks)
    executor.run()
    assert log == ["first", "a", "b", "c", "last"]
    assert executor.spawned == 5 and executor.is_empty()
    assert executor.spawn_many([]) == []


def test_from_inside_a_loop_and_from_another_thread():
    log = []

    async def main():
        executor = Handle.current().executor
        before = executor.remote_wakes
        await mezame.join_all(executor.spawn_many(say(log, word) for word in "ab"))
        assert executor.remote_wakes == before
        made = []
        thread = threading.Thread(target=lambda: made.extend(executor.spawn_many(say(log, word) for word in "cd")))
        thread.start()
        thread.join()
        assert executor.remote_wakes == before + 2
        await mezame.join_all(made)

    mezame.run(main())
    assert log == ["a", "b", "c", "d"]


def test_a_batch_from_another_thread_wakes_the_sleeping_loop():
    executor, made = Executor(), []
    done, asleep = threading.Event(), threading.Event()

    class Sleeps(Hooks):
        def on_park(self):
            asleep.set()

    async def ends():
        done.set()

    executor.hooks = Sleeps()
    gate = mezame.sync.Notify()
    thread = threading.Thread(target=lambda: executor.run_until(gate.notified()))
    thread.start()
    assert asleep.wait(20)
    made.extend(executor.spawn_many([ends()]))
    assert done.wait(20)
    gate.notify_one()
    thread.join(20)
    assert not thread.is_alive() and made[0].is_finished()


def test_one_that_cannot_be_awaited_and_none_is_spawned():
    executor, log = Executor(), []
    good = [say(log, "a"), say(log, "b")]
    with pytest.raises(TypeError):
        executor.spawn_many([good[0], 7, good[1]])
    assert executor.is_empty() and executor.queue_depth == 0
    executor.run()
    assert log == [] and all(coro.cr_frame is None for coro in good), "closed: no warning that they were not awaited"


def test_on_a_closed_executor_they_are_cancelled():
    executor = Executor()
    executor.close()
    tasks = executor.spawn_many([mezame.pending(), mezame.pending()])
    assert [task.cancelled() for task in tasks] == [True, True]


def test_hooks_hear_of_each():
    heard = []

    class Spawns(Hooks):
        def on_spawn(self, task):
            heard.append(task.id)

    executor = Executor(hooks=Spawns())
    tasks = executor.spawn_many([mezame.ready(1), mezame.ready(2)])
    assert heard == [task.id for task in tasks]
    executor.run()
