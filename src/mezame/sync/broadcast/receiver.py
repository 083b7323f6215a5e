"""Receiver and Recv: one reader of a broadcast channel, with the number of the message that it reads next."""

from __future__ import annotations

from typing import Any

from ...core.context import Context
from ...core.current import current
from ...core.future import Future
from ...core.poll import PENDING, make_ready
from ...core.waitlist import make_place
from ..blocking import blocking
from .errors import RecvError, TryRecvError
from .ring import Ring

_GOT = 0
_EMPTY = -1
_CLOSED = -2


class Receiver:
    """Sees every message that is sent after it was made. One task at a time receives with it.

    Source of the semantics: ``tokio::sync::broadcast::Receiver``.
    """

    __slots__ = ("_next", "_ring")

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._next = self._ring._join()

    def _look(self, into: list[Any]) -> int:
        """Under the guard. Got a message, nothing there, closed, or (above 0) how many were lost."""
        ring = self._ring
        if self._next == ring._tail:
            return _CLOSED if ring._senders == 0 else _EMPTY
        oldest = ring._oldest()
        lost = oldest - self._next
        if lost > 0:
            self._next = oldest
            return lost  # type: ignore[no-any-return]
        ring._take(self._next, into)
        self._next += 1
        return _GOT

    def recv(self) -> Recv:
        """Awaits to the next message. Cancel safe: nothing is lost.

        Raises ``RecvError.Lagged`` if the receiver was too slow: ``skipped`` messages are lost, and the next ``recv``
        gives the oldest that is kept. Raises ``RecvError.Closed`` when every sender was closed and all that is kept
        was read. The message is the very object that was sent: receivers share it.

        >>> import mezame
        >>> async def main():
        ...     tx, rx = mezame.sync.broadcast.channel(2)
        ...     for n in (10, 20, 30):
        ...         tx.send(n)
        ...     try:
        ...         await rx.recv()
        ...     except mezame.sync.broadcast.RecvError.Lagged as error:
        ...         return error.skipped, await rx.recv(), await rx.recv()
        >>> mezame.run(main())
        (1, 20, 30)

        Source of the semantics: ``tokio::sync::broadcast::Receiver::recv``.
        """
        return Recv(self)

    def try_recv(self) -> Any:
        """The next message now, or ``TryRecvError.Empty``, ``.Lagged`` or ``.Closed``. Takes no budget."""
        got: list[Any] = []
        ring = self._ring
        ring._lock()
        answer = self._look(got)
        ring._unlock()
        if answer == _GOT:
            return got[0]
        if answer == _EMPTY:
            raise TryRecvError.Empty("no new message")
        if answer == _CLOSED:
            raise TryRecvError.Closed("every sender was closed")
        raise TryRecvError.Lagged(answer)

    def blocking_recv(self) -> Any:
        """As ``recv``, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        return blocking("blocking_recv", "recv()", self.recv())

    def resubscribe(self) -> Receiver:
        """Another receiver of the channel; it sees only what is sent from now on."""
        return Receiver(self._ring)

    def __len__(self) -> int:
        """Messages that were sent and not read; more than the capacity if it lags."""
        ring = self._ring
        ring._lock()
        count = ring._tail - self._next
        ring._unlock()
        return count  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return True  # a receiver without messages is still one

    def is_empty(self) -> bool:
        """True if there is nothing to read now."""
        return len(self) == 0

    def is_closed(self) -> bool:
        """True if every sender was closed. Messages may be left."""
        return self._ring._senders == 0  # type: ignore[no-any-return]

    def same_channel(self, other: Receiver) -> bool:
        """True if both read from one channel."""
        return self._ring is other._ring

    def sender_strong_count(self) -> int:
        """How many senders keep the channel open."""
        return self._ring._senders  # type: ignore[no-any-return]

    def sender_weak_count(self) -> int:
        """How many weak senders there are."""
        return self._ring._weak  # type: ignore[no-any-return]

    def __del__(self) -> None:
        self._ring._leave(self._next)

    def __repr__(self) -> str:
        return f"<broadcast.Receiver: {'closed' if self.is_closed() else 'open'}, {len(self)} messages>"


class Recv(Future):
    """The future of ``Receiver.recv``."""

    __slots__ = ("_done", "_place", "_receiver")

    def __init__(self, receiver: Receiver) -> None:
        self._place = None
        self._receiver = receiver
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("this recv was polled after it completed: call it again")
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        got: list[Any] = []
        answer = self._wait(cx, got)
        if answer == _GOT:
            return make_ready(got[0])
        if answer == _EMPTY:
            cur._refund()
            return PENDING
        if answer == _CLOSED:
            raise RecvError.Closed("every sender was closed")
        raise RecvError.Lagged(answer)

    def _wait(self, cx: Context, got: list[Any]) -> int:
        """What the receiver sees; if there is nothing, joins the waiting."""
        receiver = self._receiver
        ring = receiver._ring
        ring._lock()
        answer = receiver._look(got)
        ring._unlock()
        if answer == _EMPTY:
            waker = cx._get_waker()
            if self._place is None:
                self._place = make_place(0)
            place = self._place
            ring._lock()
            old = place._parked
            answer = receiver._look(got)  # between the look above and this one a message may have come
            if answer == _EMPTY:
                place._park_in(ring._waiters, waker)
            ring._unlock()
            old = None
        if answer != _EMPTY:
            self._done = True
            self.close()
        return answer

    def close(self) -> None:
        place = self._place
        if place is None:
            return
        ring = self._receiver._ring
        ring._lock()
        ring._waiters._remove(place)
        old = place._parked
        place._parked = None
        ring._unlock()
        old = None

    def __del__(self) -> None:
        self.close()
