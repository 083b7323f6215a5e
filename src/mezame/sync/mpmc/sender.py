"""Sender, WeakSender and Send: the sending end of an mpmc channel."""

from __future__ import annotations

from typing import Any

from ...core.context import Context
from ...core.current import current
from ...core.poll import PENDING, make_ready
from ..blocking import blocking
from ..errors import SendError
from ..mpsc.errors import TrySendError
from .end import End
from .queue import Queue, Turn


class Sender(End):
    """A sending end. Source of the semantics: ``async_channel::Sender``."""

    __slots__ = ()

    def __init__(self, queue: Queue) -> None:
        self._start_end(queue, True)

    def send(self, value: Any) -> Send:
        """Waits for room and sends. Raises ``SendError`` (with ``value``) if the channel has ended.

        Waiting is first in, first out. Cancelled, the message is not sent and the place in the queue is lost.
        """
        return Send(self, value)

    def try_send(self, value: Any) -> None:
        """Sends now, or raises ``TrySendError.Full`` or ``.Closed``. Never overtakes a waiting sender."""
        answer = self._get_queue()._offer(value)
        if answer == 0:
            raise TrySendError.Full(value, "the channel is full")
        if answer < 0:
            raise TrySendError.Closed(value, "the channel has ended")

    def force_send(self, value: Any) -> Any:
        """Sends now; if the channel is full, in the place of its oldest message, which it returns (else None).

        Raises ``SendError`` (with ``value``) if the channel has ended.

        >>> import mezame
        >>> tx, rx = mezame.sync.mpmc.bounded(1)
        >>> tx.force_send("a"), tx.force_send("b"), rx.try_recv()
        (None, 'a', 'b')

        Source of the semantics: ``async_channel::Sender::force_send``.
        """
        evicted: list[Any] = []
        if self._get_queue()._force(value, evicted) < 0:
            raise SendError(value, "the channel has ended")
        return evicted[0] if evicted else None

    def blocking_send(self, value: Any) -> None:
        """Sends, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        blocking("blocking_send", "send()", self.send(value))

    def clone(self) -> Sender:
        """Another sender of the channel."""
        self._get_queue()._count(True, 1)
        return Sender(self._queue)

    def downgrade(self) -> WeakSender:
        """A sender that does not keep the channel open."""
        return WeakSender(self._queue)


class WeakSender:
    """A sender that does not keep the channel open. Source: ``async_channel::WeakSender``."""

    __slots__ = ("_queue",)

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def upgrade(self) -> Sender | None:
        """A sender, or None if the channel has ended."""
        return Sender(self._queue) if self._queue._revive(True) else None


class Send(Turn):
    """The future of ``Sender.send``."""

    __slots__ = ("_sender", "_value")

    def __init__(self, sender: Sender, value: Any) -> None:
        self._start_turn()
        self._sender = sender
        self._sender._get_queue()
        self._value = value
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("this send was polled after it completed or was dropped: call it again")
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        value = self._value
        queue = self._sender._queue
        answer = queue._offer(value) if self._place is None else 0
        if answer == 0:
            waker = cx._get_waker()
            answer = queue._poll_send(self._get_place(), value, waker)
        if answer == 0:
            cur._refund()
            return PENDING
        self._done = True
        self._value = None
        if answer < 0:
            raise SendError(value, "the channel has ended")
        return make_ready(None)

    def close(self) -> None:
        if not self._done:
            self._done = True
            if self._place is not None:
                self._sender._queue._drop(self._place, True)

    def __del__(self) -> None:
        if not self._done:
            self.close()
