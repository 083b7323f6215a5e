"""Acquire: the future of permits, and what it awaits to.

    FRESH --poll: enough--> done         FRESH --poll: too few--> QUEUED --the last permit came, poll--> done
    QUEUED --close of the semaphore, poll--> AcquireError        any --close--> dropped: what it gathered goes on

Every lock that is made of permits (``Mutex``, ``RwLock``) has an ``Acquire`` of its own.
"""

from __future__ import annotations

from typing import Any

from ..core.check import check_int
from ..core.context import Context
from ..core.current import Current, current, distance
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..core.waitlist import Keeper, make_place
from .done import DONE
from .permits import Permits

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


_DONE = DONE  # as a C variable


def check_count(permits: Any) -> Any:
    """``permits``, if it is a number of permits; raises before any guard is taken."""
    if type(permits) is int and 0 <= permits <= MAX_PERMITS:
        return permits
    return check_int("permits", permits, 0, MAX_PERMITS)


class Acquire(Future):
    """The future of ``Semaphore.acquire``, and of every lock that is made of a semaphore.

    It has a ``_place`` as soon as it had to wait. A subclass says in ``_won`` what the permits are worth.
    """

    __slots__ = ("_done", "_keeper", "_permit", "_place", "_semaphore", "_wanted", "_with")

    def __init__(self, semaphore: Permits, permits: int) -> None:
        self._start_acquire(semaphore, permits)

    def _start_acquire(self, semaphore: Permits, permits: int) -> None:
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
        permit = make_permit(self._semaphore, self._wanted)
        if self._with:
            self._permit = permit
        return permit

    def _acquire(self, cx: Context, cur: Current) -> bool:
        """True: the permits are ours. False: Pending. Raises ``AcquireError``."""
        if self._done:
            raise RuntimeError("this acquire was polled after it completed: call acquire() again")
        if cur.budget > 0:
            cur.budget = cur.budget - 1
        elif not cur._take_budget(cx):
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
        return _DONE


def make_acquire(semaphore: Permits, permits: int) -> Acquire:
    """The future of ``permits``."""
    acquire = cython.cast(Acquire, unshelve(0, Acquire)) if cython.compiled else Acquire.__new__(Acquire)  # type: ignore  # noqa: F821
    acquire._start_acquire(semaphore, permits)
    return acquire


def _acquire_next(raw: Any) -> Any:
    """``poll`` and what ``Future.__next__`` makes of it, in one: for all acquires and locks."""
    found = here()  # type: ignore  # noqa: F821 - C, from the .pxd
    if found is cython.NULL or cython.cast(Current, found).context is None:
        return await_next(raw)  # type: ignore  # noqa: F821
    value = cython.cast(Acquire, raw)._go(cython.cast(Current, found).context, cython.cast(Current, found))
    if value is _WAITING:
        return new_reference(PENDING)  # type: ignore  # noqa: F821
    return stop_iteration(value)  # type: ignore  # noqa: F821


def _acquire_enter(raw: Any, args: Any) -> Any:
    """``Acquire.__aenter__`` for the interpreter."""
    cython.cast(Acquire, raw)._with = True
    return new_reference(cython.cast(Acquire, raw))  # type: ignore  # noqa: F821


def _acquire_exit(raw: Any, args: Any) -> Any:
    """``Acquire.__aexit__`` for the interpreter."""
    if cython.cast(Acquire, raw)._permit is not None:
        cython.cast(Acquire, raw)._permit.release()
    return new_reference(_DONE)  # type: ignore  # noqa: F821


if cython.compiled:
    use_distance(distance())  # type: ignore  # noqa: F821
    shelve(Acquire)  # type: ignore  # noqa: F821
    set_iternext(Acquire, _acquire_next)  # type: ignore  # noqa: F821
    quicken(Acquire, b"__aenter__", 0, _acquire_enter)  # type: ignore  # noqa: F821
    quicken(Acquire, b"__aexit__", 3, _acquire_exit)  # type: ignore  # noqa: F821


class SemaphorePermit:
    """Permits that were acquired. ``release()`` gives them back, and so does dropping it or leaving ``with``.

    It may be released by another task or thread than the one that acquired it.

    Source of the semantics: ``tokio::sync::{SemaphorePermit, OwnedSemaphorePermit}``.
    """

    __slots__ = ("_count", "_semaphore")

    def __init__(self, semaphore: Permits, count: int) -> None:
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
        semaphore = self._semaphore
        semaphore._lock()
        count = self._count
        self._count = 0
        alone = semaphore._waiters._length == 0
        if alone:
            semaphore._permits = semaphore._permits + count
        semaphore._unlock()
        if count > 0 and not alone:
            semaphore._release_to(count)

    def forget(self) -> None:
        """Lets the permits go for good: the semaphore has so many fewer."""
        self._take(_ALL, False)

    def merge(self, other: SemaphorePermit) -> None:
        """Moves the permits of ``other`` into this object. Raises ``ValueError`` if they are of another semaphore,
        ``TypeError`` if it is no permit.

        >>> from mezame.sync import Semaphore
        >>> semaphore = Semaphore(3)
        >>> one, two = semaphore.try_acquire(), semaphore.try_acquire(2)
        >>> one.merge(two)
        >>> one.num_permits(), two.num_permits()
        (3, 0)

        Source of the semantics: ``tokio::sync::SemaphorePermit::merge``.
        """
        if not isinstance(other, SemaphorePermit):
            raise TypeError(f"merge: a SemaphorePermit is needed, not {other!r}")
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
        wanted = check_count(count)
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


def make_permit(semaphore: Permits, count: int) -> SemaphorePermit:
    """``SemaphorePermit(semaphore, count)``, without the cost of a class call."""
    if cython.compiled:
        permit = cython.cast(SemaphorePermit, unshelve(1, SemaphorePermit))  # type: ignore  # noqa: F821
    else:
        permit = SemaphorePermit.__new__(SemaphorePermit)
    permit._semaphore = semaphore
    permit._count = count
    return permit


if cython.compiled:
    shelve(SemaphorePermit)  # type: ignore  # noqa: F821
