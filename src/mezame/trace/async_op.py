"""Async operations: what a task waits for, told at each poll that ends waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.cell import hold, release
from .stack import Wait, take_stack
from .subscription import Subscribers, Subscription
from .tracer import POLLS, PollInProgress


class _Asker:
    def __init__(self) -> None:
        self.subscription: Subscription | None = None

    def changed(self) -> None:
        """Somebody came or went. ``CHANGING`` is held."""
        if self.subscription is not None:
            self.subscription.remove()
            self.subscription = None
        if OPERATIONS.all:
            self.subscription = POLLS.add(self.ended)

    def ended(self, poll: PollInProgress, seconds: float, outcome: str) -> None:
        """A poll of any task has ended."""
        task = poll.task
        if outcome != "pending" or not hold(task):  # else it was woken already: it does not wait
            return
        try:
            waits = take_stack(task.get_coro()).leaves()
        finally:
            release(task)
        for wait in waits:
            OPERATIONS.tell(task, wait)


_asker = _Asker()
OPERATIONS = Subscribers("on_async_op", _asker.changed)


def on_async_op(callback: Callable[[Any, Wait], Any]) -> Subscription:
    """Calls ``callback(task, wait)`` when a task begins to wait: ``wait.kind`` and ``wait.what`` say for what.

    After each poll that ends waiting, once for each branch of a ``select``, ``join`` or ``timeout``. For finding
    out, not for production: the whole await stack is walked each time. In the thread that polled.

    Returns the ``Subscription``. Raises ``TypeError`` if ``callback`` cannot be called.

    >>> import mezame
    >>> async def main(): await mezame.timeout(5, mezame.sleep(0.001))
    >>> with mezame.trace.on_async_op(lambda task, wait: print(task.name, "waits for", wait.kind)):
    ...     mezame.run(main())
    root waits for a timer
    root waits for a timer

    Source of the semantics: the ``runtime.resource.async_op`` spans of tokio.
    """
    return OPERATIONS.add(callback)
