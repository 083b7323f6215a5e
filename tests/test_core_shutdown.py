"""How an executor ends: what is dropped runs in its own contextvars, and is told what it refused."""

from __future__ import annotations

import logging
from contextvars import ContextVar, copy_context
from types import SimpleNamespace
from typing import Any

import pytest
from polling import PATIENCE, wait_until

import mezame
from mezame.core import shutdown
from mezame.core.cell import hold, release
from mezame.core.shutdown import drop_task
from mezame.scheduler import worker_core

mark: ContextVar[str] = ContextVar("mark", default="nobody's")


async def stay(seen: list[str], gate: Any) -> None:
    """Refuses to unwind; notes whose contextvars it is dropped in."""
    mark.set("the task's")
    while True:
        try:
            await gate
        except mezame.CancelledError:
            continue
        except GeneratorExit:
            seen.append(mark.get())
            raise


def test_a_task_that_would_not_unwind_is_dropped_in_its_contextvars():
    executor = mezame.Executor()
    seen: list[str] = []
    task = executor.spawn(stay(seen, mezame.pending()))
    executor.run_until_stalled()
    assert executor.close(0.0) == [task]
    assert seen == ["the task's"] and mark.get() == "nobody's"
    assert task.cancelled() and task.get_coro() is None and executor.is_empty()
    assert executor.close() == []


def test_a_failure_while_it_is_dropped_is_reported_and_the_next_is_dropped_too(caplog):
    async def fail() -> None:
        while True:
            try:
                await mezame.pending()
            except mezame.CancelledError:
                continue
            except GeneratorExit:
                raise ValueError("no way out") from None

    executor = mezame.Executor()
    seen: list[str] = []
    tasks = [executor.spawn(fail(), name="failing"), executor.spawn(stay(seen, mezame.pending()))]
    executor.run_until_stalled()
    with caplog.at_level(logging.ERROR, "mezame"):
        assert executor.close(0.0) == tasks
    assert "failing" in caplog.text and "refused to be dropped" in caplog.text and "no way out" in caplog.text
    assert seen == ["the task's"] and all(task.cancelled() for task in tasks)


def test_contextvars_that_are_in_use_cannot_be_entered_and_the_coroutine_is_closed_all_the_same(caplog):
    """Contextvars of the caller's, who is inside of them."""
    executor = mezame.Executor()
    context = copy_context()
    seen: list[str] = []
    task = executor.spawn(stay(seen, mezame.pending()), context=context, name="inside")
    executor.run_until_stalled()
    with caplog.at_level(logging.ERROR, "mezame"):
        context.run(drop_task, task)
    assert seen == ["the task's"]
    assert task.cancelled() and caplog.text == ""


def test_close_refuses_inside_of_a_loop_and_closes_nothing():
    inner = mezame.Executor()
    task = inner.spawn(mezame.ready(1))

    async def main() -> None:
        with pytest.raises(mezame.EnterError):
            inner.close()

    mezame.run(main())
    inner.run()
    assert task.result() == 1


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_a_task_that_a_dump_holds_is_dropped_when_it_is_let_go(flavor: str, monkeypatch: Any) -> None:
    seen: list[Any] = []
    runtime = mezame.Runtime(flavor)
    task = runtime.spawn(stay(seen, mezame.pending()))
    while task.state != "IDLE":
        runtime.block_on(mezame.yield_now())
    if flavor == "multi_thread":
        wait_until(lambda: all(worker.thread_id for worker in runtime.metrics().workers))  # each has begun
    assert hold(task)

    def let_go(seconds: float) -> None:
        """In place of the sleep of who waits for it."""
        seen.append("let go")
        release(task)

    monkeypatch.setattr(shutdown, "sleep", let_go)
    monkeypatch.setattr(shutdown, "HELD_NS", PATIENCE * 10**9)
    monkeypatch.setattr(worker_core, "time", SimpleNamespace(sleep=let_go))
    monkeypatch.setattr(worker_core, "HELD_NS", int(PATIENCE) * 10**9)
    report = runtime.shutdown_timeout(0.0)
    assert report.tasks == (task,) and task.is_finished() and task.get_coro() is None
    assert seen == ["let go", "the task's"]
