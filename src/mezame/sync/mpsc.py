"""mpsc: many senders, one receiver, a queue between them; bounded (senders wait) or not.

One guard over: the buffer, the free slots, the waiting senders (FIFO), the waker of the receiver, the counts of
senders and of permits that are out.

    capacity = free slots + buffered messages + permits out

1. A freed slot goes to the oldest waiting sender (its ``_granted``), never to a later ``try_send``.
2. A sender that is dropped after it was granted gives the slot on to the next.
3. The end: ``recv`` gives None when no message is left, no permit is out, and either every sender was closed or the
   receiver was. So after ``close`` what was sent, and what permits will send, still arrives.
4. When the receiver is dropped the buffer goes, waiting senders fail with their value, and so do later sends.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ..core.block_on import block_on
from ..core.context import Context
from ..core.current import current
from ..core.future import Future
from ..core.guard import Guard
from ..core.poll import PENDING, make_ready
from ..core.waitlist import Waiter, WaitList
from ..core.waker import Waker, wake_all
from .oneshot import SendError

UNBOUNDED = -1
_NO_DEFAULT = object()


class TrySendError(Exception):
    """``try_send`` could not: see the subclasses ``Full`` and ``Closed``. ``value`` is the message."""

    Full: type[TrySendError]
    Closed: type[TrySendError]

    def __init__(self, value: Any, message: str) -> None:
        super().__init__(message)
        self.value = value


class _Full(TrySendError):
    pass


class _Closed(TrySendError):
    pass


TrySendError.Full = _Full
TrySendError.Closed = _Closed


class TryRecvError(Exception):
    """``try_recv`` found nothing: see the subclasses ``Empty`` and ``Disconnected``."""

    Empty: type[TryRecvError]
    Disconnected: type[TryRecvError]


class _Empty(TryRecvError):
    pass


class _Disconnected(TryRecvError):
    pass


TryRecvError.Empty = _Empty
TryRecvError.Disconnected = _Disconnected


class _Channel(Guard):
    """What all ends share."""

    __slots__ = ("_buffer", "_capacity", "_closed", "_free", "_permits", "_receiver", "_senders", "_waiters")

    def __init__(self, capacity: int) -> None:
        self._buffer = deque()
        self._capacity = capacity
        self._free = capacity
        self._permits = 0
        self._senders = 1
        self._closed = False
        self._receiver = None
        self._waiters = WaitList()

    def _try_claim(self) -> int:
        """A free slot becomes a permit. 1: got it; 0: full, or somebody waits; -1: closed."""
        self._lock()
        if self._closed:
            answer = -1
        elif self._capacity < 0:
            self._permits += 1
            answer = 1
        elif self._free > 0 and self._waiters._length == 0:
            self._free -= 1
            self._permits += 1
            answer = 1
        else:
            answer = 0
        self._unlock()
        return answer

    def _push(self, value: Any) -> None:
        """A permit becomes a message."""
        self._lock()
        self._permits -= 1
        self._buffer.append(value)
        waker = self._receiver
        self._receiver = None
        self._unlock()
        if waker is not None:
            waker.wake()

    def _unclaim(self) -> None:
        """A permit goes back unused: its slot is free, and it may be the end of the channel."""
        wakers: list[Waker] = []
        self._lock()
        self._permits -= 1
        self._free_slots(1, wakers)
        waker = self._receiver
        self._receiver = None
        self._unlock()
        if waker is not None:
            wakers.append(waker)
        wake_all(wakers)

    def _free_slots(self, count: int, wakers: list[Waker]) -> None:
        """Under the guard: slots go to the waiting senders, oldest first."""
        if self._capacity < 0:
            return
        while count > 0 and self._waiters._length > 0:
            reserve = _as_reserve(self._waiters._pop())
            reserve._granted = True
            self._permits += 1
            count -= 1
            if reserve._parked is not None:
                wakers.append(reserve._parked)
                reserve._parked = None
        self._free += count

    def _is_over(self) -> bool:
        """Under the guard, with an empty buffer: nothing can come any more."""
        return self._permits == 0 and (self._closed or self._senders == 0)

    def _pop(self, waker: Any, into: list[Any], limit: int) -> int:
        """Takes up to ``limit`` messages into ``into``. 1: some; -1: the end; 0: none, ``waker`` is kept."""
        wakers: list[Waker] = []
        taken = 0
        self._lock()
        while taken < limit and self._buffer:
            into.append(self._buffer.popleft())
            taken += 1
        old = self._receiver
        if taken:
            self._free_slots(taken, wakers)
            answer = 1
        elif self._is_over():
            answer = -1
        else:
            self._receiver = waker
            answer = 0
        self._unlock()
        old = None
        if wakers:
            wake_all(wakers)
        return answer

    def _forget_receiver(self) -> None:
        self._lock()
        old = self._receiver
        self._receiver = None
        self._unlock()
        old = None

    def _add_sender(self) -> None:
        self._lock()
        self._senders += 1
        self._unlock()

    def _drop_sender(self) -> None:
        self._lock()
        self._senders -= 1
        waker = None
        if self._senders == 0:
            waker = self._receiver
            self._receiver = None
        self._unlock()
        if waker is not None:
            waker.wake()

    def _shut(self, drop: bool) -> None:
        """The receiver closes (and, dropped, throws the buffer away)."""
        wakers: list[Waker] = []
        dropped: Any = None
        fresh: Any = deque()
        self._lock()
        self._closed = True
        self._waiters._take_wakers(wakers)
        if self._receiver is not None:
            wakers.append(self._receiver)
            self._receiver = None
        if drop:
            dropped = self._buffer
            self._buffer = fresh
        self._unlock()
        dropped = None
        wake_all(wakers)


def _as_reserve(waiter: Any) -> Any:
    return waiter


def channel(capacity: int) -> tuple[Sender, Receiver]:
    """(sender, receiver) of a bounded channel. Usable from any thread and on any loop.

    Args:
        capacity: messages that wait in the channel before ``send`` does; at least 1.

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
    if capacity < 1:
        raise ValueError(f"a channel's capacity must be at least 1, not {capacity!r}")
    shared = _Channel(capacity)
    return Sender(shared), Receiver(shared)


def unbounded_channel() -> tuple[UnboundedSender, Receiver]:
    """(sender, receiver) of a channel without a limit: ``send`` is a plain function and never waits.

    A receiver that is slower than its senders lets it grow without bound; prefer ``channel``.
    """
    shared = _Channel(UNBOUNDED)
    return UnboundedSender(shared), Receiver(shared)


class _SenderEnd:
    """What both kinds of sender share. Close it with ``close()`` or ``with``; dropping it closes it too."""

    __slots__ = ("_channel", "_open")

    def __init__(self, channel: _Channel) -> None:
        self._channel = channel
        self._open = True

    def _clone_check(self) -> _Channel:
        if not self._open:
            raise RuntimeError("this sender was closed: it cannot send or be cloned")
        return self._channel

    def is_closed(self) -> bool:
        """True if the receiver was closed or dropped: nothing can be sent."""
        return self._channel._closed  # type: ignore[no-any-return]

    def same_channel(self, other: _SenderEnd) -> bool:
        """True if both send into one channel."""
        return self._channel is other._channel

    def close(self) -> None:
        """This sender sends no more; with the last one the channel ends. Idempotent."""
        channel = self._channel
        channel._lock()
        was_open = self._open
        self._open = False
        channel._unlock()
        if was_open:
            channel._drop_sender()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if self._open:
            self.close()


class Sender(_SenderEnd):
    """The sending end of a bounded channel. ``clone()`` makes another."""

    __slots__ = ()

    def send(self, value: Any) -> Send:
        """Waits for room and sends. Raises ``SendError`` (with ``value``) if the receiver is gone.

        Cancelled, the message is not sent and the place in the queue is lost.
        """
        return Send(self._clone_check(), value)

    def try_send(self, value: Any) -> None:
        """Sends now, or raises ``TrySendError.Full`` or ``.Closed``. Never overtakes a waiting sender."""
        answer = self._clone_check()._try_claim()
        if answer == 0:
            raise TrySendError.Full(value, "the channel is full")
        if answer < 0:
            raise TrySendError.Closed(value, "the receiver is gone")
        self._channel._push(value)

    def reserve(self) -> Reserve:
        """Waits for a slot; awaits to a ``Permit`` whose ``send`` cannot fail. Cancel safe."""
        return Reserve(self._clone_check())

    def try_reserve(self) -> Permit:
        """A ``Permit`` now, or ``TrySendError``."""
        answer = self._clone_check()._try_claim()
        if answer == 0:
            raise TrySendError.Full(None, "the channel is full")
        if answer < 0:
            raise TrySendError.Closed(None, "the receiver is gone")
        return Permit(self._channel)

    def blocking_send(self, value: Any) -> None:
        """Sends, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        if current().scheduler is not None:
            raise RuntimeError("blocking_send would stop the runtime's thread: await send() there")
        block_on(self.send(value))

    def clone(self) -> Sender:
        """Another sender of the channel."""
        self._clone_check()._add_sender()
        return Sender(self._channel)

    def capacity(self) -> int:
        """Free slots."""
        return self._channel._free  # type: ignore[no-any-return]

    def max_capacity(self) -> int:
        """All slots."""
        return self._channel._capacity  # type: ignore[no-any-return]


class UnboundedSender(_SenderEnd):
    """The sending end of an unbounded channel."""

    __slots__ = ()

    def send(self, value: Any) -> None:
        """Sends; never waits; from any thread. Raises ``SendError`` (with ``value``) if the receiver is gone."""
        if self._clone_check()._try_claim() < 0:
            raise SendError(value)
        self._channel._push(value)

    def clone(self) -> UnboundedSender:
        """Another sender of the channel."""
        self._clone_check()._add_sender()
        return UnboundedSender(self._channel)


class Reserve(Waiter):
    """The future of ``Sender.reserve``; ``Send`` is one that then sends."""

    __slots__ = ("_channel", "_done", "_granted", "_queued")

    def __init__(self, channel: _Channel) -> None:
        self._start_waiter()
        self._channel = channel
        self._granted = False
        self._queued = False
        self._done = False

    def poll(self, cx: Context) -> Any:
        answer = self._claim(cx)
        if answer == 0:
            return PENDING
        if answer < 0:
            raise SendError(None)
        return make_ready(Permit(self._channel))

    def _claim(self, cx: Context) -> int:
        """1: a permit is ours; 0: Pending; -1: the channel is closed."""
        if self._done:
            raise RuntimeError("this send was polled after it completed: call it again")
        cur = current()
        if not cur._take_budget(cx):
            return 0
        channel = self._channel
        if not self._queued:
            answer = channel._try_claim()
            if answer != 0:
                self._done = True
                return answer
        waker = cx._get_waker()
        answer = 0
        channel._lock()
        if self._granted:
            answer = 1
        elif channel._closed:
            answer = -1
        elif not self._queued and channel._free > 0 and channel._waiters._length == 0:
            channel._free -= 1
            channel._permits += 1
            answer = 1
        else:
            self._park_in(channel._waiters, waker)
            self._queued = True
        channel._unlock()
        if answer == 0:
            cur._refund()
        else:
            self._done = True
        return answer

    def close(self) -> None:
        if self._done or not self._queued:
            return
        self._done = True
        channel = self._channel
        channel._lock()
        channel._waiters._remove(self)
        granted = self._granted
        parked = self._parked
        self._parked = None
        channel._unlock()
        del parked
        if granted:
            channel._unclaim()

    def __del__(self) -> None:
        if self._queued and not self._done:
            self.close()


class Send(Reserve):
    """The future of ``Sender.send``."""

    __slots__ = ("_value",)

    def __init__(self, channel: _Channel, value: Any) -> None:
        Reserve.__init__(self, channel)
        self._value = value

    def poll(self, cx: Context) -> Any:
        answer = self._claim(cx)
        if answer == 0:
            return PENDING
        value = self._value
        self._value = None
        if answer < 0:
            raise SendError(value)
        self._channel._push(value)
        return make_ready(None)


class Permit:
    """A reserved slot. ``send`` cannot fail; unused (dropped, or left by ``with``) the slot goes back."""

    __slots__ = ("_channel", "_used")

    def __init__(self, channel: _Channel) -> None:
        self._channel = channel
        self._used = False

    def send(self, value: Any) -> None:
        """Sends the message into the slot, also after the receiver closed. Raises ``RuntimeError`` if used up."""
        if self._used:
            raise RuntimeError("this permit was used or released")
        self._used = True
        self._channel._push(value)

    def release(self) -> None:
        """Gives the slot back. Idempotent."""
        if not self._used:
            self._used = True
            self._channel._unclaim()

    def __enter__(self) -> Permit:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.release()

    def __del__(self) -> None:
        if not self._used:
            self.release()


class Receiver:
    """The receiving end; one task at a time receives. Also an async iterator.

    Source of the semantics: ``tokio::sync::mpsc::Receiver``.
    """

    __slots__ = ("_channel",)

    def __init__(self, channel: _Channel) -> None:
        self._channel = channel

    def recv(self, default: Any = None) -> Recv:
        """Awaits to the next message; ``default`` when the channel has ended. Cancel safe: nothing is lost."""
        return Recv(self._channel, default, False, 1)

    def recv_many(self, limit: int) -> Recv:
        """Awaits to a list of 1 to ``limit`` messages; ``[]`` when the channel has ended. Cancel safe."""
        if limit < 0:
            raise ValueError(f"recv_many's limit must be from 0 on, not {limit!r}")
        return Recv(self._channel, None, True, limit)

    def poll_recv(self, cx: Context) -> Any:
        """``Poll.Ready(message)``, ``Poll.Ready(None)`` at the end, or Pending."""
        return Recv(self._channel, None, False, 1).poll(cx)

    def try_recv(self) -> Any:
        """The next message now, or ``TryRecvError.Empty`` or ``.Disconnected``."""
        got: list[Any] = []
        answer = self._channel._pop(None, got, 1)
        if answer == 0:
            raise TryRecvError.Empty("the channel is empty")
        if answer < 0:
            raise TryRecvError.Disconnected("the channel is empty and its senders are gone")
        return got[0]

    def blocking_recv(self) -> Any:
        """The next message or None, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        if current().scheduler is not None:
            raise RuntimeError("blocking_recv would stop the runtime's thread: await recv() there")
        return block_on(self.recv())

    def close(self) -> None:
        """No new sends; what was sent, and permits that are out, still arrive. Idempotent."""
        self._channel._shut(False)

    def is_closed(self) -> bool:
        """True if it was closed or every sender is gone."""
        return self._channel._closed or self._channel._senders == 0

    def is_empty(self) -> bool:
        """True if no message waits."""
        return len(self._channel._buffer) == 0

    def __len__(self) -> int:
        return len(self._channel._buffer)

    def __aiter__(self) -> Receiver:
        return self

    def __anext__(self) -> Recv:
        return Recv(self._channel, _NO_DEFAULT, False, 1)

    def __del__(self) -> None:
        self._channel._shut(True)


class Recv(Future):
    """The future of ``recv`` and ``recv_many``."""

    __slots__ = ("_channel", "_default", "_done", "_limit", "_many")

    def __init__(self, channel: _Channel, default: Any, many: bool, limit: int) -> None:
        self._channel = channel
        self._default = default
        self._many = many
        self._limit = limit
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("this recv was polled after it completed: call it again")
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        got: list[Any] = []
        if self._limit == 0:
            self._done = True
            return make_ready(got)
        answer = self._channel._pop(cx._get_waker(), got, self._limit)
        if answer == 0:
            cur._refund()
            return PENDING
        self._done = True
        if self._many:
            return make_ready(got)
        if answer > 0:
            return make_ready(got[0])
        if self._default is _NO_DEFAULT:
            raise StopAsyncIteration
        return make_ready(self._default)

    def close(self) -> None:
        if not self._done:
            self._channel._forget_receiver()
