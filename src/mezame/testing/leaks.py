"""Leaks: tasks that a test left behind: still alive when its runtime ends, and nobody asked them to stop."""

from __future__ import annotations

import time
import warnings
from typing import Any

from ..core.coop import yield_now
from ..runtime.handle import RuntimeFlavor
from .stacks import describe_task

POLICIES = ("warn", "error", "allow")
_TURNS = 20  # of the loop in which a task that is about to end may do so


class LeakedTasks(AssertionError):
    """A test ended and left tasks behind; the message names them and shows where they wait."""


class LeakedTaskWarning(UserWarning):
    """The same as a warning, which is the default (``leaks="warn"``)."""


def check_policy(policy: Any) -> None:
    """Raises ``ValueError`` for what is no policy."""
    if policy not in POLICIES:
        raise ValueError(f"leaks must be 'warn', 'error' or 'allow', not {policy!r}")


def leaked_tasks(runtime: Any, known: Any = ()) -> list[Any]:
    """The live tasks but those of ``known`` and those that are being cancelled, after all had a few more turns."""

    def found() -> list[Any]:
        return [task for task in runtime.handle().tasks() if task not in known and not task.cancelling()]

    async def turns() -> None:
        for _ in range(_TURNS):
            if not found():
                return
            await yield_now()

    if not found():
        return []
    if runtime.handle().runtime_flavor() is RuntimeFlavor.CURRENT_THREAD:
        runtime.block_on(turns())
    else:
        for _ in range(_TURNS):  # its workers go on by themselves
            if not found():
                break
            time.sleep(0.001)
    return found()


def report_leaks(leaked: list[Any], what: str, policy: str) -> None:
    """Raises or warns, as ``policy`` says."""
    __tracebackhide__ = True
    if not leaked or policy == "allow":
        return
    several = "s" * (len(leaked) > 1)
    head = f"{what} left {len(leaked)} task{several} behind: await them, abort them, or use a TaskGroup"
    message = "\n\n".join([head, *map(describe_task, leaked)])
    if policy == "error":
        raise LeakedTasks(message)
    warnings.warn(message, LeakedTaskWarning, stacklevel=2)
