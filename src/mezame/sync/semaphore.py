"""Semaphore: fair permits. ``Mutex`` and the bounded channel are made of it.

    free permits  _permits >= 0        waiting acquires, oldest first, each with what it still _needs

Rules (strict FIFO, as in tokio):

1. Whoever comes while somebody waits, waits behind. So a small request never overtakes a large one.
2. Released permits go to the oldest waiter until it has all that it needs (it gathers), then to the next.
3. A waiter that is dropped gives back what it gathered, to the next waiter or to ``_permits``. That holds also
   for one that was given all and was dropped before it was polled again: no permit is lost.
4. ``close`` wakes everybody with ``AcquireError``; permits that are out stay valid.

    acquire                                     release
    ------------------------------------        ------------------------------------------
    lock; enough and nobody waits? take         lock; hand to the waiters from the oldest on;
          else join the list; unlock                  collect the wakers; unlock; wake
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.guard import Guard
from ..core.poll import PENDING, make_ready
from ..core.waitlist import Waiter, WaitList
from ..core.waker import Waker, wake_all

MAX_PERMITS = (1 << 61) - 1


class AcquireError(Exception):
    """The semaphore was closed."""


class TryAcquireError(Exception):
    """``try_acquire`` did not get its permits: see the subclasses ``NoPermits`` and ``Closed``."""

    NoPermits: type[TryAcquireError]
    Closed: type[TryAcquireError]


class _NoPermits(TryAcquireError):
    pass


class _Closed(TryAcquireError):
    pass


TryAcquireError.NoPermits = _NoPermits
TryAcquireError.Closed = _Closed


class Semaphore(Guard):
    """Counts permits; waiting is strictly first in, first out. Usable from any thread and on any loop.

    Args:
        permits: how many there are at first; from 0 to 2**61 - 1.

    >>> import mezame
    >>> async def main():
    ...     semaphore = mezame.sync.Semaphore(2)
    ...     async with semaphore.acquire():
    ...         return semaphore.available_permits()
    >>> mezame.run(main())
    1

    Source of the semantics: ``tokio::sync::Semaphore``.
    """

    __slots__ = ("_closed", "_permits", "_waiters")

    MAX_PERMITS = MAX_PERMITS

    def __init__(self, permits: int) -> None:
        if not 0 <= permits <= MAX_PERMITS:
            raise ValueError(f"a Semaphore has from 0 to {MAX_PERMITS} permits, not {permits!r}")
        self._permits = permits
        self._closed = False
        self._waiters = WaitList()

    def acquire(self, permits: int = 1) -> Acquire:
        """Waits for ``permits``; awaits to a ``Permit`` (also ``async with semaphore.acquire():``).

        Raises ``AcquireError`` if the semaphore is closed. Cancel safe; the place in the queue is lost.
        """
        if permits < 0:
            raise ValueError(f"a number of permits from 0 on is needed, not {permits!r}")
        return Acquire(self, permits)

    def acquire_many(self, permits: int) -> Acquire:
        """``acquire(permits)``."""
        return self.acquire(permits)

    def try_acquire(self, permits: int = 1) -> Permit:
        """A ``Permit`` now, or ``TryAcquireError.NoPermits`` or ``.Closed``. Never overtakes a waiter."""
        if permits < 0:
            raise ValueError(f"a number of permits from 0 on is needed, not {permits!r}")
        answer = self._try_take(permits)
        if answer == 0:
            raise TryAcquireError.NoPermits(f"there are no {permits} permits left")
        if answer < 0:
            raise TryAcquireError.Closed("the semaphore was closed")
        return Permit(self, permits)

    def _try_take(self, permits: int) -> int:
        """1: taken; 0: not enough, or somebody waits; -1: closed."""
        self._lock()
        answer = 0
        if self._closed:
            answer = -1
        elif self._waiters._length == 0 and self._permits >= permits:
            self._permits -= permits
            answer = 1
        self._unlock()
        return answer

    def add_permits(self, permits: int) -> None:
        """Adds permits. Raises ``ValueError`` if there would be more than 2**61 - 1."""
        if permits < 0 or self._permits + permits > MAX_PERMITS:
            raise ValueError(f"a Semaphore has at most {MAX_PERMITS} permits: cannot add {permits!r}")
        self._release(permits)

    def forget_permits(self, permits: int) -> int:
        """Takes up to so many free permits away for good; how many it took."""
        self._lock()
        taken = min(permits, self._permits)
        self._permits -= taken
        self._unlock()
        return taken

    def _release(self, permits: int) -> None:
        """Hands permits to the waiters, oldest first; the rest is free."""
        wakers: list[Waker] = []
        self._lock()
        self._hand_out(permits, wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)

    def _hand_out(self, permits: int, wakers: list[Waker]) -> None:
        """Under the guard."""
        while permits > 0 and self._waiters._length > 0:
            acquire = _as_acquire(self._waiters._head)
            given = permits if permits < acquire._needs else acquire._needs
            acquire._needs -= given
            permits -= given
            if acquire._needs > 0:
                break
            self._waiters._pop()
            if acquire._parked is not None:
                wakers.append(acquire._parked)
                acquire._parked = None
        self._permits += permits

    def _give_up(self, acquire: Acquire) -> None:
        """``acquire`` is dropped while it waits, or before it took what it was given."""
        wakers: list[Waker] = []
        self._lock()
        self._waiters._remove(acquire)
        gathered = acquire._wanted - acquire._needs
        acquire._needs = acquire._wanted
        parked = acquire._parked
        acquire._parked = None
        self._hand_out(gathered, wakers)
        # The one behind a large request may be served by what was free all along.
        free = self._permits
        self._permits = 0
        self._hand_out(free, wakers)
        self._unlock()
        parked = None
        if wakers:
            wake_all(wakers)

    def close(self) -> None:
        """Wakes every waiter with ``AcquireError``; later acquires raise it too. Idempotent."""
        wakers: list[Waker] = []
        self._lock()
        self._closed = True
        self._waiters._take_wakers(wakers)
        self._unlock()
        wake_all(wakers)

    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._closed  # type: ignore[no-any-return]

    def available_permits(self) -> int:
        """The free permits of this moment."""
        return self._permits  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<Semaphore {self._permits} free, {self._waiters._length} waiting>"


def _as_acquire(waiter: Any) -> Acquire:
    return waiter  # type: ignore[no-any-return]


class Acquire(Waiter):
    """The future of ``Semaphore.acquire``."""

    __slots__ = ("_done", "_needs", "_permit", "_queued", "_semaphore", "_wanted")

    def __init__(self, semaphore: Semaphore, permits: int) -> None:
        self._start_waiter()
        self._semaphore = semaphore
        self._wanted = permits
        self._needs = permits
        self._queued = False
        self._done = False
        self._permit = None

    def poll(self, cx: Context) -> Any:
        if self._acquire(cx):
            return make_ready(Permit(self._semaphore, self._wanted))
        return PENDING

    def _acquire(self, cx: Context) -> bool:
        """True: the permits are ours. False: Pending. Raises ``AcquireError``."""
        if self._done:
            raise RuntimeError("this acquire was polled after it completed: call acquire() again")
        cur = current()
        if not cur._take_budget(cx):
            return False
        semaphore = self._semaphore
        if not self._queued:
            answer = semaphore._try_take(self._wanted)
            if answer == 1:
                self._done = True
                return True
            if answer < 0:
                raise AcquireError("the semaphore was closed")
        waker = cx._get_waker()
        semaphore._lock()
        closed = semaphore._closed
        got = False
        if not closed or (self._queued and self._needs == 0):
            closed = False
            if not self._queued and semaphore._waiters._length == 0:
                # Between the look above and this one permits may have come back.
                taken = semaphore._permits if semaphore._permits < self._needs else self._needs
                semaphore._permits -= taken
                self._needs -= taken
            if self._needs == 0:
                got = True
            else:
                self._park_in(semaphore._waiters, waker)
                self._queued = True
        semaphore._unlock()
        if closed:
            raise AcquireError("the semaphore was closed")
        if got:
            self._done = True
            return True
        cur._refund()
        return False

    def close(self) -> None:
        if self._queued and not self._done:
            self._done = True
            self._semaphore._give_up(self)

    def __aenter__(self) -> Any:
        return _Entering(self)

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        from ..core.future import ready

        if self._permit is not None:
            self._permit.release()
        return ready(None)

    def __del__(self) -> None:
        if self._queued and not self._done:
            self.close()


class _Entering(Waiter):
    """``async with semaphore.acquire()``: the acquire, remembering its permit for the exit."""

    __slots__ = ("_acquire",)

    def __init__(self, acquire: Acquire) -> None:
        self._start_waiter()
        self._acquire = acquire

    def poll(self, cx: Context) -> Any:
        acquire = self._acquire
        if not acquire._acquire(cx):
            return PENDING
        permit = Permit(acquire._semaphore, acquire._wanted)
        acquire._permit = permit
        return make_ready(permit)

    def close(self) -> None:
        self._acquire.close()


class Permit:
    """Permits that were acquired. ``release()`` gives them back, and so does dropping it or leaving ``with``."""

    __slots__ = ("_count", "_semaphore")

    def __init__(self, semaphore: Semaphore, count: int) -> None:
        self._semaphore = semaphore
        self._count = count

    def release(self) -> None:
        """Gives the permits back. Idempotent. From any thread."""
        semaphore = self._semaphore
        semaphore._lock()
        count = self._count
        self._count = 0
        semaphore._unlock()
        if count > 0:
            semaphore._release(count)

    def forget(self) -> None:
        """Lets the permits go for good: the semaphore has so many fewer."""
        self._count = 0

    def num_permits(self) -> int:
        """How many it holds."""
        return self._count  # type: ignore[no-any-return]

    def __enter__(self) -> Permit:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.release()

    def __del__(self) -> None:
        if self._count > 0:
            self.release()
