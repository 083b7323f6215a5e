"""Semaphore: fair permits. ``Mutex`` and the bounded channel are made of it.

    free permits  _permits >= 0        waiting acquires, oldest first, each with what it still _needs

Rules (strict FIFO, as in tokio):

1. Whoever comes while somebody waits, waits behind. So a small request never overtakes a large one.
2. Released permits go to the oldest waiter until it has all that it needs (it gathers), then to the next.
3. A waiter that is dropped gives back what it gathered, to the next waiter or to ``_permits``. That holds also
   for one that was given all and was dropped before it was polled again: no permit is lost.
4. ``close`` wakes everybody with ``AcquireError``, also one who was given all and was not polled since; what they had
   gathered is free again. Permits that are out stay valid.

By 1 and 2 nothing is free while somebody waits, so whoever finds enough free permits may take them.

    acquire                                     release
    ------------------------------------        ------------------------------------------
    lock; enough and nobody waits? take         lock; hand to the waiters from the oldest on;
          else join the list; unlock                  collect the wakers; unlock; wake
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.current import Current, current, distance
from ..core.future import Future
from ..core.guard import Guard
from ..core.poll import PENDING, make_ready
from ..core.waitlist import Keeper, Place, WaitList, as_place, make_place
from ..core.waker import Waker, wake_all
from .blocking import blocking
from .done import DONE
from .errors import variant

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

WAITING = object()  # what Acquire._go answers for Pending
_WAITING = WAITING

MAX_PERMITS = (1 << 61) - 1
_ALL = MAX_PERMITS  # as a C number


class AcquireError(Exception):
    """The semaphore was closed. Source of the semantics: ``tokio::sync::AcquireError``."""


class TryAcquireError(Exception):
    """``try_acquire`` did not get its permits: ``TryAcquireError.NoPermits`` or ``.Closed``.

    Source of the semantics: ``tokio::sync::TryAcquireError``.
    """

    NoPermits: type[TryAcquireError]
    Closed: type[TryAcquireError]


variant(TryAcquireError, "NoPermits", "There are not enough free permits.")
variant(TryAcquireError, "Closed", "The semaphore was closed.")


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
        """Waits for a permit; awaits to a ``SemaphorePermit`` (also ``async with semaphore.acquire():``).

        Waiting is first in, first out. Raises ``AcquireError`` if the semaphore is closed. Cancel safe; the place in
        the queue is lost.
        """
        return Acquire(self, _check_count(permits))

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
        return Acquire(self, _check_count(permits))

    def try_acquire(self, permits: int = 1) -> SemaphorePermit:
        """A ``SemaphorePermit`` now, or ``TryAcquireError.NoPermits`` or ``.Closed``. Never overtakes a waiter."""
        answer = self._try_take(_check_count(permits))
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

    def _try_take(self, permits: int) -> int:
        """1: taken; 0: not enough, or somebody waits; -1: closed."""
        self._lock()
        answer = 0
        if self._closed:
            answer = -1
        elif self._permits >= permits:  # while somebody waits there are none
            self._permits -= permits
            answer = 1
        self._unlock()
        return answer

    def add_permits(self, permits: int) -> None:
        """Adds permits. Raises ``ValueError`` if there would be more than ``MAX_PERMITS`` free ones."""
        fits = _check_count(permits) <= MAX_PERMITS
        wakers: list[Waker] = []
        if fits:
            self._lock()
            fits = self._permits + permits <= MAX_PERMITS
            if fits:
                self._hand_out(permits, wakers)
            self._unlock()
        if not fits:
            raise ValueError(f"a Semaphore has at most {MAX_PERMITS} permits: cannot add {permits!r}")
        wake_all(wakers)

    def forget_permits(self, permits: int) -> int:
        """Takes up to ``permits`` free ones away for good; returns how many it took."""
        wanted = _check_count(permits)
        self._lock()
        taken = self._permits if self._permits < wanted else wanted
        self._permits -= taken
        self._unlock()
        return taken

    def _release(self, permits: int) -> None:
        """Hands permits to the waiters, oldest first; the rest is free."""
        self._lock()
        alone = self._waiters._length == 0
        if alone:
            self._permits += permits
        self._unlock()
        if not alone:
            self._release_to(permits)

    def _release_to(self, permits: int) -> None:
        """``_release`` where somebody waits, or did a moment ago."""
        wakers: list[Waker] = []
        self._lock()
        self._hand_out(permits, wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)

    def _hand_out(self, permits: int, wakers: list[Waker]) -> None:
        """Under the guard."""
        while permits > 0 and self._waiters._length > 0:
            place = as_place(self._waiters._head)
            given = permits if permits < place._needs else place._needs
            place._needs -= given
            permits -= given
            if place._needs > 0:
                break
            self._waiters._pop()
            place._give_waker(wakers)
        self._permits += permits

    def _pool(self) -> int:
        """Under the guard: takes out what is free and what the oldest waiter has gathered."""
        found = self._permits
        self._permits = 0
        if self._waiters._length > 0:
            first = as_place(self._waiters._head)
            found += first._wanted - first._needs
            first._needs = first._wanted
        return found  # type: ignore[no-any-return]

    def _try_first(self, permits: int) -> bool:
        """``_try_take`` ahead of the waiters: for one who may not wait behind them (a reader that upgrades)."""
        wakers: list[Waker] = []
        self._lock()
        found = self._pool()
        enough = found >= permits
        if enough:
            found -= permits
        self._hand_out(found, wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)
        return enough

    def _join_first(self, place: Place, waker: Waker) -> bool:
        """``place`` gets its permits ahead of the waiters (True), or waits as the first of them."""
        wakers: list[Waker] = []
        others: list[Any] = []
        self._lock()
        found = self._pool()
        given = found if found < place._needs else place._needs
        place._needs -= given
        served = place._needs == 0
        if served:
            place._needs = place._wanted  # they are the caller's
        else:
            while self._waiters._length > 0:
                others.append(self._waiters._pop())
            place._park_in(self._waiters, waker)
            for other in others:
                self._waiters._append(other)
        self._hand_out(found - given, wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)
        return served  # type: ignore[no-any-return]

    def _give_up(self, place: Place) -> None:
        """The future of ``place`` is dropped while it waits, or before it took what it was given."""
        wakers: list[Waker] = []
        self._lock()
        self._waiters._remove(place)
        gathered = place._wanted - place._needs
        place._needs = place._wanted
        parked = place._parked
        place._parked = None
        self._hand_out(gathered, wakers)
        self._unlock()
        parked = None
        if wakers:
            wake_all(wakers)

    def close(self) -> None:
        """Every waiter raises ``AcquireError``, and so do later acquires; permits that are out stay valid. Idempotent.

        What the waiters had gathered is free again.
        """
        wakers: list[Waker] = []
        self._lock()
        self._closed = True
        while self._waiters._length > 0:
            place = as_place(self._waiters._pop())
            self._permits += place._wanted - place._needs
            place._needs = place._wanted
            place._give_waker(wakers)
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


def _check_count(permits: Any) -> Any:
    if not isinstance(permits, int):  # before any guard is taken
        raise TypeError(f"a number of permits is an int, not {permits!r}")
    if permits < 0:
        raise ValueError(f"a number of permits from 0 on is needed, not {permits!r}")
    return permits


class Acquire(Future):
    """The future of ``Semaphore.acquire``, and of every lock that is made of a semaphore.

    It has a ``_place`` as soon as it had to wait. A subclass says in ``_won`` what the permits are worth.
    """

    __slots__ = ("_done", "_keeper", "_permit", "_place", "_semaphore", "_wanted", "_with")

    def __init__(self, semaphore: Semaphore, permits: int) -> None:
        self._start_acquire(semaphore, permits)

    def _start_acquire(self, semaphore: Semaphore, permits: int) -> None:
        """What ``__init__`` does, for subclasses (a C call when compiled)."""
        self._semaphore = semaphore
        self._wanted = permits
        self._done = False
        self._with = False
        if not cython.compiled:  # compiled, a new object has None already
            self._keeper = None
            self._permit = None
            self._place = None

    def poll(self, cx: Context) -> Any:
        value = self._go(cx, current())
        return PENDING if value is _WAITING else make_ready(value)

    def _go(self, cx: Context, cur: Current) -> Any:
        """``poll`` without the wrapping: what it awaits to, or WAITING for Pending."""
        return self._won() if self._acquire(cx, cur) else _WAITING

    def _won(self) -> Any:
        """The permits are ours."""
        permit = SemaphorePermit(self._semaphore, self._wanted)
        if self._with:
            self._permit = permit
        return permit

    def _acquire(self, cx: Context, cur: Current) -> bool:
        """True: the permits are ours. False: Pending. Raises ``AcquireError``."""
        if self._done:
            raise RuntimeError("this acquire was polled after it completed: call acquire() again")
        if not cur._take_budget(cx):
            return False
        if self._place is None and self._semaphore._try_take(self._wanted) > 0:
            self._done = True
            return True
        return self._wait(cx, cur)

    def _wait(self, cx: Context, cur: Current) -> bool:
        """``_acquire`` where the permits were not to be had at once, or were waited for already."""
        semaphore = self._semaphore
        waker = cx._get_waker()
        fresh = self._place is None
        if fresh:
            self._make_place()
        place = self._place
        old = None
        gathered = 0
        got = False
        semaphore._lock()
        closed = semaphore._closed
        if closed:
            gathered = place._wanted - place._needs  # given before the close, and not looked at since
            place._needs = place._wanted
        else:
            if fresh and semaphore._waiters._length == 0:
                # Between the look above and this one permits may have come back.
                taken = semaphore._permits if semaphore._permits < place._needs else place._needs
                semaphore._permits -= taken
                place._needs -= taken
            got = place._needs == 0
            if got:
                place._needs = place._wanted  # they are the caller's: a close() at the same time must not give them on
            else:
                old = place._parked
                place._park_in(semaphore._waiters, waker)
        semaphore._unlock()
        old = None
        if got:
            self._done = True
            return True
        if closed:
            self._done = True
            if gathered > 0:
                semaphore._release(gathered)
            raise AcquireError("the semaphore was closed")
        cur._refund()
        return False

    def _make_place(self) -> None:
        self._place = make_place(self._wanted)
        self._keeper = Keeper(self._semaphore, self._place)

    def close(self) -> None:
        if not self._done:
            self._done = True
            if self._place is not None:
                self._semaphore._give_up(self._place)

    def __aenter__(self) -> Any:
        self._with = True
        return self

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        if self._permit is not None:
            self._permit.release()
        return DONE


def _acquire_next(raw: Any) -> Any:
    """``poll`` and what ``Future.__next__`` makes of it, in one: for all acquires and locks."""
    found = here()  # type: ignore  # noqa: F821 - C, from the .pxd
    if found is cython.NULL or cython.cast(Current, found).context is None:
        return await_next(raw)  # type: ignore  # noqa: F821
    value = cython.cast(Acquire, raw)._go(cython.cast(Current, found).context, cython.cast(Current, found))
    if value is _WAITING:
        return new_reference(PENDING)  # type: ignore  # noqa: F821
    return stop_iteration(value)  # type: ignore  # noqa: F821


if cython.compiled:
    use_distance(distance())  # type: ignore  # noqa: F821
    set_iternext(Acquire, _acquire_next)  # type: ignore  # noqa: F821


class SemaphorePermit:
    """Permits that were acquired. ``release()`` gives them back, and so does dropping it or leaving ``with``.

    It may be released by another task or thread than the one that acquired it.

    Source of the semantics: ``tokio::sync::{SemaphorePermit, OwnedSemaphorePermit}``.
    """

    __slots__ = ("_count", "_semaphore")

    def __init__(self, semaphore: Semaphore, count: int) -> None:
        self._semaphore = semaphore
        self._count = count

    def _take(self, count: int, exactly: bool) -> int:
        """Takes ``count`` permits (or what there is, or with ``exactly`` none) out of this object."""
        semaphore = self._semaphore
        semaphore._lock()
        taken = count
        if self._count < count:
            taken = 0 if exactly else self._count
        self._count -= taken
        semaphore._unlock()
        return taken

    def release(self) -> None:
        """Gives the permits back. Idempotent. From any thread."""
        count = self._take(_ALL, False)
        if count > 0:
            self._semaphore._release(count)

    def forget(self) -> None:
        """Lets the permits go for good: the semaphore has so many fewer."""
        self._take(_ALL, False)

    def merge(self, other: SemaphorePermit) -> None:
        """Moves the permits of ``other`` into this object. Raises ``ValueError`` if they are of another semaphore.

        >>> semaphore = Semaphore(3)
        >>> one, two = semaphore.try_acquire(), semaphore.try_acquire(2)
        >>> one.merge(two)
        >>> one.num_permits(), two.num_permits()
        (3, 0)

        Source of the semantics: ``tokio::sync::SemaphorePermit::merge``.
        """
        if other._semaphore is not self._semaphore:
            raise ValueError("merge: the permits are of different semaphores")
        if other is self:
            return
        count = other._take(_ALL, False)
        semaphore = self._semaphore
        semaphore._lock()
        self._count += count
        semaphore._unlock()

    def split(self, count: int) -> SemaphorePermit | None:
        """A new object with ``count`` of these permits; None, and nothing is moved, if there are fewer.

        >>> permit = Semaphore(3).try_acquire(3)
        >>> permit.split(2).num_permits(), permit.num_permits(), permit.split(2)
        (2, 1, None)

        Source of the semantics: ``tokio::sync::SemaphorePermit::split``.
        """
        wanted = _check_count(count)
        if wanted > 0 and self._take(wanted, True) == 0:
            return None
        return SemaphorePermit(self._semaphore, wanted)

    def num_permits(self) -> int:
        """How many it holds."""
        return self._count  # type: ignore[no-any-return]

    def __enter__(self) -> SemaphorePermit:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.release()

    def __del__(self) -> None:
        if self._count > 0:
            self.release()

    def __repr__(self) -> str:
        return f"<SemaphorePermit of {self._count}>"
