"""Failures: the failed tasks of the process, so that none is lost with its handle when Python ends.

A failure that nobody looked at is reported when the last handle goes, or when the executor closes. A handle that is
held to the very end, by a global of a program that closes nothing, goes when Python takes its modules apart, and then
nothing can be logged any more. So what is left is reported at exit, just before.

The hook is registered at the first failure and not at import: those of an exit run in reverse order, and this one has
to come before the end of ``logging``.
"""

from __future__ import annotations

import atexit
import os
import weakref
from typing import Any


class _Held:
    """The tasks, by weak references: this is not the handle that keeps one."""

    __slots__ = ("hooked", "tasks")

    def __init__(self) -> None:
        self.tasks: set[weakref.ref[Any]] = set()
        self.hooked = False


_held = _Held()


def hold_failure(task: Any) -> None:
    """``task`` failed: it is reported at exit, if it is still there and nobody has looked at it. From any thread."""
    tasks = _held.tasks
    tasks.add(weakref.ref(task, tasks.discard))
    if not _held.hooked:
        _held.hooked = True
        atexit.register(report_held)  # twice, if two threads come here at once: the second call finds nothing


def report_held() -> None:
    """Reports the failed tasks whose handles are held and that nobody looked at."""
    for reference in list(_held.tasks):
        task = reference()
        if task is not None:
            task._report()


def _after_fork() -> None:
    """In a forked child: what failed before is for the parent to report. (A new set: nobody may be in the middle.)"""
    _held.tasks = set()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
