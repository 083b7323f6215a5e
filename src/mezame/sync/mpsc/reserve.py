"""Reserve and Send: the futures of a sender that may have to wait for slots.

    FRESH --poll: enough slots--> done           FRESH --poll: too few--> QUEUED --the last slot came, poll--> done
    QUEUED --receiver closed, poll--> SendError  any --close--> dropped: what it had gathered goes to the next

A future keeps its sender: ``await tx.clone().send(m)`` must not end the channel while it waits.
"""

from __future__ import annotations

from typing import Any

from ...core.context import Context
from ...core.current import Current, current, distance
from ...core.future import Future
from ...core.poll import PENDING, make_ready
from ...core.waitlist import Keeper, make_place
from ..errors import SendError
from .permit import OwnedPermit, Permit, PermitIterator
from .sender import SenderEnd

try:
    import cython
except ImportError:
    from ...core import cython_shim as cython


_SENT = "this send was polled after it completed or was dropped: call it again"


class Claim(Future):
    """A future that waits for ``_wanted`` slots. It has a ``_place`` as soon as it had to wait."""

    __slots__ = ("_done", "_keeper", "_place", "_queue", "_sender", "_wanted")

    def _start_claim(self, sender: SenderEnd, count: int) -> None:
        if not cython.compiled:  # compiled, a new object has None already
            self._place = None
            self._keeper = None
        self._queue = sender._get_queue()
        self._sender = sender
        self._wanted = count
        self._done = False

    def _claim_slots(self, cx: Context) -> int:
        """1: the slots are ours; 0: Pending; -1: the receiver closed."""
        cur = current()
        if not self._is_fresh() or not cur._take_budget(cx):
            return 0
        answer = 0 if self._place is not None else self._queue._claim(self._wanted)
        if answer == 0:
            answer = self._wait(cx)
            if answer == 0:
                cur._refund()
        else:
            self._done = True
        return answer

    def _is_fresh(self) -> bool:
        """True, or raises: each of these futures completes once, and its sender must be open at its first poll."""
        if self._done:
            raise RuntimeError(_SENT)
        if self._place is None:
            self._sender._get_queue()
        return True

    def _wait(self, cx: Context) -> int:
        """Joins the queue, or looks whether its turn has come. 1: the slots are ours; 0: not yet; -1: closed."""
        queue = self._queue
        waker = cx._get_waker()
        place = self._place
        fresh = place is None
        if fresh:
            place = make_place(self._wanted)
            self._place = place
            self._keeper = Keeper(queue, place)
        old = None
        gathered = 0
        queue._lock()
        if queue._closed:
            answer = -1
            gathered = place._wanted - place._needs
            place._needs = place._wanted
        else:
            if fresh and queue._waiters._length == 0:
                # Between the look before and this one slots may have come free.
                taken = queue._free if queue._free < place._needs else place._needs
                queue._free -= taken
                queue._permits += taken
                place._needs -= taken
            if place._needs == 0:
                answer = 1
                place._needs = place._wanted  # they are the caller's: a close() at the same time must not give them on
            else:
                answer = 0
                old = place._parked
                place._park_in(queue._waiters, waker)
        if answer != 0:
            self._done = True
        queue._unlock()
        old = None
        if gathered > 0:
            queue._unclaim(gathered)
        return answer

    def close(self) -> None:
        if self._done:
            return
        self._done = True
        if self._place is not None:
            self._queue._give_up(self._place)


class Reserve(Claim):
    """The future of ``Sender.reserve``: awaits to a ``Permit``."""

    __slots__ = ()

    def __init__(self, sender: SenderEnd) -> None:
        self._start_claim(sender, 1)

    def poll(self, cx: Context) -> Any:
        answer = self._claim_slots(cx)
        if answer == 0:
            return PENDING
        if answer < 0:
            raise SendError(None)
        return make_ready(Permit(self._queue))


class ReserveOwned(Claim):
    """The future of ``Sender.reserve_owned``: awaits to an ``OwnedPermit``."""

    __slots__ = ()

    def __init__(self, sender: SenderEnd) -> None:
        self._start_claim(sender, 1)

    def poll(self, cx: Context) -> Any:
        answer = self._claim_slots(cx)
        if answer == 0:
            return PENDING
        if answer < 0:
            raise SendError(None)
        return make_ready(OwnedPermit(self._queue, self._sender))


class ReserveMany(Claim):
    """The future of ``Sender.reserve_many``: awaits to a ``PermitIterator``."""

    __slots__ = ()

    def __init__(self, sender: SenderEnd, count: int) -> None:
        self._start_claim(sender, count)

    def poll(self, cx: Context) -> Any:
        if self._wanted > self._queue._capacity:
            raise SendError(None, f"{self._wanted} slots can never be had: the capacity is {self._queue._capacity}")
        answer = self._claim_slots(cx)
        if answer == 0:
            return PENDING
        if answer < 0:
            raise SendError(None)
        return make_ready(PermitIterator(self._queue, self._wanted))


class Send(Future):
    """The future of ``Sender.send``: with a free slot, one step; else a ``Reserve``, and then the send.

    It is no ``Claim`` itself because almost all sends need no place in the queue: so it is small.
    """

    __slots__ = ("_done", "_reserve", "_sender", "_value")

    def poll(self, cx: Context) -> Any:
        return make_ready(None) if self._send(cx, current()) else PENDING

    def _send(self, cx: Context, cur: Current) -> bool:
        """``poll`` without the wrapping: True when the message is in, False for Pending."""
        if self._done:  # type: ignore[has-type]
            raise RuntimeError(_SENT)
        if self._reserve is not None:  # type: ignore[has-type]
            return self._finish(self._reserve._claim_slots(cx))  # type: ignore[has-type]
        if cur.budget > 0:
            cur.budget = cur.budget - 1
        elif not cur._take_budget(cx):
            return False
        sender = self._sender
        if not sender._open:
            sender._get_queue()  # raises
        if sender._queue._offer(self._value) > 0:  # type: ignore[has-type]
            self._done = True
            self._value = None
            return True
        self._reserve = Reserve(self._sender)
        answer = self._reserve._wait(cx)
        if answer == 0:
            cur._refund()
        return self._finish(answer)

    def _finish(self, answer: int) -> bool:
        """``answer`` is the reserve's: see ``Claim._claim_slots``."""
        if answer == 0:
            return False
        value = self._value
        self._done = True
        self._value = None
        if answer < 0:
            raise SendError(value)
        self._sender._queue._push(value)
        return True

    def close(self) -> None:
        self._done = True
        if self._reserve is not None:
            self._reserve.close()


def make_send(sender: SenderEnd, value: Any) -> Send:
    """The future of a send. Raises ``RuntimeError`` if the sender was closed."""
    if not sender._open:
        sender._get_queue()  # raises
    send = cython.cast(Send, unshelve(0, Send)) if cython.compiled else Send.__new__(Send)  # type: ignore  # noqa: F821
    send._sender = sender
    send._value = value
    send._done = False
    if not cython.compiled:  # compiled, it is None already
        send._reserve = None
    return send


def _send_next(raw: Any) -> Any:
    """``poll`` and what ``Future.__next__`` makes of it, in one."""
    found = here()  # type: ignore  # noqa: F821 - C, from the .pxd
    if found is cython.NULL or cython.cast(Current, found).context is None:
        return await_next(raw)  # type: ignore  # noqa: F821
    if cython.cast(Send, raw)._send(cython.cast(Current, found).context, cython.cast(Current, found)):
        return cython.NULL  # the end of a C iterator: None
    return new_reference(PENDING)  # type: ignore  # noqa: F821


if cython.compiled:
    use_distance(distance())  # type: ignore  # noqa: F821
    shelve(Send)  # type: ignore  # noqa: F821
    set_iternext(Send, _send_next)  # type: ignore  # noqa: F821
