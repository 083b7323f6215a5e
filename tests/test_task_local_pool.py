"""LocalPoolHandle: tasks stay where they were given to."""

import gc
import threading

import pytest
from polling import PATIENCE, until

import mezame
from mezame.task import LocalPoolHandle, spawn_local


async def where():
    await mezame.yield_now()
    await mezame.sleep(0.001)
    return threading.current_thread().name


def test_the_least_loaded_thread_takes_the_task():
    release = threading.Event()
    with LocalPoolHandle(3) as pool:
        assert pool.num_threads() == 3

        async def main():
            waiting = [pool.spawn_pinned(until, release.is_set) for _ in range(4)]
            assert pool.get_task_loads_for_each_worker() == [2, 1, 1]
            assert await pool.spawn_pinned_by_idx(2, where) == "mezame-local-2"
            assert await pool.spawn_pinned(where) == "mezame-local-1"
            release.set()
            for task in waiting:
                await task

        mezame.run(main())
        with pytest.raises(IndexError, match="3"):
            pool.spawn_pinned_by_idx(3, where)
        with pytest.raises(IndexError):
            pool.spawn_pinned_by_idx(-1, where)


def test_the_function_and_its_local_tasks_run_on_the_thread():
    seen = []

    def make(extra, *, more):
        seen.append(threading.current_thread().name)

        async def work():
            child = spawn_local(where())
            return extra, more, await child

        return work()

    with LocalPoolHandle(1) as pool:
        assert mezame.run(wait(pool.spawn_pinned(make, 1, more=2, name="pinned"))) == (1, 2, "mezame-local-0")
    assert seen == ["mezame-local-0"]


async def wait(task):
    return await task


def test_failures_arrive_and_aborts_reach_over():
    started, log = threading.Event(), []

    async def fail():
        raise ValueError("x")

    async def work():
        started.set()
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("unwound")

    with LocalPoolHandle(1) as pool:
        with pytest.raises(ValueError):
            mezame.run(wait(pool.spawn_pinned(fail)))
        task = pool.spawn_pinned(work)
        assert started.wait(PATIENCE)
        task.abort()
        with pytest.raises(mezame.JoinError):
            mezame.run(wait(task))
        assert log == ["unwound"]
    assert pool.get_task_loads_for_each_worker() == [0]


def test_closing_unwinds_the_tasks_and_later_ones_are_born_cancelled():
    started, log = threading.Event(), []

    async def local():
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("local")

    async def work():
        spawn_local(local())
        await mezame.yield_now()
        await mezame.yield_now()
        started.set()
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("pinned")

    pool = LocalPoolHandle(2)
    task = pool.spawn_pinned(work)
    assert started.wait(PATIENCE)
    pool.close()
    pool.close()
    assert task.cancelled() and sorted(log) == ["local", "pinned"]
    late = pool.spawn_pinned(where)
    assert late.cancelled() and pool.get_task_loads_for_each_worker() == [0, 0]


def test_wrong_uses_say_why():
    with pytest.raises(ValueError, match="at least 1"):
        LocalPoolHandle(0)
    with LocalPoolHandle(1) as pool:

        async def close():
            with pytest.raises(RuntimeError, match="itself"):
                pool.close()

        mezame.run(wait(pool.spawn_pinned(close)))


def test_dropping_the_handle_ends_the_threads():
    pool = LocalPoolHandle(2)
    threads = [worker.thread for worker in pool._workers]
    del pool
    gc.collect()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
