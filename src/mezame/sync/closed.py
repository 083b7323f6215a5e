"""Closed: the wait of a sender for the other side to go away, so that work that nobody wants can stop.

Every channel whose senders have ``closed()`` is a ``Closable``. It says in ``_is_gone`` whether the receiving side is
gone, and whoever makes that true calls ``_take_closers`` in the same locked block:

    closed().poll                               last receiver goes
    ------------------------------------        ------------------------------------
    lock; gone? no: join the list; unlock       lock; gone is true from here on;
    Pending                                           take the wakers; unlock; wake

A channel that can be reopened (broadcast, watch: ``subscribe``) may be open again when the woken future is polled: it
then waits on.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.guard import Guard
from ..core.poll import PENDING, make_ready
from ..core.waitlist import WaitList, make_place
from ..core.waker import Waker


class Closable(Guard):
    """What the ends of a channel share, as far as ``closed()`` goes. ``_closers`` is made at the first ``closed()``."""

    __slots__ = ("_closers",)

    def __init__(self) -> None:
        self._closers = None

    def _is_gone(self) -> bool:
        """Under the guard: the receiving side is gone."""
        raise TypeError(f"{type(self).__name__} must define _is_gone()")

    def _take_closers(self, wakers: list[Waker]) -> None:
        """Under the guard: the wakers of all who wait for ``closed()``, to be woken after the unlock."""
        if self._closers is not None:
            self._closers._take_wakers(wakers)

    def _make_closers(self) -> None:
        fresh: Any = WaitList()
        self._lock()
        if self._closers is None:
            self._closers = fresh
        self._unlock()

    def _ask_gone(self) -> bool:
        """``_is_gone``, for callers without the guard."""
        self._lock()
        gone = self._is_gone()
        self._unlock()
        return gone


class Closed(Future):
    """The future of ``Sender.closed``: completes when the receiving side is gone. Cancel safe."""

    __slots__ = ("_channel", "_done", "_place")

    def __init__(self, channel: Closable) -> None:
        self._place = None
        self._channel = channel
        self._done = False
        if self._channel._closers is None:
            self._channel._make_closers()

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("this closed() was polled after it completed: call it again")
        channel = self._channel
        waker = cx._get_waker()
        if self._place is None:
            self._place = make_place(0)
        place = self._place
        channel._lock()
        old = place._parked
        gone = channel._is_gone()
        if gone:
            self._done = True
        else:
            place._park_in(channel._closers, waker)
        channel._unlock()
        old = None
        return make_ready(None) if gone else PENDING

    def close(self) -> None:
        channel = self._channel
        place = self._place
        if place is None:
            return
        channel._lock()
        channel._closers._remove(place)
        old = place._parked
        place._parked = None
        channel._unlock()
        old = None

    def __del__(self) -> None:
        self.close()
