"""Subscription: one callback that hears of one kind of event, and the list of those who do.

The list is a tuple that is replaced as a whole under a lock, and read without one: an event that is being told while
somebody comes or goes is told to those who were there when it began.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.hooks import CHANGING
from ..core.report import report_exception


class Subscription:
    """One callback's place on the list of those that are told. What every ``on_...`` function returns.

    As a context manager it is removed at the end of the block.
    """

    __slots__ = ("_callback", "_subscribers")

    def __init__(self, subscribers: Subscribers, callback: Callable[..., Any]) -> None:
        self._subscribers = subscribers
        self._callback = callback

    def remove(self) -> None:
        """The callback is told nothing more. Idempotent; from any thread, also from the callback itself."""
        self._subscribers._remove(self)

    @property
    def active(self) -> bool:
        """True until it is removed: by ``remove``, or because the callback raised."""
        return self in self._subscribers.all

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.remove()

    def __repr__(self) -> str:
        state = "" if self.active else " removed"
        return f"<Subscription of {self._callback!r} to {self._subscribers.what}{state}>"


class Subscribers:
    """Those who hear of one kind of event.

    Args:
        what: the event's name, for reports.
        changed: called after the first has come and the last has gone, while ``CHANGING`` is held.
    """

    __slots__ = ("_changed", "all", "what")

    def __init__(self, what: str, changed: Callable[[], Any]) -> None:
        self.what = what
        self.all: tuple[Subscription, ...] = ()
        self._changed = changed

    def add(self, callback: Callable[..., Any]) -> Subscription:
        """One more. Raises ``TypeError`` if ``callback`` cannot be called."""
        if not callable(callback):
            raise TypeError(f"{self.what} needs a function, not {callback!r}")
        subscription = Subscription(self, callback)
        with CHANGING:
            self.all = (*self.all, subscription)
            if len(self.all) == 1:
                self._changed()
        return subscription

    def _remove(self, subscription: Subscription) -> None:
        with CHANGING:
            before = len(self.all)
            self.all = tuple(other for other in self.all if other is not subscription)
            if before and not self.all:
                self._changed()

    def tell(self, *event: Any) -> bool:
        """Calls each; one that raises is removed and reported. True if at least one took it."""
        told = False
        for subscription in self.all:
            try:
                subscription._callback(*event)
                told = True
            except Exception as error:
                subscription.remove()
                report_exception(f"{self.what}: {subscription._callback!r} raised and was removed", error)
        return told
