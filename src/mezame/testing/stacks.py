"""Stacks: where each task of a runtime stands, as text: the chain of awaits of those that wait, the threads' frames.

What a test wants to see when something hangs or was left behind. How a stack is taken is in ``mezame.trace``.
"""

from __future__ import annotations

import sys
import threading
import traceback
from typing import Any

from ..trace.dump import handle_of, stand


def task_stacks(runtime: Any) -> str:
    """The tasks of a runtime with the stack of each, oldest first; and what its threads do if they poll just now.

    Args:
        runtime: a ``Runtime`` or its ``Handle``. From any thread; the runtime goes on meanwhile.

    >>> import mezame
    >>> async def waits_for_ever(): await mezame.pending()
    >>> async def main():
    ...     task = mezame.spawn(waits_for_ever(), name="sleepy")
    ...     await mezame.yield_now()
    ...     return mezame.testing.task_stacks(mezame.Handle.current())
    >>> text = mezame.run(main())
    >>> "'sleepy'" in text, "in waits_for_ever" in text, "PendingFuture" in text
    (True, True, True)
    """
    return stacks_of(handle_of(runtime), None)


def stacks_of(handle: Any, first: Any) -> str:
    """``task_stacks``, beginning with the task ``first``: a root that waits is in no list of tasks."""
    polling = handle.executor.polling
    shown = [*([] if first is None else [first]), *polling, *handle.tasks()]
    tasks = list({id(task): task for task in shown}.values())
    parts = [describe_task(task, handle.executor.thread == threading.get_ident()) for task in tasks]
    if polling:
        parts.append(thread_stacks())
    return "\n".join(parts) if parts else "no task is left"


def describe_task(task: Any, mine: bool = False) -> str:
    """The name of a task, where it was spawned, and its stack.

    Args:
        mine: this thread is the only one that polls it.
    """
    head = "the test (or root)" if task.is_root else f"task {task.name!r}"
    state, stack = stand(task, mine)
    return f"{head}, spawned at {task.spawned_at}, {state}:\n{stack.format()}"


def thread_stacks() -> str:
    """The stack of every thread of the process."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sys._current_frames().items():
        if ident != threading.get_ident():
            parts.append(f"thread {names.get(ident, ident)!r}:\n" + "".join(traceback.format_stack(frame)))
    return "".join(parts)
