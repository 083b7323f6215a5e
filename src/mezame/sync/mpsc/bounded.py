# cython: binding=False, embedsignature=True, embedsignature.format=clinic
# (methods as those of the builtin types, which the interpreter calls directly)
"""Bounded channels: a sender waits while the channel is full."""

from __future__ import annotations

from typing import Any

from ...core.check import check_int
from ..blocking import blocking
from .errors import TrySendError
from .permit import OwnedPermit, Permit, PermitIterator
from .queue import UNBOUNDED, Queue
from .receiver import ReceiverEnd, Recv, make_recv
from .reserve import Reserve, ReserveMany, ReserveOwned, Send, make_send
from .send_timeout import send_within
from .sender import SenderEnd, WeakEnd

_FULL = "the channel is full"
_GONE = "the receiver is gone"


def channel(capacity: int) -> tuple[Sender, Receiver]:
    """(sender, receiver) of a bounded channel. Usable from any thread and on any loop.

    Args:
        capacity: messages that wait in the channel before ``send`` does; at least 1.

    Raises ``ValueError`` for a capacity below 1 or above 2**61 - 1, ``TypeError`` for what is no int.

    >>> import mezame
    >>> async def main():
    ...     tx, rx = mezame.sync.mpsc.channel(8)
    ...     for n in range(3):
    ...         await tx.send(n)
    ...     tx.close()
    ...     return [n async for n in rx]
    >>> mezame.run(main())
    [0, 1, 2]

    Source of the semantics: ``tokio::sync::mpsc::channel``.
    """
    queue = Queue(check_int("capacity", capacity, 1, UNBOUNDED))
    return Sender(queue), Receiver(queue)


class Sender(SenderEnd):
    """The sending end of a bounded channel. ``clone()`` makes another.

    Source of the semantics: ``tokio::sync::mpsc::Sender``.
    """

    __slots__ = ()

    def send(self, value: Any) -> Send:
        """Waits for room and sends. Raises ``SendError`` (with ``value``) if the receiver is gone.

        Waiting is first in, first out. Cancelled, the message is not sent and the place in the queue is lost.
        """
        return make_send(self, value)

    def try_send(self, value: Any) -> None:
        """Sends now, or raises ``TrySendError.Full`` or ``.Closed``. Never overtakes a waiting sender."""
        answer = self._get_queue()._offer(value)
        if answer == 0:
            raise TrySendError.Full(value, _FULL)
        if answer < 0:
            raise TrySendError.Closed(value, _GONE)

    def send_timeout(self, value: Any, duration: Any) -> Any:
        """Sends within ``duration`` (seconds, or a timedelta), or raises ``SendTimeoutError`` with the ``value``.

        ``SendTimeoutError.Timeout``: there was no room in time; ``.Closed``: the receiver is gone. Needs a runtime
        with timers. Cancelled, the message is not sent.

        >>> import mezame
        >>> async def main():
        ...     tx, rx = mezame.sync.mpsc.channel(1)
        ...     tx.try_send(1)
        ...     try:
        ...         await tx.send_timeout(2, 0.001)
        ...     except mezame.sync.mpsc.SendTimeoutError.Timeout as error:
        ...         return error.value
        >>> mezame.run(main())
        2

        Source of the semantics: ``tokio::sync::mpsc::Sender::send_timeout``.
        """
        return send_within(self.send(value), value, duration)

    def blocking_send(self, value: Any) -> None:
        """Sends, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        blocking("blocking_send", "send()", self.send(value))

    def reserve(self) -> Reserve:
        """Waits for a slot; awaits to a ``Permit`` whose ``send`` cannot fail.

        Raises ``SendError`` (with None) if the receiver is gone. Cancel safe; the place in the queue is lost.

        >>> import mezame
        >>> async def main():
        ...     tx, rx = mezame.sync.mpsc.channel(1)
        ...     permit = await tx.reserve()
        ...     permit.send("made after there was room for it")
        ...     return await rx.recv()
        >>> mezame.run(main())
        'made after there was room for it'

        Source of the semantics: ``tokio::sync::mpsc::Sender::reserve``.
        """
        return Reserve(self)

    def reserve_owned(self) -> ReserveOwned:
        """As ``reserve``; awaits to an ``OwnedPermit``, whose ``send`` and ``release`` give the sender back."""
        return ReserveOwned(self)

    def reserve_many(self, count: int) -> ReserveMany:
        """Waits for ``count`` slots; awaits to a ``PermitIterator``. All of them or none.

        It gathers slots as they come free, so ``capacity()`` may be 0 while it waits. Awaiting raises ``SendError``
        (with None) if the receiver is gone or ``count`` is above ``max_capacity()``. Cancel safe; the place in the
        queue is lost, and what was gathered goes to the next.
        """
        return ReserveMany(self, _check_count(count))

    def try_reserve(self) -> Permit:
        """A ``Permit`` now, or ``TrySendError.Full`` or ``.Closed`` (with None). Never overtakes a waiting sender."""
        self._claim_now(1, None)
        return Permit(self._queue)

    def try_reserve_owned(self) -> OwnedPermit:
        """An ``OwnedPermit`` now, or ``TrySendError``, whose ``value`` is this sender."""
        self._claim_now(1, self)
        return OwnedPermit(self._queue, self)

    def try_reserve_many(self, count: int) -> PermitIterator:
        """A ``PermitIterator`` over ``count`` slots now, or ``TrySendError.Full`` or ``.Closed`` (with None)."""
        self._claim_now(_check_count(count), None)
        return PermitIterator(self._queue, count)

    def _claim_now(self, count: int, value: Any) -> None:
        answer = self._get_queue()._claim(count)
        if answer == 0:
            raise TrySendError.Full(value, _FULL)
        if answer < 0:
            raise TrySendError.Closed(value, _GONE)

    def clone(self) -> Sender:
        """Another sender of the channel. Raises ``RuntimeError`` if this one was closed."""
        self._get_queue()._add_sender()
        return Sender(self._queue)

    def downgrade(self) -> WeakSender:
        """A sender that does not keep the channel open."""
        return WeakSender(self._queue)

    def capacity(self) -> int:
        """Free slots of this moment: neither filled nor reserved."""
        return self._queue._free  # type: ignore[no-any-return]

    def max_capacity(self) -> int:
        """All slots."""
        return self._queue._capacity  # type: ignore[no-any-return]


class WeakSender(WeakEnd):
    """A sender that does not keep the channel open: ``upgrade()`` it to send.

    >>> import mezame
    >>> tx, rx = mezame.sync.mpsc.channel(1)
    >>> weak = tx.downgrade()
    >>> with weak.upgrade() as again:
    ...     again.try_send(1)
    >>> tx.close()
    >>> weak.upgrade() is None
    True

    Source of the semantics: ``tokio::sync::mpsc::WeakSender``.
    """

    __slots__ = ()

    def upgrade(self) -> Sender | None:
        """A sender, or None if the last one was closed."""
        return Sender(self._queue) if self._queue._add_sender() else None

    def clone(self) -> WeakSender:
        """Another weak sender of the channel."""
        return WeakSender(self._queue)


class Receiver(ReceiverEnd):
    """The receiving end of a bounded channel; one task at a time receives. Also an async iterator.

    Source of the semantics: ``tokio::sync::mpsc::Receiver``.
    """

    __slots__ = ()

    def recv(self, default: Any = None) -> Recv:
        """Awaits to the next message; ``default`` when the channel has ended. Cancel safe: nothing is lost.

        Raises ``RuntimeError`` if it would have to wait while another task waits for a message.

        Args:
            default: what tells the end apart from a message that is None.

        Source of the semantics: ``tokio::sync::mpsc::Receiver::recv``.
        """
        return make_recv(self, default)

    def capacity(self) -> int:
        """Free slots of this moment: neither filled nor reserved."""
        return self._queue._free  # type: ignore[no-any-return]

    def max_capacity(self) -> int:
        """All slots."""
        return self._queue._capacity  # type: ignore[no-any-return]


def _check_count(count: int) -> int:
    return check_int("the number of slots", count, 0, UNBOUNDED)
