"""Stacks: where each task of a runtime stands, as text: the chain of awaits of those that wait, the threads' frames.

A waiting task has no frames on any thread: its coroutine holds the one below, and so on down to the leaf that it
waits for. A task that is being polled is where its thread is.
"""

from __future__ import annotations

import gc
import sys
import threading
import traceback
from types import AsyncGeneratorType
from typing import Any

_DEEPEST = 10_000  # frames; the chain may change under our eyes, and must not send us in circles
_LINKS = (("cr_frame", "cr_await"), ("ag_frame", "ag_await"), ("gi_frame", "gi_yieldfrom"))


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
    handle = getattr(runtime, "handle", None)
    return stacks_of(runtime if handle is None else handle(), None)


def stacks_of(handle: Any, first: Any) -> str:
    """``task_stacks``, beginning with the task ``first``: a root that waits is in no list of tasks."""
    polling = handle.executor.polling
    shown = [*([] if first is None else [first]), *polling, *handle.tasks()]
    tasks = list({id(task): task for task in shown}.values())
    parts = [describe_task(task, task in polling) for task in tasks]
    if polling:
        parts.append(thread_stacks())
    return "\n".join(parts) if parts else "no task is left"


def describe_task(task: Any, polled: bool = False) -> str:
    """The name of a task, where it was spawned, and its stack."""
    head = "the test (or root)" if task.is_root else f"task {task.name!r}"
    doing = "is being polled" if polled else "waits"
    lines = [f"{head}, spawned at {task.spawned_at}, {doing}:\n"]
    frames, leaf = await_chain(task.get_coro())
    lines += traceback.StackSummary.extract(iter(frames)).format()
    if leaf is not None:
        lines.append(f"  waits for {leaf!r}\n")
    return "".join(lines)


def await_chain(awaited: Any) -> tuple[list[tuple[Any, int]], Any]:
    """(frame, line) of each coroutine from ``awaited`` down, and the leaf at the end (None: there is none)."""
    frames: list[tuple[Any, int]] = []
    for _ in range(_DEEPEST):
        names = next((names for names in _LINKS if hasattr(awaited, names[1])), None)
        if names is None:
            generator = _generator_of(awaited)
            if generator is None:
                break
            awaited = generator
            continue
        frame = getattr(awaited, names[0])
        if frame is not None:
            frames.append((frame, frame.f_lineno))
        awaited = getattr(awaited, names[1])
    return frames, awaited


def _generator_of(awaited: Any) -> Any:
    """The async generator behind ``agen.__anext__()`` and the like, which do not name it."""
    if type(awaited).__name__ in ("async_generator_asend", "async_generator_athrow", "anext_awaitable"):
        for found in gc.get_referents(awaited):
            if isinstance(found, AsyncGeneratorType) or type(found).__name__ == "async_generator_asend":
                return found
    return None


def thread_stacks() -> str:
    """The stack of every thread of the process."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = []
    for ident, frame in sys._current_frames().items():
        if ident != threading.get_ident():
            parts.append(f"thread {names.get(ident, ident)!r}:\n" + "".join(traceback.format_stack(frame)))
    return "".join(parts)
