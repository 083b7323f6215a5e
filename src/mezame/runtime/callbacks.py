"""Callbacks: the builder's ``on_...`` functions, told what ``Hooks`` are told.

A runtime has one ``Hooks`` object, or none. Functions given one by one become one (``combine``), around the user's own
if there is one too: both are told, the user's first.

The functions hear of tasks only; hooks hear of the root of ``block_on`` too.

``schedule_latency`` needs the moment at which a task was queued. It is kept in a table by task id, from the spawn, the
wake, or the end of the poll that queued it again, to the poll; and only for who asked for it: callbacks, or the
histogram of the metrics. All three are told before the task is queued. The end of a poll that answered Pending is not:
with several workers the task may have been woken by then, and even be in its next poll. So that one notes no moment,
and the latency of a poll in progress is kept by task and thread.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from time import perf_counter
from typing import Any, NamedTuple

from ..core.hooks import Hooks
from .histogram import Histogram

Callback = Callable[["TaskMeta"], Any]


class TaskMeta(NamedTuple):
    """What a task callback is told.

    Source of the semantics: ``tokio::runtime::TaskMeta``.
    """

    id: int
    """The task's id."""
    name: str | None
    """The name it was given."""
    spawned_at: str
    """Where it was spawned: "file:line"."""
    schedule_latency: float | None
    """Seconds from the wake, or the spawn, to this poll; None outside of a poll and where it is not tracked."""


class Callbacks(Hooks):
    """Single functions as ``Hooks``; ``hooks`` is the user's own object, or None."""

    def __init__(
        self,
        hooks: Hooks | None,
        *,
        spawn: Callback | None,
        before_poll: Callback | None,
        after_poll: Callback | None,
        terminate: Callback | None,
        park: Callable[[], Any] | None,
        unpark: Callable[[], Any] | None,
        latency: bool,
        latencies: Histogram | None,
    ) -> None:
        self._hooks = Hooks() if hooks is None else hooks
        self._spawn = spawn
        self._before_poll = before_poll
        self._after_poll = after_poll
        self._terminate = terminate
        self._park = park
        self._unpark = unpark
        self._queued: dict[int, float] | None = {} if latency or latencies is not None else None
        self._latencies = latencies
        self._latency: dict[tuple[int, int], float] = {}  # of the polls in progress

    def _tell(self, callback: Callback | None, task: Any, latency: float | None = None) -> None:
        if callback is not None and not task.is_root:
            callback(TaskMeta(task.id, task.name, task.spawned_at, latency))

    def on_spawn(self, task: Any) -> None:
        """Tells ``on_task_spawn``."""
        if self._queued is not None:
            self._queued[task.id] = perf_counter()
        self._hooks.on_spawn(task)
        self._tell(self._spawn, task)

    def on_wake(self, task: Any) -> None:
        """Notes when."""
        number = getattr(task, "id", None)  # the root of block_on has none
        if self._queued is not None and number is not None:
            self._queued[number] = perf_counter()
        self._hooks.on_wake(task)

    def on_poll(self, task: Any) -> None:
        """Tells ``on_before_task_poll``."""
        latency = None
        if self._queued is not None:
            queued = self._queued.pop(task.id, None)
            if queued is not None:
                latency = self._latency[task.id, get_ident()] = perf_counter() - queued
                if self._latencies is not None and not task.is_root:
                    self._latencies.record(int(latency * 1e9))
        self._hooks.on_poll(task)
        self._tell(self._before_poll, task, latency)

    def on_pending(self, task: Any) -> None:
        """Tells ``on_after_task_poll``."""
        self._hooks.on_pending(task)
        self._tell(self._after_poll, task, self._take_latency(task))

    def on_again(self, task: Any) -> None:
        """Tells ``on_after_task_poll``."""
        self._note_again(task)
        self._hooks.on_again(task)
        self._tell(self._after_poll, task, self._take_latency(task))

    def on_later(self, task: Any) -> None:
        """Tells ``on_after_task_poll``."""
        self._note_again(task)
        self._hooks.on_later(task)
        self._tell(self._after_poll, task, self._take_latency(task))

    def _note_again(self, task: Any) -> None:
        """It gave way, or was woken while it ran, of which no wake is told."""
        if self._queued is not None:
            self._queued[task.id] = perf_counter()

    def _take_latency(self, task: Any) -> float | None:
        return self._latency.pop((task.id, get_ident()), None)

    def on_complete(self, task: Any) -> None:
        """Tells ``on_after_task_poll`` and ``on_task_terminate``."""
        self._hooks.on_complete(task)
        self._tell(self._after_poll, task, self._take_latency(task))
        if self._queued is not None:
            self._queued.pop(task.id, None)
        self._tell(self._terminate, task)

    def on_register(self, task: Any, source: Any, interest: str) -> None:
        """For the user's object."""
        self._hooks.on_register(task, source, interest)

    def on_event(self, source: Any, interest: str) -> None:
        """For the user's object."""
        self._hooks.on_event(source, interest)

    def on_park(self) -> None:
        """Tells ``on_thread_park``."""
        self._hooks.on_park()
        if self._park is not None:
            self._park()

    def on_unpark(self) -> None:
        """Tells ``on_thread_unpark``."""
        self._hooks.on_unpark()
        if self._unpark is not None:
            self._unpark()


def combine(hooks: Hooks | None, **callbacks: Any) -> Hooks | None:
    """``hooks`` and the functions as one; ``hooks`` itself, or None, if there are none."""
    return Callbacks(hooks, **callbacks) if any(callbacks.values()) else hooks
