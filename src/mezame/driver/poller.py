"""Poller: what the driver waits in: one class per facility of the system, all with these methods."""

from __future__ import annotations

from ..core.guard import Guard


class Poller(Guard):
    """The seam between the driver and epoll, selectors, or nothing at all."""

    __slots__ = ("added", "events", "removed")

    def _start_counts(self) -> None:
        """Sources added and removed so far (under the guard), and events that were handed to one (by who waits)."""
        self.added = 0
        self.removed = 0
        self.events = 0

    def wait(self, timeout_ns: int) -> int:
        """Waits for events (0: only looks; -1: no limit), hands them to their sources; how many there were."""
        raise TypeError(f"{type(self).__name__} must define wait()")

    def nest(self) -> int:
        """A descriptor that is readable when ``wait`` would not sleep, for a loop around ours.

        Raises ``io.UnsupportedOperation`` if there is none.
        """
        from io import UnsupportedOperation

        raise UnsupportedOperation(
            "this runtime's driver has no descriptor to wait for: make it with driver='epoll' and enable_io=True"
        )

    def notify(self) -> None:
        """Ends a ``wait`` of another thread."""
        raise TypeError(f"{type(self).__name__} must define notify()")
