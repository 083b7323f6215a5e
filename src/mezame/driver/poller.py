"""Poller: what the driver waits in: one class per facility of the system, all with these methods."""

from __future__ import annotations

from ..core.guard import Guard


class Poller(Guard):
    """The seam between the driver and epoll, selectors, or nothing at all."""

    __slots__ = ()

    def wait(self, timeout_ns: int) -> int:
        """Waits for events (0: only looks; -1: no limit), hands them to their sources; how many there were."""
        raise TypeError(f"{type(self).__name__} must define wait()")

    def notify(self) -> None:
        """Ends a ``wait`` of another thread."""
        raise TypeError(f"{type(self).__name__} must define notify()")
