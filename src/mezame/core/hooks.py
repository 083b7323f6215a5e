"""Hooks: what happens, told as it happens. The seam that traces, consoles and the demo plug in to.

Pass an instance as ``hooks=`` to an ``Executor`` or ``Runtime``. With none installed each place costs one
branch. A hook is called in the thread where the event is, must be quick, and must not raise: what it raises
is reported and the hook set is removed.
"""

from __future__ import annotations

from typing import Any


class Hooks:
    """Override what you want to hear of. ``task`` is the task, whose ``id`` and ``name`` name it."""

    def on_spawn(self, task: Any) -> None:
        """A task was made and queued (steps 1 and 2 of the cycle)."""

    def on_poll(self, task: Any) -> None:
        """The task is going to be polled (3 and 8)."""

    def on_pending(self, task: Any) -> None:
        """Its poll answered Pending (5)."""

    def on_register(self, task: Any, source: Any, interest: str) -> None:
        """The poll left the task's waker with a driver (5): ``interest`` is "read", "write" or "timer"."""

    def on_event(self, source: Any, interest: str) -> None:
        """The driver saw the event (6); the wakes that follow are its."""

    def on_wake(self, task: Any) -> None:
        """The task was queued by a wake (6 and 7)."""

    def on_complete(self, task: Any) -> None:
        """Its poll was Ready, or raised, or the task was aborted (9)."""

    def on_park(self) -> None:
        """Nothing to poll: the thread is going to sleep in the driver."""

    def on_unpark(self) -> None:
        """The thread is awake again."""
