"""Notify: tells one waiter, or all, that something happened; carries no value.

At most one permit is stored. ``_generation`` counts ``notify_waiters``: a ``Notified`` made before such a call is
complete, polled or not. A waiter that ``notify_one`` chose and that is dropped before it was polled again passes the
notification on; after ``notify_waiters`` it does not.

    Notified: NEW --poll, enable--> WAITING --notify_one--> CHOSEN --poll--> DONE
                                            --notify_waiters--> ALL --poll--> DONE
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.guard import Guard
from ..core.poll import PENDING, make_ready
from ..core.waitlist import Waiter, WaitList
from ..core.waker import Waker, wake_all

_NEW = 0
_WAITING = 1
_CHOSEN = 2
_ALL = 3
_DONE = 4


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

    def notify_one(self) -> None:
        """Wakes the oldest waiter; if there is none, stores one permit (many calls store one)."""
        self._notify(False)

    def notify_last(self) -> None:
        """Wakes the newest waiter; if there is none, stores one permit."""
        self._notify(True)

    def _notify(self, newest: bool) -> None:
        self._lock()
        notified = _as_notified(self._waiters._pop_newest() if newest else self._waiters._pop())
        waker = None
        if notified is None:
            self._permit = True
        else:
            notified._state = _CHOSEN
            waker = notified._parked
            notified._parked = None
        self._unlock()
        if waker is not None:
            waker.wake()

    def notify_waiters(self) -> None:
        """Completes every ``Notified`` that was made before this call; stores nothing."""
        wakers: list[Waker] = []
        self._lock()
        self._generation += 1
        notified = _as_notified(self._waiters._pop())
        while notified is not None:
            notified._state = _ALL
            if notified._parked is not None:
                wakers.append(notified._parked)
                notified._parked = None
            notified = _as_notified(self._waiters._pop())
        self._unlock()
        wake_all(wakers)

    def __repr__(self) -> str:
        return f"<Notify {self._waiters._length} waiting{', a permit stored' if self._permit else ''}>"


def _as_notified(waiter: Any) -> Any:
    return waiter


class Notified(Waiter):
    """The future of ``Notify.notified``. Re-polling a completed one gives Ready again."""

    __slots__ = ("_generation", "_notify", "_state")

    def __init__(self, notify: Notify) -> None:
        self._start_waiter()
        self._notify = notify
        self._state = _NEW
        self._generation = self._notify._now()

    def poll(self, cx: Context) -> Any:
        if self._state == _DONE:
            return make_ready(None)
        return make_ready(None) if self._enlist(cx._get_waker()) else PENDING

    def enable(self) -> bool:
        """Takes the place in the queue now, before the first poll. True if it is notified already."""
        return self._enlist(None)

    def _enlist(self, waker: Any) -> bool:
        notify = self._notify
        notify._lock()
        state = self._state
        if state == _NEW:
            if self._generation != notify._generation:
                state = _DONE
            elif notify._permit:
                notify._permit = False
                state = _DONE
            else:
                state = _WAITING
        elif (state == _CHOSEN or state == _ALL) and waker is not None:
            state = _DONE
        self._state = state
        old = self._parked
        if state == _WAITING:
            self._park_in(notify._waiters, waker)
        notify._unlock()
        del old
        return state != _WAITING

    def close(self) -> None:
        notify = self._notify
        notify._lock()
        notify._waiters._remove(self)
        parked = self._parked
        self._parked = None
        state = self._state
        self._state = _NEW if state == _WAITING else _DONE
        if state == _WAITING:
            self._generation = notify._generation
        notify._unlock()
        del parked
        if state == _CHOSEN:
            notify.notify_one()

    def __del__(self) -> None:
        if self._state == _WAITING or self._state == _CHOSEN:
            self.close()
