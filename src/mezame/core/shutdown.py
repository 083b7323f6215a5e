"""Shutdown: how an executor ends: every task is cancelled, unwinds, and those that would not are dropped.

    close --> no spawn is taken any more --> cancel all --> drain: the loop without a root
          --> the last future (a runtime closes its async generators) --> drain
          --> time is up, or an interrupt: drop who is left --> no queue takes a wake any more

Another thread may *hold* a task just then, to look at it (``mezame.trace.dump``): whoever drops it waits for that.
"""

from __future__ import annotations

from time import sleep
from typing import Any

from ..errors import CancelledError
from .clock import monotonic_ns
from .current import current
from .executor import Executor
from .report import report_exception
from .task import Task, make_task

HELD_NS = 200_000_000  # nobody holds a task for so long


def close_executor(executor: Executor, timeout: Any, last: Any) -> list[Task]:
    """What ``Executor.close`` does."""
    if executor._closed:
        return []
    saved = executor._enter()  # first: where this raises, nothing is closed yet
    executor._closed = True
    executor._owned._close()
    try:
        try:
            unwind(executor, None if timeout is None else monotonic_ns() + int(timeout * 1e9), last)
        except BaseException as error:  # Ctrl-C, in the middle of a wait: there is no time left
            executor._interrupt(error)
        left_over = executor._owned._all()
        executor._ready._close()  # first, for the queue links are no references
        for task in left_over:
            drop_task(task)
            executor._owned._discard(task)
        if executor._fatal is not None:
            executor._raise_fatal()  # that interrupt, or one of a task that unwound
        return left_over  # type: ignore[no-any-return]
    finally:
        executor._ready._close()  # again: those we dropped may have woken each other
        executor._leave(saved)
        executor.report_failures()


def unwind(executor: Executor, deadline: Any, last: Any) -> None:
    """Has every task unwind, then the last future, as far as there is time."""
    for task in executor._owned._all():
        task.cancel()
    drain(executor, deadline)
    final = None if last is None else last()
    if final is not None:
        closing = make_task(final, executor._ready, "closing", None)
        executor._owned._reopen_for(closing)
        executor._ready._enqueue(closing)
        drain(executor, deadline)


def drain(executor: Executor, deadline: Any) -> None:
    """Polls until no task is left or the time (of ``monotonic_ns``; None: no limit) is up."""
    while executor._owned._count() > 0:
        task = executor._ready._next_task()
        if task is not None:
            executor._poll_task(task, executor._cx, executor._cur)
            if executor.polls & 31 == 0:
                executor._turn(0)
                if deadline is not None and monotonic_ns() >= deadline:
                    return  # one that is always ready cannot keep us here
            continue
        if not executor._ready._nothing_deferred():
            executor._turn(0)
            continue
        if deadline is None:
            executor._turn(-1)
            continue
        left = deadline - monotonic_ns()
        if left <= 0:
            return
        executor._turn(left)


def drop_task(task: Task) -> None:
    """Drops a task that would not unwind, and that no thread polls."""
    deadline = monotonic_ns() + HELD_NS
    while not try_drop(task):
        if monotonic_ns() >= deadline:  # an interrupt came between the start of its poll and the end
            end_dropped(task)
            return
        sleep(0.001)


def try_drop(task: Task) -> bool:
    """Drops it, unless it has ended. False: somebody polls it, or holds it, right now."""
    if task._to_dropped():
        end_dropped(task)
        return True
    return task._is_complete()  # type: ignore[no-any-return]


def end_dropped(task: Task) -> None:
    """GeneratorExit at its await, in its contextvars, then nothing more. The task is ours: RUNNING."""
    coro = task._coro
    slot = current()
    slot.dropping += 1
    try:
        if coro is not None:
            try:
                close_inside(coro, task._ctx)
            except BaseException as error:
                report_exception(f"{task!r} refused to be dropped", error)
        del coro
        task._finish(None, CancelledError("the runtime was closed before the task had unwound"))
    finally:
        slot.dropping -= 1


def close_inside(coro: Any, context: Any) -> None:
    """Closes ``coro`` in these contextvars; in those of here, if these are in use: the caller is inside of them."""
    entered: list[bool] = []
    try:
        context.run(_close, coro, entered)
    except RuntimeError:
        if entered:
            raise
        coro.close()


def _close(coro: Any, entered: list[bool]) -> None:
    entered.append(True)
    coro.close()
