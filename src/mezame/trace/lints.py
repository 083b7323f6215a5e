"""Lints: habits of tasks that cost the others, seen from their polls and wakes.

self-wakes    most of the task's wakes come while it is polled: it asks to be polled again at once, and never lets the
              driver find something for it
never-yields  the first poll of the task took a second or more: whatever it does, it does in one go
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .subscription import Subscribers, Subscription
from .tracer import POLLS, PollInProgress

SELF_WAKES = 20  # of a task, before it is judged
LONG = 1.0  # seconds


class Lint(NamedTuple):
    """Something to look at."""

    name: str
    """ "self-wakes" or "never-yields"."""
    task_id: int
    """The task."""
    task_name: str
    """Its name."""
    spawned_at: str
    """Where it was spawned: "file:line"."""
    message: str
    """What was seen."""

    def __str__(self) -> str:
        return f"{self.name}: {self.task_name!r} (spawned at {self.spawned_at}): {self.message}"


class _Judge:
    """Counts, by task id, the polls that ended waiting and those that ended with the task woken already."""

    def __init__(self) -> None:
        self.counts: dict[int, tuple[int, int]] = {}
        self.subscription: Subscription | None = None

    def changed(self) -> None:
        """Somebody came or went. ``CHANGING`` is held."""
        if self.subscription is not None:
            self.subscription.remove()
            self.subscription = None
        self.counts = {}
        if LINTS.all:
            self.subscription = POLLS.add(self.ended)

    def ended(self, poll: PollInProgress, seconds: float, outcome: str) -> None:
        """A poll of any task has ended."""
        task = poll.task
        if task.kind == "blocking":
            return
        if poll.first and seconds >= LONG:
            _tell("never-yields", task, f"its first poll took {seconds:.3f} s: it gives nobody else a turn")
        if outcome == "pending" or outcome == "woken":
            waits, selves = self.counts.get(task.id, (0, 0))
            if selves < 0:  # judged
                return
            if outcome == "woken":
                selves += 1
                if selves >= SELF_WAKES and selves > waits:
                    _tell("self-wakes", task, f"{selves} of its {selves + waits} wakes came while it was polled")
                    selves = -1
            else:
                waits += 1
            self.counts[task.id] = waits, selves
        elif outcome != "yielded":
            self.counts.pop(task.id, None)


def _tell(name: str, task: Any, message: str) -> None:
    LINTS.tell(Lint(name, task.id, task.name, task.spawned_at, message))


_judge = _Judge()
LINTS = Subscribers("on_lint", _judge.changed)


def on_lint(callback: Callable[[Lint], Any]) -> Subscription:
    """Calls ``callback(lint)`` for each task that seems to do what it should not, once per task and kind of lint.

    "self-wakes": at least 20 of its wakes, and more than half, came while it was polled: it (or, with several threads,
    another that is too eager) has it polled again and again without waiting for anything. ``yield_now`` is no
    such wake. "never-yields": its first poll took a second or longer; for code that blocks in other polls there is
    ``slow_poll_threshold``. In the thread that polled. ``str(lint)`` is a line for the log.

    Returns the ``Subscription``. Raises ``TypeError`` if ``callback`` cannot be called.

    >>> import mezame
    >>> async def busy():
    ...     def spin(cx, left=[50]):
    ...         left[0] -= 1
    ...         cx.waker.wake()
    ...         return mezame.Poll.Pending if left[0] else mezame.Poll.Ready(None)
    ...     await mezame.poll_fn(spin)
    >>> with mezame.trace.on_lint(lambda lint: print(lint.name, lint.task_name, lint.message)):
    ...     mezame.run(busy())
    self-wakes root 20 of its 20 wakes came while it was polled
    """
    return LINTS.add(callback)


