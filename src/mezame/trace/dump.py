"""Dump: every task of a runtime, with the stack of each, taken while the runtime goes on.

A stack may only be read while nobody polls the task:

    IDLE        it is *held* (``core/cell.py``): its state says RUNNING, so a wake does not queue it, until we let go
    SCHEDULED   it is in a queue, and may be polled any moment. With a GIL that does no harm; without, it is shown
                without a stack, unless it is this very thread that polls the tasks of this runtime
    RUNNING     it is where its thread is. With a GIL its coroutines are shown as they are at this moment; without, only
                that it runs, unless it is this thread that polls it

So a dump never stops the runtime; it costs the tasks no more than a few microseconds each.
"""

from __future__ import annotations

import sys
from threading import get_ident
from typing import Any, NamedTuple

from ..core.cell import hold, release
from ..core.current import current
from ..runtime.runtime import live_runtimes
from ..task.local_set import live_local_sets
from .stack import Stack, take_stack


class TaskDump(NamedTuple):
    """One task in a dump."""

    id: int
    """Its id."""
    name: str
    """Its name."""
    kind: str
    """Its kind: see ``on_spawn``."""
    runtime: str
    """The name, or the number, of its runtime; "LocalSet 1" for a task of that."""
    spawned_at: str
    """Where it was spawned: "file:line"."""
    state: str
    """ "waits", "is queued", "is being polled" or "has ended" (while the dump was made)."""
    stack: Stack
    """Where it stands; empty if that could not be seen."""

    def __str__(self) -> str:
        if self.kind == "block_on":
            head = f"the root of {self.runtime}"
        else:
            head = f"task {self.name!r} of {self.runtime}, spawned at {self.spawned_at},"
        return f"{head} {self.state}:\n{self.stack.format()}"


class Dump(NamedTuple):
    """What ``dump`` gives; ``str(dump)`` is the whole as text."""

    tasks: tuple[TaskDump, ...]
    """The tasks: roots first, then in the order in which they were spawned."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.tasks)) if self.tasks else "no task is left"


def dump(runtime: Any = None) -> Dump:
    """All unfinished tasks of a runtime, each with its await stack and what it waits for.

    Args:
        runtime: a ``Runtime`` or a ``Handle``; None: all runtimes of the process, and all ``LocalSet``s.

    From any thread, also inside of a task; the runtime goes on meanwhile, so it is no picture of one moment. What
    ``select``, ``join`` and ``timeout`` have inside is shown as branches. Calls of ``spawn_blocking`` are not in it.
    On a CPython without a GIL a task that runs, or is about to, on another thread is shown without its stack.

    Raises ``TypeError`` for what is no runtime.

    >>> import mezame
    >>> async def waits_for_ever(): await mezame.sleep(3600)
    >>> async def main():
    ...     mezame.spawn(waits_for_ever(), name="sleepy")
    ...     await mezame.yield_now()
    ...     return mezame.trace.dump(mezame.Handle.current())
    >>> root, sleepy = mezame.run(main()).tasks
    >>> sleepy.name, sleepy.state, sleepy.stack.frames[0].function, sleepy.stack.wait.kind
    ('sleepy', 'waits', 'waits_for_ever', 'a timer')

    Source of the semantics: ``tokio::runtime::Handle::dump``.
    """
    if runtime is not None:
        return Dump(tuple(_of_handle(handle_of(runtime))))
    tasks: list[TaskDump] = []
    for one in live_runtimes():
        tasks += _of_handle(one.handle())
    for local_set in live_local_sets():
        label = f"LocalSet {local_set.id}"
        tasks += [dump_task(task, label, local_set.thread == get_ident()) for task in local_set.tasks()]
    return Dump(tuple(tasks))


def handle_of(runtime: Any) -> Any:
    """The ``Handle`` of a runtime, or of a handle."""
    if hasattr(runtime, "executor") and hasattr(runtime, "tasks"):
        return runtime
    handle = getattr(runtime, "handle", None)
    if not callable(handle):
        raise TypeError(f"a Runtime or a Handle is needed, not {runtime!r}")
    return handle()


def _of_handle(handle: Any) -> list[TaskDump]:
    executor = handle.executor
    label = f"runtime {handle.name or handle.id}"
    clock = None if handle.timers is None else handle.timers.clock
    mine = executor.thread == get_ident()  # of several workers each polls for itself: that is never so
    return [dump_task(task, label, mine, clock) for task in [*executor.roots, *handle.tasks()]]


def dump_task(task: Any, label: str, mine: bool, clock: Any = None) -> TaskDump:
    """One task.

    Args:
        mine: this thread is the only one that polls it.
    """
    state, stack = stand(task, mine, clock)
    return TaskDump(task.id, task.name, task.kind, label, task.spawned_at, state, stack)


def stand(task: Any, mine: bool, clock: Any = None) -> tuple[str, Stack]:
    """What the task does, and where."""
    if hold(task):
        try:
            return "waits", take_stack(task.get_coro(), clock)
        finally:
            release(task)
    state = task.state
    if state == "COMPLETE":
        return "has ended", Stack()
    running = state.startswith(("RUNNING", "NOTIFIED"))
    visible = mine or gil_is_on() or (running and current().task is task)
    stack = take_stack(task.get_coro(), clock) if visible else Stack()
    return "is being polled" if running else "is queued", stack


def gil_is_on() -> bool:
    """False on a CPython that runs without."""
    probe = getattr(sys, "_is_gil_enabled", None)
    return True if probe is None else bool(probe())
