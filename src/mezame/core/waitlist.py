"""WaitList: the one list of waiting futures on which join handles, I/O readiness and all of ``sync`` stand.

A FIFO, doubly linked through its members (``Waiter``), so that leaving it at cancellation is O(1). The list
has no lock of its own: its owner (the channel, the semaphore, the I/O source) calls it under its guard.

The list holds its members, and they hold the wakers: so whoever waits on a foreign loop, which keeps its
tasks only weakly, is kept by what it waits for. But nobody may be kept in the list by the list alone: a future
that is dropped without ``close()`` must leave it, and pass on what it was given. So a future of ``sync`` does not
stand in the list itself, and nor does an await of a task or an I/O operation. It puts a ``Place`` there, which only it
and the list know, and takes it out when it is dropped: ``__del__`` does, its own or a ``Keeper``'s, or, for what is
made so often that a finaliser would be felt, ``__dealloc__`` (interpreted, that is ``__del__`` too).

Whoever takes a member out reads its waker under the guard: after the unlock ``close`` of another thread may take it.

The race that every user of the list has to settle, and the order that settles it:

    waiter                                     waker
    ------------------------------------       ---------------------------------
    lock; condition? no                        lock; make the condition true
    put own waker and self in the list         take the wakers of whom it concerns
    unlock; return Pending                     unlock; wake them

Whichever block comes first, the other sees it: nobody is put to sleep on a condition that is true. The
waker is fetched from the Context *before* the lock (it may allocate) and called *after* the unlock.
"""

from __future__ import annotations

from typing import Any

from .context import Context
from .waker import Waker

try:
    import cython
except ImportError:
    from . import cython_shim as cython


class Waiter:
    """A member of a ``WaitList``: a ``Place``, or the slot of a socket's ``poll_*`` methods. No future is one.

    ``_owner`` is the list that it is linked in, or None.
    """

    __slots__ = ("_after", "_before", "_owner", "_parked")

    def __init__(self) -> None:
        self._start_waiter()

    def _start_waiter(self) -> None:
        """What ``__init__`` does, for subclasses: a C call, where ``Waiter.__init__`` would be a Python one."""
        if not cython.compiled:  # compiled, a new object has None already
            self._owner = None
            self._before = None
            self._after = None
            self._parked = None

    def _park_in(self, waiters: WaitList, waker: Waker) -> None:
        """Under the owner's guard: stores the waker of the latest poll and joins the end of the list once."""
        self._parked = waker
        if self._owner is None:
            waiters._append(self)

    def _give_waker(self, wakers: list[Waker]) -> None:
        """Under the owner's guard: moves the waker, if there is one, to ``wakers``, to be woken after the unlock."""
        if self._parked is not None:
            wakers.append(self._parked)
            self._parked = None


class Place(Waiter):
    """A place in a list, for the future that made it; see above.

    Whoever serves it writes here, under the owner's guard: ``_needs`` counts how many of the ``_wanted`` permits or
    slots are still to come, ``_state`` is for lists that have states.
    """

    __slots__ = ("_needs", "_state", "_wanted")


if cython.compiled:
    shelve(Place)  # type: ignore  # noqa: F821 - C, from the .pxd


def make_place(wanted: int) -> Place:
    """A place in no list. Called before the guard is taken: it allocates."""
    place = cython.cast(Place, unshelve(0, Place)) if cython.compiled else Place.__new__(Place)  # type: ignore  # noqa: F821
    place._start_waiter()
    place._wanted = wanted
    place._needs = wanted
    place._state = 0
    return place


class Keeper:
    """Held by a future that waits, and by nobody else: dropped with it, it has the place given up.

    The future itself has no ``__del__``, which would cost each one that never waits. ``owner._give_up(place)`` must
    be harmless for a place that is in no list and was given nothing.
    """

    __slots__ = ("_kept_owner", "_kept_place")

    def __init__(self, owner: Any, place: Place) -> None:
        self._kept_owner = owner
        self._kept_place = place

    def __del__(self) -> None:
        self._kept_owner._give_up(self._kept_place)


def as_place(member: Any) -> Any:
    """``member`` of a list in which all are places (compiled: as that type)."""
    return member


class WaitList:
    """First in, first out; removal anywhere in O(1)."""

    __slots__ = ("_head", "_length", "_tail")

    def __init__(self) -> None:
        self._head = None
        self._tail = None
        self._length = 0

    def _append(self, waiter: Waiter) -> None:
        waiter._owner = self
        waiter._before = self._tail
        if self._tail is None:
            self._head = waiter
        else:
            self._tail._after = waiter
        self._tail = waiter
        self._length = self._length + 1

    def _remove(self, waiter: Waiter) -> bool:
        """Takes ``waiter`` out, wherever it stands. False if it is not in this list (any more)."""
        if waiter._owner is not self:
            return False
        before = waiter._before
        after = waiter._after
        if before is None:
            self._head = after
        else:
            before._after = after
        if after is None:
            self._tail = before
        else:
            after._before = before
        waiter._owner = None
        waiter._before = None
        waiter._after = None
        self._length = self._length - 1
        return True

    def _pop(self) -> Waiter | None:
        """Takes the oldest out, or None."""
        waiter = self._head
        if waiter is not None:
            self._remove(waiter)
        return waiter

    def _pop_newest(self) -> Waiter | None:
        """Takes the newest out, or None."""
        waiter = self._tail
        if waiter is not None:
            self._remove(waiter)
        return waiter

    def _take_wakers(self, wakers: list[Waker]) -> None:
        """Takes all out; their wakers are appended to ``wakers``, to be woken after the unlock."""
        waiter = self._pop()
        while waiter is not None:
            waiter._give_waker(wakers)
            waiter = self._pop()

    def __len__(self) -> int:
        return self._length


def waker_of(cx: Context) -> Waker:
    """The waker to store, fetched before the guard is taken."""
    return cx._get_waker()
