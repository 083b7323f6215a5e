"""Cooperation: the budget of a poll, ``yield_now``, and how to do without a budget."""

from __future__ import annotations

import pytest
from polling import CountingWaker, Gate, Sleepless

import mezame
from mezame import Executor, Poll
from mezame.core import coop
from mezame.core.current import BUDGET, current


def test_the_budget_is_128_as_the_semantics_say() -> None:
    assert BUDGET == 128


def count_polls(executor: Executor, future: object) -> int:
    """How many polls of the root ``future`` needs."""
    before = executor.polls
    executor.run_until(future)
    return executor.polls - before


@pytest.mark.parametrize(("units", "polls"), [(127, 1), (128, 1), (129, 2), (256, 2), (257, 3)])
def test_a_poll_spends_128_units_then_gives_way_once(units: int, polls: int) -> None:
    async def spend() -> None:
        for _ in range(units):
            await coop.consume_budget()

    assert count_polls(Executor(), spend()) == polls


@pytest.mark.parametrize(("units", "polls"), [(128, 1), (129, 2), (257, 3)])
def test_a_spawned_task_has_the_same_budget(units: int, polls: int) -> None:
    async def spend() -> None:
        for _ in range(units):
            await coop.consume_budget()

    executor = Executor()
    executor.spawn(spend())
    executor.run()
    assert executor.polls == polls


def test_block_on_has_the_same_budget() -> None:
    polls = 0

    async def spend() -> None:
        for _ in range(129):
            await coop.consume_budget()

    future = mezame.into_future(spend())

    def counted(cx: mezame.Context) -> object:
        nonlocal polls
        polls += 1
        return future.poll(cx)

    mezame.block_on(mezame.poll_fn(counted))
    assert polls == 2


def test_outside_of_a_loop_there_is_no_limit() -> None:
    counting = CountingWaker()
    for _ in range(1000):
        assert coop.consume_budget().poll(counting.cx) == Poll.Ready(None)
        assert coop.poll_proceed(counting.cx)
    assert coop.has_budget_remaining()
    assert counting.wakes == 0


def test_a_leaf_that_waits_refunds_its_unit() -> None:
    executor = Executor()
    never = executor.spawn(mezame.pending())

    async def main() -> tuple[int, int]:
        slot = current()
        before = slot.budget
        join = never.join_future()
        cx = slot.context
        assert cx is not None
        for _ in range(1000):  # each takes a unit and gives it back
            assert join.poll(cx) is Poll.Pending
        join.close()
        return before, slot.budget

    before, after = executor.run_until(main())
    assert before == after == BUDGET
    executor.close()


def test_refund_gives_back_what_poll_proceed_took() -> None:
    async def main() -> list[int]:
        slot = current()
        cx = slot.context
        assert cx is not None
        seen = [slot.budget]
        assert coop.poll_proceed(cx)
        seen.append(slot.budget)
        coop.refund()
        seen.append(slot.budget)
        return seen

    assert Executor().run_until(main()) == [128, 127, 128]


def test_refund_outside_of_a_loop_changes_nothing() -> None:
    coop.refund()
    assert current().budget == -1


def test_has_budget_remaining_tells_when_the_next_leaf_would_give_way() -> None:
    async def main() -> list[bool]:
        seen = []
        for _ in range(BUDGET):
            seen.append(coop.has_budget_remaining())
            await coop.consume_budget()
        seen.append(coop.has_budget_remaining())
        return seen

    seen = Executor().run_until(main())
    assert all(seen[:-1])
    assert seen[-1] is False


def test_unconstrained_sees_no_limit_and_restores_the_budget_after_it() -> None:
    async def hungry() -> int:
        for _ in range(1000):
            await coop.consume_budget()
        return current().budget

    async def main() -> tuple[int, int]:
        await coop.consume_budget()
        inside = await coop.unconstrained(hungry())
        return inside, current().budget

    executor = Executor()
    polls = executor.polls
    assert executor.run_until(main()) == (-1, BUDGET - 1)
    assert executor.polls - polls == 1


def test_unconstrained_restores_the_budget_when_the_future_raises() -> None:
    async def broken() -> None:
        raise ValueError("inside")

    async def main() -> int:
        with pytest.raises(ValueError, match="inside"):
            await coop.unconstrained(broken())
        return current().budget

    assert Executor().run_until(main()) == BUDGET


def test_cancelling_an_unconstrained_await_lets_it_unwind_with_an_await() -> None:
    log = []

    async def inner() -> None:
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("unwound")

    async def outer() -> None:
        await coop.unconstrained(inner())

    executor = Executor()
    task = executor.spawn(outer())
    executor.run_until_stalled()
    task.abort()
    executor.run()
    assert log == ["unwound"] and task.cancelled()


def test_yield_now_lets_all_that_is_ready_go_first_and_the_driver_have_a_look() -> None:
    log: list[str] = []
    park = Sleepless()
    executor = Executor(park)

    async def first() -> None:
        log.append("first")
        looks = park.looks
        await mezame.yield_now()
        log.append("first again")
        assert park.looks > looks

    async def other(name: str) -> None:
        log.append(name)

    executor.spawn(first())
    executor.spawn(other("second"))
    executor.spawn(other("third"))
    executor.run()
    assert log == ["first", "second", "third", "first again"]


def test_yielded_tasks_come_back_first_in_first_out() -> None:
    log: list[int] = []

    async def twice(number: int) -> None:
        log.append(number)
        await mezame.yield_now()
        log.append(number)

    executor = Executor()
    for number in range(5):
        executor.spawn(twice(number))
    executor.run()
    assert log == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]


def test_yield_now_by_hand_wakes_at_once() -> None:
    counting = CountingWaker()
    future = mezame.yield_now()
    assert future.poll(counting.cx) is Poll.Pending
    assert counting.wakes == 1
    assert future.poll(counting.cx) == Poll.Ready(None)


def test_a_leaf_that_was_deferred_within_another_waker_is_woken_after_the_turn() -> None:
    """Inside ``join``-like futures the leaf sees a waker of its own: that one is deferred, not the task's."""
    counting = CountingWaker()
    inner = mezame.yield_now()
    gate = Gate()

    async def main() -> int:
        assert inner.poll(counting.cx) is Poll.Pending
        woken_at_once = counting.wakes
        executor.spawn(open_the_gate())
        await gate
        return woken_at_once

    async def open_the_gate() -> None:
        await mezame.yield_now()
        gate.open()

    executor = Executor()
    assert executor.run_until(main()) == 0
    assert counting.wakes == 1
