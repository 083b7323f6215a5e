"""Waker: its three kinds, what ``wake`` never does, and what it does not keep alive."""

from __future__ import annotations

import gc
import logging
import weakref

import pytest
from polling import CountingWaker, Gate, in_thread

import mezame
from mezame import Executor, Waker
from mezame.core.waker import wake_all


def wakers_of_a_task() -> tuple[Executor, Gate, mezame.Task]:
    executor = Executor()
    gate = Gate()

    async def wait() -> object:
        return await gate

    task = executor.spawn(wait())
    executor.run_until_stalled()
    return executor, gate, task


def test_a_waker_of_a_callable_calls_it_at_each_wake() -> None:
    counting = CountingWaker()
    counting.waker.wake()
    counting.waker.wake_by_ref()
    counting.waker.clone().wake()
    assert counting.wakes == 3


def test_a_waker_of_no_callable_is_refused() -> None:
    with pytest.raises(TypeError, match="not 3"):
        Waker.from_callable(3)  # type: ignore[arg-type]


def test_an_exception_in_the_callable_is_reported_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise ValueError("broken waker")

    with caplog.at_level(logging.ERROR, "mezame"):
        Waker.from_callable(broken).wake()
    [record] = caplog.records
    assert record.exc_info is not None and "broken waker" in str(record.exc_info[1])


def test_noop_is_one_shared_waker_that_does_nothing() -> None:
    assert Waker.noop() is Waker.noop()
    Waker.noop().wake()
    assert Waker.noop().will_wake(Waker.noop())
    assert repr(Waker.noop()) == "<Waker.noop()>"


def test_will_wake_is_true_for_the_same_target_only() -> None:
    def one() -> None: ...
    def two() -> None: ...

    waker = Waker.from_callable(one)
    assert waker.will_wake(waker)
    assert waker.will_wake(waker.clone())
    assert waker.will_wake(Waker.from_callable(one))
    assert not waker.will_wake(Waker.from_callable(two))
    assert not waker.will_wake(Waker.noop())
    assert not Waker.noop().will_wake(waker)


def test_a_task_has_one_waker_for_all_its_polls() -> None:
    executor, gate, task = wakers_of_a_task()
    first = gate.waker
    assert first is not None
    first.wake()
    executor.run_until_stalled()
    assert gate.polls == 2
    assert gate.waker is not None and first.will_wake(gate.waker)
    gate.open()
    executor.run()
    assert task.is_finished()


def test_wakers_of_two_tasks_do_not_wake_each_other() -> None:
    executor, gate, _ = wakers_of_a_task()
    other_gate = Gate()
    executor.spawn(other_gate)
    executor.run_until_stalled()
    assert gate.waker is not None and other_gate.waker is not None
    assert not gate.waker.will_wake(other_gate.waker)
    gate.wake()
    executor.run_until_stalled()
    assert (gate.polls, other_gate.polls) == (2, 1)
    executor.close()


def test_wake_after_the_task_ended_does_nothing() -> None:
    executor, gate, task = wakers_of_a_task()
    waker = gate.waker
    assert waker is not None
    gate.open(1)
    executor.run()
    polls = executor.polls
    waker.wake()
    in_thread(waker.wake)
    assert executor.queue_depth == 0
    executor.run_until_stalled()
    assert (executor.polls, task.result()) == (polls, 1)
    assert repr(waker) == "<Waker of a finished task>"


def test_wake_after_the_executor_closed_does_nothing() -> None:
    executor, gate, task = wakers_of_a_task()
    waker = gate.waker
    assert waker is not None
    executor.close()
    waker.wake()
    in_thread(waker.wake)
    assert task.is_finished() and executor.queue_depth == 0


class Big:
    """Something to hold a weak reference to."""


def test_a_kept_waker_keeps_neither_the_result_nor_the_executor_alive() -> None:
    hooks = mezame.Hooks()  # the executor holds it: it stands for the executor here

    class Watched(mezame.Hooks):
        pass

    hooks = Watched()
    executor = Executor(hooks=hooks)
    gate = Gate()

    async def wait() -> Big:
        await gate
        return Big()

    task = executor.spawn(wait())
    executor.run_until_stalled()
    kept = gate.waker
    assert kept is not None
    gate.open()
    executor.run()
    result, of_executor = weakref.ref(task.result()), weakref.ref(hooks)
    del task, executor, hooks
    gc.collect()
    assert result() is None
    assert of_executor() is None
    kept.wake()


def test_wake_all_wakes_everyone_even_behind_a_bad_one(caplog: pytest.LogCaptureFixture) -> None:
    class Bad(Waker):
        def wake(self) -> None:
            raise ValueError("bad waker")

    before, after = CountingWaker(), CountingWaker()
    with caplog.at_level(logging.ERROR, "mezame"):
        wake_all([before.waker, Bad(), after.waker])
    assert (before.wakes, after.wakes) == (1, 1)
    assert len(caplog.records) == 1


def test_a_python_subclass_of_waker_can_be_given_to_a_context() -> None:
    class Noting(Waker):
        def __init__(self) -> None:
            self.wakes = 0

        def wake(self) -> None:
            self.wakes += 1

    noting = Noting()
    gate = Gate()
    gate.poll(mezame.Context(noting))
    gate.open()
    noting.wake_by_ref()
    assert noting.wakes == 2
