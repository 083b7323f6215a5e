"""Task-locals: there while the scoped future is polled, and nowhere else."""

import threading

import pytest
from polling import Gate

import mezame
from mezame.task import AccessError, LocalKey

KEY = LocalKey("KEY")


async def read():
    await mezame.yield_now()
    return KEY.try_get("none")


@pytest.mark.mezame
async def test_scopes_nest_and_restore():
    async def inner():
        assert KEY.get() == 1
        assert await KEY.scope(2, read()) == 2
        with pytest.raises(ValueError):
            await KEY.scope(3, fail())
        await mezame.yield_now()
        return KEY.get()

    async def fail():
        assert KEY.get() == 3
        raise ValueError

    assert await KEY.scope(1, inner()) == 1
    with pytest.raises(AccessError, match="KEY") as caught:
        KEY.get()
    assert isinstance(caught.value, LookupError)
    assert KEY.try_get() is None


@pytest.mark.mezame
async def test_a_spawned_task_does_not_inherit_it():
    async def outer():
        return KEY.get(), await mezame.spawn(read()), await mezame.spawn_blocking(KEY.try_get, "none")

    assert await KEY.scope(1, outer()) == (1, "none", "none")


@pytest.mark.mezame
async def test_tasks_side_by_side_have_their_own():
    async def work(n):
        for _ in range(3):
            await mezame.yield_now()
            assert KEY.get() == n
        return n

    tasks = [mezame.spawn(KEY.scope(n, work(n))) for n in range(5)]
    assert [await task for task in tasks] == list(range(5))


@pytest.mark.mezame
async def test_branches_of_one_task_have_their_own():
    assert await mezame.join(KEY.scope("a", read()), read(), KEY.scope("b", read())) == ("a", "none", "b")


@pytest.mark.mezame
async def test_a_sync_scope_follows_its_task_over_awaits():
    seen = []

    async def holder():
        with KEY.sync_scope(1) as value:
            assert value == 1
            await mezame.yield_now()
            seen.append(KEY.get())
        seen.append(KEY.try_get("none"))

    async def bystander():
        for _ in range(3):
            seen.append(KEY.try_get("none"))
            await mezame.yield_now()

    await mezame.join(mezame.spawn(holder()), mezame.spawn(bystander()))
    assert seen.count(1) == 1 and seen.count("none") == 4


def test_a_sync_scope_is_of_its_thread_outside_of_tasks():
    with KEY.sync_scope(1):
        found = []
        thread = threading.Thread(target=lambda: found.append(KEY.try_get("none")))
        thread.start()
        thread.join()
        assert found == ["none"] and KEY.get() == 1
        with KEY.sync_scope(2):
            assert KEY.get() == 2
        assert KEY.get() == 1
    scope = KEY.sync_scope(3)
    with scope, pytest.raises(RuntimeError, match="once"):
        scope.__enter__()


@pytest.mark.mezame
async def test_unwinding_sees_the_value_and_may_await():
    seen = []

    async def work():
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            seen.append(KEY.get())

    task = mezame.spawn(KEY.scope(5, work()))
    await mezame.yield_now()
    await mezame.yield_now()
    task.abort()
    with pytest.raises(mezame.JoinError):
        await task
    assert seen == [5]


def test_closing_a_scoped_future_by_hand_sees_the_value():
    seen = []

    async def work():
        try:
            await Gate()
        finally:
            seen.append(KEY.get())

    scoped = KEY.scope(6, work())
    scoped.poll(mezame.Context.from_waker(mezame.Waker.noop()))
    scoped.close()
    assert seen == [6] and KEY.try_get() is None
