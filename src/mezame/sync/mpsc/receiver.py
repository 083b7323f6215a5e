# cython: binding=False, embedsignature=True, embedsignature.format=clinic
# (methods as those of the builtin types, which the interpreter calls directly)
"""ReceiverEnd and Recv: the receiving end of an mpsc channel. One task at a time receives (rule 6 of ``queue.py``)."""

from __future__ import annotations

from typing import Any

from ...core.check import check_int
from ...core.context import Context
from ...core.current import Current, current, distance
from ...core.future import Future
from ...core.poll import PENDING, make_ready
from ..blocking import blocking
from .errors import TryRecvError
from .queue import ANYONE, NOTHING, OVER, UNBOUNDED, Queue

try:
    import cython
except ImportError:
    from ...core import cython_shim as cython

_NOTHING, _OVER = NOTHING, OVER
_NO_DEFAULT = object()


class ReceiverEnd:
    """What the receivers of bounded and of unbounded channels share. Also an async iterator.

    Dropping it closes the channel and throws away what was not received.
    """

    __slots__ = ("_queue",)

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    # ``recv`` is in the classes of the two channels: the short way to a builtin method is for exact types.

    def recv_many(self, limit: int) -> RecvMany:
        """Awaits to a list of 1 to ``limit`` messages; ``[]`` when the channel has ended or ``limit`` is 0.

        It takes what is there and does not wait for more. Cancel safe: nothing is lost. Raises ``ValueError`` for
        a negative ``limit``, ``TypeError`` for what is no int, ``RuntimeError`` if it would have to wait while
        another task waits for a message.

        >>> import mezame
        >>> tx, rx = mezame.sync.mpsc.unbounded_channel()
        >>> tx.send("a"); tx.send("b")
        >>> mezame.block_on(rx.recv_many(10))
        ['a', 'b']

        Source of the semantics: ``tokio::sync::mpsc::Receiver::recv_many``.
        """
        return RecvMany(self, _check_limit(limit))

    def poll_recv(self, cx: Context) -> Any:
        """``Poll.Ready(message)``, ``Poll.Ready(None)`` at the end, or Pending: for hand-written futures.

        Of several polls the latest is woken. A task that waits in ``recv`` meanwhile gets a ``RuntimeError`` there.
        """
        recv = make_recv(self, None)
        recv._ticket = ANYONE
        return recv.poll(cx)

    def poll_recv_many(self, cx: Context, limit: int) -> Any:
        """``Poll.Ready(list)`` of up to ``limit`` messages, ``Poll.Ready([])`` at the end, or Pending."""
        recv = RecvMany(self, _check_limit(limit))
        recv._ticket = ANYONE
        return recv.poll(cx)

    def try_recv(self) -> Any:
        """The next message now, or ``TryRecvError.Empty`` or ``.Disconnected``. Takes no budget."""
        value = self._queue._take()
        if value is _NOTHING:
            raise TryRecvError.Empty("the channel is empty")
        if value is _OVER:
            raise TryRecvError.Disconnected("the channel is empty and no sender is left")
        return value

    def blocking_recv(self) -> Any:
        """The next message or None, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        return blocking("blocking_recv", "recv()", make_recv(self, None))

    def blocking_recv_many(self, limit: int) -> Any:
        """As ``recv_many``, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        return blocking("blocking_recv_many", "recv_many()", self.recv_many(limit))

    def close(self) -> None:
        """No new sends; what was sent, and what permits that are out will send, still arrives. Idempotent."""
        self._queue._shut(False)

    def is_closed(self) -> bool:
        """True if it was closed or every sender is gone. Messages may be left."""
        return self._queue._closed or self._queue._senders == 0

    def is_empty(self) -> bool:
        """True if no message waits."""
        return self._queue._buffer._length == 0  # type: ignore[no-any-return]

    def sender_strong_count(self) -> int:
        """How many senders keep the channel open."""
        return self._queue._senders  # type: ignore[no-any-return]

    def sender_weak_count(self) -> int:
        """How many weak senders there are."""
        return self._queue._weak  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return self._queue._buffer._length  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return True  # an empty channel is still a channel

    def __aiter__(self) -> ReceiverEnd:
        return self

    def __anext__(self) -> Recv:
        return make_recv(self, _NO_DEFAULT)

    def __del__(self) -> None:
        self._queue._shut(True)

    def __repr__(self) -> str:
        state = "closed" if self.is_closed() else "open"
        return f"<mpsc.{type(self).__name__}: {state}, {len(self)} messages>"


def _check_limit(limit: int) -> int:
    return min(check_int("limit", limit, 0), UNBOUNDED)


_RECEIVED = "this recv was polled after it completed: call it again"
_TAKEN = (
    "another task is receiving from this channel: an mpsc channel has one receiver, which one task at a time awaits;"
    " use mpmc.bounded(...) or mpmc.unbounded() for several receivers"
)


class Recv(Future):
    """The future of ``recv``."""

    __slots__ = ("_default", "_done", "_receiver", "_ticket")

    def poll(self, cx: Context) -> Any:
        value = self._recv(cx, current())
        return PENDING if value is _NOTHING else make_ready(value)

    def _recv(self, cx: Context, cur: Current) -> Any:
        """``poll`` without the wrapping: what it awaits to, or NOTHING for Pending."""
        if self._done:  # type: ignore[has-type]
            raise RuntimeError(_RECEIVED)
        if cur.budget > 0:
            cur.budget = cur.budget - 1
        elif not cur._take_budget(cx):
            return _NOTHING
        queue = self._receiver._queue
        while True:
            value = queue._take()
            if value is not _NOTHING:
                self._done = True
                return value if value is not _OVER else self._end()
            ticket = queue._park_receiver(cx._get_waker(), self._ticket)  # type: ignore[has-type]
            if ticket != 0:
                self._keep(ticket)
                cur._refund()
                return _NOTHING

    def _keep(self, ticket: int) -> None:
        """It waits, with ``ticket``; raises for -1."""
        if ticket < 0:
            self._done = True
            raise RuntimeError(_TAKEN)
        self._ticket = ticket

    def _end(self) -> Any:
        """What the end of the channel is for this recv."""
        if self._default is _NO_DEFAULT:
            raise StopAsyncIteration
        return self._default

    def close(self) -> None:
        if not self._done:
            self._receiver._queue._forget_receiver(self._ticket)


def make_recv(receiver: ReceiverEnd, default: Any) -> Recv:
    """The future of a recv."""
    recv = cython.cast(Recv, unshelve(0, Recv)) if cython.compiled else Recv.__new__(Recv)  # type: ignore  # noqa: F821
    recv._receiver = receiver
    recv._default = default
    recv._done = False
    recv._ticket = 0
    return recv


class RecvMany(Future):
    """The future of ``recv_many``."""

    __slots__ = ("_done", "_limit", "_receiver", "_ticket")

    def __init__(self, receiver: ReceiverEnd, limit: int) -> None:
        self._receiver = receiver
        self._limit = limit
        self._done = False
        self._ticket = 0

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError(_RECEIVED)
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        queue = self._receiver._queue
        got: list[Any] = []
        while self._limit > 0 and queue._take_many(got, self._limit) == 0:
            ticket = queue._park_receiver(cx._get_waker(), self._ticket)
            if ticket < 0:
                self._done = True
                raise RuntimeError(_TAKEN)
            if ticket > 0:
                self._ticket = ticket
                cur._refund()
                return PENDING
        self._done = True
        return make_ready(got)

    def close(self) -> None:
        if not self._done:
            self._receiver._queue._forget_receiver(self._ticket)


def _recv_next(raw: Any) -> Any:
    """``poll`` and what ``Future.__next__`` makes of it, in one."""
    found = here()  # type: ignore  # noqa: F821 - C, from the .pxd
    if found is cython.NULL or cython.cast(Current, found).context is None:
        return await_next(raw)  # type: ignore  # noqa: F821
    value = cython.cast(Recv, raw)._recv(cython.cast(Current, found).context, cython.cast(Current, found))
    if value is _NOTHING:
        return new_reference(PENDING)  # type: ignore  # noqa: F821
    return stop_iteration(value)  # type: ignore  # noqa: F821


if cython.compiled:
    use_distance(distance())  # type: ignore  # noqa: F821
    shelve(Recv)  # type: ignore  # noqa: F821
    set_iternext(Recv, _recv_next)  # type: ignore  # noqa: F821
