"""Receiver, WeakReceiver and Recv: the receiving end of an mpmc channel."""

from __future__ import annotations

from typing import Any

from ...core.context import Context
from ...core.current import current
from ...core.poll import PENDING, make_ready
from ..blocking import blocking
from ..mpsc.errors import TryRecvError
from .end import End
from .queue import Queue, Turn

_NO_DEFAULT = object()


class Receiver(End):
    """A receiving end; many may receive at a time. Also an async iterator.

    Source of the semantics: ``async_channel::Receiver``.
    """

    __slots__ = ()

    def __init__(self, queue: Queue) -> None:
        self._start_end(queue, False)

    def recv(self, default: Any = None) -> Recv:
        """Awaits to the next message; ``default`` when the channel has ended. Cancel safe: nothing is lost.

        Waiting is first in, first out.
        """
        return Recv(self, default)

    def try_recv(self) -> Any:
        """The next message now, or ``TryRecvError.Empty`` or ``.Disconnected``. Never overtakes a waiting receiver."""
        got: list[Any] = []
        answer = self._get_queue()._take(got)
        if answer == 0:
            raise TryRecvError.Empty("the channel is empty")
        if answer < 0:
            raise TryRecvError.Disconnected("the channel is empty and has ended")
        return got[0]

    def blocking_recv(self) -> Any:
        """The next message or None, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        return blocking("blocking_recv", "recv()", self.recv())

    def clone(self) -> Receiver:
        """Another receiver of the channel."""
        self._get_queue()._count(False, 1)
        return Receiver(self._queue)

    def downgrade(self) -> WeakReceiver:
        """A receiver that does not keep the channel open."""
        return WeakReceiver(self._queue)

    def __aiter__(self) -> Receiver:
        return self

    def __anext__(self) -> Recv:
        return Recv(self, _NO_DEFAULT)


class WeakReceiver:
    """A receiver that does not keep the channel open. Source: ``async_channel::WeakReceiver``."""

    __slots__ = ("_queue",)

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def upgrade(self) -> Receiver | None:
        """A receiver, or None if the channel has ended."""
        return Receiver(self._queue) if self._queue._revive(False) else None


class Recv(Turn):
    """The future of ``Receiver.recv``."""

    __slots__ = ("_default", "_receiver")

    def __init__(self, receiver: Receiver, default: Any) -> None:
        self._start_turn()
        self._receiver = receiver
        self._receiver._get_queue()
        self._default = default
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("this recv was polled after it completed: call it again")
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        got: list[Any] = []
        queue = self._receiver._queue
        answer = queue._take(got) if self._place is None else 0
        if answer == 0:
            waker = cx._get_waker()
            answer = queue._poll_recv(self._get_place(), got, waker)
        if answer == 0:
            cur._refund()
            return PENDING
        self._done = True
        if answer > 0:
            return make_ready(got[0])
        if self._default is _NO_DEFAULT:
            raise StopAsyncIteration
        return make_ready(self._default)

    def close(self) -> None:
        if not self._done and self._place is not None:
            self._receiver._queue._drop(self._place, False)  # it may be polled again, behind all others

    def __del__(self) -> None:
        if not self._done:
            self.close()
