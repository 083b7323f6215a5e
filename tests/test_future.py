"""Combinators: who wins, who unwinds, what is polled."""

import pytest

import mezame
from mezame import Poll, join, join_all, race, select, try_join

pytestmark = pytest.mark.mezame



async def fail(message="x"):
    await mezame.yield_now()
    raise ValueError(message)


async def test_join_keeps_order_and_waits_for_all():
    async def late(n):
        await mezame.yield_now()
        return n

    assert await join(late(1), mezame.ready(2), late(3)) == (1, 2, 3)
    done = []

    async def note():
        await mezame.yield_now()
        done.append(1)

    with pytest.raises(ValueError):
        await join(fail(), note())
    assert done == [1]


async def test_try_join_cancels_and_unwinds_the_others():
    log = []

    async def slow():
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("unwound")

    with pytest.raises(ValueError):
        await try_join(slow(), fail())
    assert log == ["unwound"]


async def test_join_all_polls_only_the_woken():
    polls = [0] * 40
    wakers = [None] * 40

    def member(index):
        def poll(cx):
            polls[index] += 1
            if polls[index] == 2:
                return Poll.Ready(index)
            wakers[index] = cx.waker
            return Poll.Pending

        return mezame.poll_fn(poll)

    task = mezame.spawn(join_all([member(n) for n in range(40)]))
    await mezame.yield_now()
    wakers[7].wake()
    await mezame.yield_now()
    await mezame.yield_now()
    assert polls[7] == 2 and sum(polls) == 41
    for waker in wakers:
        waker.wake()
    assert await task == list(range(40))
    assert sum(polls) == 80


async def test_select_unwinds_owned_losers_before_it_returns():
    log = []

    async def loser():
        try:
            await mezame.pending()
        finally:
            await mezame.sleep(0.001)
            log.append("unwound")

    assert await select(a=loser(), b=mezame.sleep(0.001)) == ("b", None)
    assert log == ["unwound"]


@pytest.mark.mezame(start_paused=True)
async def test_select_borrows_futures_and_tasks():
    start = mezame.time.now()
    task = mezame.spawn(mezame.sleep(0.005))
    timer = mezame.sleep(0.01)
    assert (await select(task, mezame.ready(1), biased=True))[0] == 1
    assert (await select(timer, mezame.ready(1), biased=True))[0] == 1
    assert not task.is_finished() and mezame.time.now() == start
    await task
    await timer
    assert mezame.time.now() - start >= 0.01, "each went on as if nobody had selected it"


async def test_select_branches_else_default_and_errors():
    assert await select(a=mezame.branch(mezame.ready(1), lambda v: v > 5), else_="none") == (None, "none")
    with pytest.raises(mezame.SelectError):
        await select(a=None)
    assert await select(mezame.pending(), default=9) == (None, 9)
    with pytest.raises(ValueError):
        await select(fail(), mezame.pending())


async def test_select_is_fair_and_reproducible():
    async def firsts():
        return [(await select(mezame.ready(0), mezame.ready(1)))[0] for _ in range(60)]

    seen = await firsts()
    assert 10 < sum(seen) < 50
    assert {(await select(mezame.ready(0), mezame.ready(1), biased=True))[0] for _ in range(20)} == {0}


async def test_cancelling_the_selecting_task_unwinds_its_branches():
    log = []

    async def branch(name):
        try:
            await mezame.pending()
        finally:
            try:
                await mezame.yield_now()
            finally:
                log.append(name)

    async def chooser():
        await select(branch("a"), branch("b"))

    task = mezame.spawn(chooser())
    await mezame.yield_now()
    task.abort()
    await mezame.yield_now()
    task.abort()  # a second cancel during the unwinding loses nobody
    with pytest.raises(mezame.JoinError):
        await task
    assert sorted(log) == ["a", "b"]


async def test_race():
    assert await race(mezame.sleep(1), mezame.ready("x")) == "x"
    with pytest.raises(ValueError):
        await race()


async def test_task_group_cancels_siblings_and_groups_errors():
    log = []

    async def sibling():
        try:
            await mezame.pending()
        finally:
            log.append("cancelled")

    with pytest.raises(ExceptionGroup) as caught:
        async with mezame.TaskGroup() as group:
            group.spawn(sibling())
            group.spawn(fail("one"))
            await mezame.pending()
    assert [str(e) for e in caught.value.exceptions] == ["one"] and log == ["cancelled"]
    with pytest.raises(RuntimeError, match="finished"):
        group.spawn(sibling())


async def test_task_group_passes_an_outer_cancellation_on():
    async def parent():
        async with mezame.TaskGroup() as group:
            group.spawn(mezame.pending())

    task = mezame.spawn(parent())
    await mezame.yield_now()
    task.abort()
    with pytest.raises(mezame.JoinError) as caught:
        await task
    assert caught.value.is_cancelled()


async def test_aborting_never_polled_idle_and_finished():
    log = []

    async def work():
        log.append("started")
        try:
            await mezame.pending()
        finally:
            log.append("unwound")

    never = mezame.spawn(work())
    never.abort()
    with pytest.raises(mezame.JoinError):
        await never
    assert log == []
    idle = mezame.spawn(work())
    await mezame.yield_now()
    idle.abort()
    assert not idle.is_finished()
    with pytest.raises(mezame.JoinError):
        await idle
    assert log == ["started", "unwound"] and idle.cancelled()
    finished = mezame.spawn(mezame.ready(1))
    assert await finished == 1
    finished.abort()
    assert await finished == 1
