"""Poller: what the driver waits in: one class per facility of the system, all with these methods.

With nothing registered ``wait(0)`` makes no system call. But under constant load no thread ever sleeps in here, and a
signal may have come that only the main thread can handle: it sleeps on a lock, and it is us who have it look up
(``watch``). So then one look in four is a true one, which bounds the delay to four event intervals.
"""

from __future__ import annotations

from threading import get_ident

from ..core.guard import Guard
from ..core.word import Word

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython


class Poller(Guard):
    """The seam between the driver and epoll, selectors, or nothing at all."""

    __slots__ = ("added", "events", "forsaken", "removed", "skipped", "watcher")

    def _start_counts(self) -> None:
        """Sources added and removed so far (under the guard), and events that were handed to one (by who waits)."""
        self.added = 0
        self.removed = 0
        self.events = 0
        self.watcher = Word()  # ident of the thread that handles signals, while there is something to watch for it
        self.skipped = 0
        self.forsaken = False

    def forsake(self) -> None:
        """In the child of a fork: what the system watches for us is the parent's, and is not to be changed from here.

        (An epoll is one object in both processes: a source that the child closed would be lost to the parent.)
        """
        self.forsaken = True

    def check_forsaken(self) -> None:
        """Raises ``RuntimeError`` in the child of a fork."""
        if self.forsaken:
            raise RuntimeError(
                "this runtime is that of the parent process, and its driver cannot be used in the child of a fork: "
                "make a new runtime (mezame.run(main())), or use a new process (multiprocessing 'spawn')"
            )

    def set_watcher(self, ident: int) -> None:
        """The thread that handles signals; 0: there is nothing to watch for it any more. Any thread."""
        self.watcher._store(ident)

    def must_look(self) -> bool:
        """Nothing is registered: is ``wait(0)`` to look nevertheless?"""
        watcher = self.watcher._load()
        if watcher == 0:
            return False
        if cython.compiled:
            PyErr_CheckSignals()  # type: ignore  # noqa: F821 - C, from the .pxd; tasks may interpret nothing for long
            if watcher == thread_ident():  # type: ignore  # noqa: F821
                return False
        elif watcher == get_ident():  # it handles signals between any two bytecodes
            return False
        self.skipped = (self.skipped + 1) & 3
        return self.skipped == 0

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
