# cython: binding=False, embedsignature=True, embedsignature.format=clinic
# (methods as those of the builtin types, which the interpreter calls directly)
"""Semaphore: fair permits. The rules are in ``permits.py``, the waiting in ``acquire.py``."""

from __future__ import annotations

from typing import Any

from ..core.check import check_int
from ..core.waker import Waker, wake_all
from .acquire import MAX_PERMITS, Acquire, SemaphorePermit, check_count, make_acquire
from .blocking import blocking
from .errors import variant
from .permits import Permits


class TryAcquireError(Exception):
    """``try_acquire`` did not get its permits: ``TryAcquireError.NoPermits`` or ``.Closed``.

    Source of the semantics: ``tokio::sync::TryAcquireError``.
    """

    NoPermits: type[TryAcquireError]
    Closed: type[TryAcquireError]


variant(TryAcquireError, "NoPermits", "There are not enough free permits.")
variant(TryAcquireError, "Closed", "The semaphore was closed.")


class Semaphore(Permits):
    """Counts permits; waiting is strictly first in, first out. Usable from any thread and on any loop.

    Args:
        permits: how many there are at first; from 0 to 2**61 - 1.

    Raises ``ValueError`` for a number out of range, ``TypeError`` for what is no int; so does whatever takes a number.

    >>> import mezame
    >>> async def main():
    ...     semaphore = mezame.sync.Semaphore(2)
    ...     async with semaphore.acquire():
    ...         return semaphore.available_permits()
    >>> mezame.run(main())
    1

    Source of the semantics: ``tokio::sync::Semaphore``.
    """

    __slots__ = ()

    MAX_PERMITS = MAX_PERMITS

    def __init__(self, permits: int) -> None:
        self._start_permits(check_int("permits", permits, 0, MAX_PERMITS))

    def acquire(self, permits: int = 1) -> Acquire:
        """Waits for a permit; awaits to a ``SemaphorePermit`` (also ``async with semaphore.acquire():``).

        Waiting is first in, first out. Raises ``AcquireError`` if the semaphore is closed. Cancel safe; the place in
        the queue is lost.
        """
        return make_acquire(self, check_count(permits))

    def acquire_many(self, permits: int) -> Acquire:
        """Waits for all of ``permits``; awaits to one ``SemaphorePermit`` that holds them.

        It gathers permits as they come, so ``available_permits()`` may be 0 while it waits, and it holds up whoever
        comes later. Raises ``AcquireError`` if the semaphore is closed, ``ValueError`` for a negative number. Cancel
        safe; the place in the queue is lost, what was gathered goes to the next.

        >>> import mezame
        >>> async def main():
        ...     semaphore = mezame.sync.Semaphore(3)
        ...     async with semaphore.acquire_many(2) as permit:
        ...         return permit.num_permits(), semaphore.available_permits()
        >>> mezame.run(main())
        (2, 1)

        Source of the semantics: ``tokio::sync::Semaphore::acquire_many``.
        """
        return make_acquire(self, check_count(permits))

    def try_acquire(self, permits: int = 1) -> SemaphorePermit:
        """A ``SemaphorePermit`` now, or ``TryAcquireError.NoPermits`` or ``.Closed``. Never overtakes a waiter."""
        answer = self._try_take(check_count(permits))
        if answer == 0:
            raise TryAcquireError.NoPermits(f"{permits} permits are not free: {self._permits} are")
        if answer < 0:
            raise TryAcquireError.Closed("the semaphore was closed")
        return SemaphorePermit(self, permits)

    def try_acquire_many(self, permits: int) -> SemaphorePermit:
        """One ``SemaphorePermit`` that holds ``permits`` now, or ``TryAcquireError``. Never overtakes a waiter."""
        return self.try_acquire(permits)

    # In Rust the plain permits borrow the semaphore; in Python every permit keeps it, so these are other names.

    def acquire_owned(self) -> Acquire:
        """The same as ``acquire``."""
        return self.acquire()

    def acquire_many_owned(self, permits: int) -> Acquire:
        """The same as ``acquire_many``."""
        return self.acquire_many(permits)

    def try_acquire_owned(self) -> SemaphorePermit:
        """The same as ``try_acquire``."""
        return self.try_acquire()

    def try_acquire_many_owned(self, permits: int) -> SemaphorePermit:
        """The same as ``try_acquire_many``."""
        return self.try_acquire(permits)

    def blocking_acquire(self) -> Any:
        """As ``acquire``, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        return blocking("blocking_acquire", "acquire()", self.acquire())

    def blocking_acquire_many(self, permits: int) -> Any:
        """As ``acquire_many``, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        return blocking("blocking_acquire_many", "acquire_many()", self.acquire_many(permits))

    def add_permits(self, permits: int) -> None:
        """Adds permits. Raises ``ValueError`` if there would be more than ``MAX_PERMITS`` free ones."""
        more = check_int("permits", permits, 0)
        fits = more <= MAX_PERMITS
        wakers: list[Waker] = []
        if fits:
            self._lock()
            fits = self._permits + more <= MAX_PERMITS
            if fits:
                self._hand_out(more, wakers)
            self._unlock()
        if not fits:
            raise ValueError(f"a Semaphore has at most {MAX_PERMITS} permits: cannot add {permits!r}")
        wake_all(wakers)

    def forget_permits(self, permits: int) -> int:
        """Takes up to ``permits`` free ones away for good; returns how many it took."""
        wanted = check_int("permits", permits, 0)
        self._lock()
        taken = self._permits if self._permits < wanted else wanted
        self._permits -= taken
        self._unlock()
        return taken

    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._closed  # type: ignore[no-any-return]

    def available_permits(self) -> int:
        """The free permits of this moment."""
        return self._permits  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<Semaphore {self._permits} free, {self._waiters._length} waiting>"
