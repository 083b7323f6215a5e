"""Notify: tells one waiter, or all, that something happened; carries no value.

At most one permit is stored. ``_generation`` counts ``notify_waiters``: a ``Notified`` made before such a call is
complete, polled or not. A waiter that ``notify_one`` (or ``notify_last``) chose and that is dropped before it was
polled again passes the notification on, to the oldest (newest) waiter; after ``notify_waiters`` it does not.

    Notified: NEW --poll, enable--> WAITING --notify_one--> CHOSEN, --notify_last--> CHOSEN_LAST, --poll, enable--> DONE
                                            --notify_waiters--> ALL --poll, enable--> DONE
              WAITING, CHOSEN* --close--> NEW (may be polled again, behind all others)          ALL --close--> DONE

What a notifier writes (CHOSEN*, ALL) is the state of the place; a Notified has only NEW, WAITING, DONE of its own.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.guard import Guard
from ..core.poll import PENDING, make_ready
from ..core.waitlist import WaitList, as_place, make_place
from ..core.waker import Waker, wake_all

_NEW = 0
_WAITING = 1
_CHOSEN = 2
_CHOSEN_LAST = 3
_ALL = 4
_DONE = 5


class Notify(Guard):
    """Notifies waiting tasks. Usable from any thread and on any loop.

    >>> import mezame
    >>> async def main():
    ...     notify = mezame.sync.Notify()
    ...     notify.notify_one()          # stored: nobody waits yet
    ...     await notify.notified()
    ...     return "notified"
    >>> mezame.run(main())
    'notified'

    Source of the semantics: ``tokio::sync::Notify``.
    """

    __slots__ = ("_generation", "_permit", "_waiters")

    def __init__(self) -> None:
        self._permit = False
        self._generation = 0
        self._waiters = WaitList()

    def _now(self) -> int:
        self._lock()
        generation = self._generation
        self._unlock()
        return generation  # type: ignore[no-any-return]

    def notified(self) -> Notified:
        """Waits for a notification. Cancel safe; the place in the queue is lost, a notification is not."""
        return Notified(self)

    def notified_owned(self) -> Notified:
        """The same as ``notified``: in Rust that one borrows the Notify, in Python both keep it."""
        return Notified(self)

    def notify_one(self) -> None:
        """Wakes the oldest waiter; if there is none, stores one permit (many calls store one)."""
        self._notify(False)

    def notify_last(self) -> None:
        """Wakes the newest waiter; if there is none, stores one permit."""
        self._notify(True)

    def _notify(self, newest: bool) -> None:
        self._lock()
        place = as_place(self._waiters._pop_newest() if newest else self._waiters._pop())
        waker = None
        if place is None:
            self._permit = True
        else:
            place._state = _CHOSEN_LAST if newest else _CHOSEN
            waker = place._parked
            place._parked = None
        self._unlock()
        if waker is not None:
            waker.wake()

    def notify_waiters(self) -> None:
        """Completes every ``Notified`` that was made before this call; stores nothing."""
        wakers: list[Waker] = []
        self._lock()
        self._generation += 1
        place = as_place(self._waiters._pop())
        while place is not None:
            place._state = _ALL
            place._give_waker(wakers)
            place = as_place(self._waiters._pop())
        self._unlock()
        wake_all(wakers)

    def __repr__(self) -> str:
        return f"<Notify {self._waiters._length} waiting{', a permit stored' if self._permit else ''}>"


class Notified(Future):
    """The future of ``Notify.notified``. Re-polling a completed one gives Ready again.

    Source of the semantics: ``tokio::sync::futures::Notified``.
    """

    __slots__ = ("_generation", "_notify", "_place", "_state")

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._place = None
        self._state = _NEW
        self._generation = self._notify._now()

    def poll(self, cx: Context) -> Any:
        if self._state == _DONE:
            return make_ready(None)
        return make_ready(None) if self._enlist(cx._get_waker()) else PENDING

    def enable(self) -> bool:
        """Takes the place in the queue now, without a waker. True if it is notified already: it is then complete.

        So a notification between ``enable`` and the await is not missed:

        >>> notify = Notify()
        >>> notified = notify.notified()
        >>> notified.enable()
        False
        >>> notify.notify_one()
        >>> notified.enable()
        True

        Source of the semantics: ``tokio::sync::futures::Notified::enable``.
        """
        return self._enlist(None)

    def _enlist(self, waker: Any) -> bool:
        notify = self._notify
        old = None
        notify._lock()
        place = self._place
        if place is None and self._generation == notify._generation and not notify._permit:
            notify._unlock()
            place = make_place(1)
            notify._lock()
            self._place = place
        state = self._state
        if state == _NEW:
            if self._generation != notify._generation:
                state = _DONE
            elif notify._permit:
                notify._permit = False
                state = _DONE
            else:
                state = _WAITING
                place._state = _WAITING
        elif state == _WAITING and place._state != _WAITING:
            state = _DONE
        self._state = state
        if state == _WAITING:
            old = place._parked
            # ``enable`` has no waker, and must not forget the one of an earlier poll.
            place._park_in(notify._waiters, old if waker is None else waker)
        notify._unlock()
        old = None
        return state != _WAITING

    def close(self) -> None:
        notify = self._notify
        notify._lock()
        place = self._place
        state = self._state
        if state == _WAITING:
            notify._waiters._remove(place)
            parked = place._parked
            place._parked = None
            state = place._state
            self._state = _DONE if state == _ALL else _NEW
            self._generation = notify._generation
        notify._unlock()
        parked = None
        if state == _CHOSEN or state == _CHOSEN_LAST:
            notify._notify(state == _CHOSEN_LAST)

    def __del__(self) -> None:
        if self._state == _WAITING:
            self.close()
