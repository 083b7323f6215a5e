# cython: binding=False, embedsignature=True, embedsignature.format=clinic
# (methods as those of the builtin types, which the interpreter calls directly)
"""oneshot: one value from one sender to one receiver.

    EMPTY --send--> FULL --await, try_recv--> TAKEN
      |  \\--sender dropped or closed--> GONE
      \\--receiver closed or dropped--> CLOSED      (send then raises, with the value)

Only EMPTY is ever left by a sender or by ``close``, under the guard, so of a racing ``send`` and ``close`` one wins and
the other is told. A value that was sent before ``close`` stays FULL and can still be had.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..core.context import Context
from ..core.current import Current, current, distance
from ..core.foreign import await_outside
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..core.waker import Waker, wake_all
from .blocking import blocking
from .closed import Closable, Closed
from .errors import SendError, variant

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

__all__ = ["Receiver", "RecvError", "SendError", "Sender", "TryRecvError", "channel"]

_EMPTY = 0
_FULL = 1
_GONE = 2
_CLOSED = 3
_TAKEN = 4
_NOTHING = object()
_STATES = ("waiting for a value", "value sent", "sender gone", "receiver closed", "value received")


class RecvError(Exception):
    """There is no value, and there will be none. Source: ``tokio::sync::oneshot::error::RecvError``."""


class TryRecvError(Exception):
    """``try_recv`` found no value: ``TryRecvError.Empty`` (yet) or ``.Closed`` (for ever).

    Source of the semantics: ``tokio::sync::oneshot::error::TryRecvError``.
    """

    Empty: type[TryRecvError]
    Closed: type[TryRecvError]


variant(TryRecvError, "Empty", "No value has been sent yet.")
variant(TryRecvError, "Closed", "There will be no value.")


class _Cell(Closable):
    """What the two ends share."""

    __slots__ = ("_state", "_value", "_waker")

    def __init__(self) -> None:
        self._closers = None
        self._state = _EMPTY
        self._value = None
        self._waker = None

    def _is_gone(self) -> bool:
        # Whoever waits for ``closed()`` has nothing more to wait for once the value was sent either.
        return self._state != _EMPTY  # type: ignore[no-any-return]

    def _settle(self, state: int, value: Any) -> bool:
        """EMPTY -> ``state``; whoever waits is woken. False if it was settled before."""
        waker = None
        self._lock()
        settled = self._state == _EMPTY
        if settled:
            self._state = state
            self._value = value
            waker = self._waker
            self._waker = None
        self._unlock()
        if waker is not None:
            waker.wake()
        if settled and self._closers is not None:  # one that joins them from now on sees the new state
            self._wake_closers()
        return settled

    def _wake_closers(self) -> None:
        wakers: list[Waker] = []
        self._lock()
        self._take_closers(wakers)
        self._unlock()
        wake_all(wakers)

    def _wait(self, waker: Any) -> int:
        """The state; if it is EMPTY the waker is kept."""
        self._lock()
        state = self._state
        old = self._waker
        if state == _EMPTY:
            self._waker = waker
        self._unlock()
        old = None
        return state

    def _take(self) -> Any:
        """FULL -> TAKEN, and the value; else ``_NOTHING``."""
        value = _NOTHING
        self._lock()
        if self._state == _FULL:
            value = self._value
            self._value = None
            self._state = _TAKEN
        self._unlock()
        return value


def channel() -> tuple[Sender, Receiver]:
    """(sender, receiver) for exactly one value. Usable from any thread and on any loop.

    >>> import mezame
    >>> async def main():
    ...     tx, rx = mezame.sync.oneshot.channel()
    ...     tx.send("hello")
    ...     return await rx
    >>> mezame.run(main())
    'hello'

    Source of the semantics: ``tokio::sync::oneshot::channel``.
    """
    cell = _make_cell()
    return _make_sender(cell), _make_receiver(cell)


class Sender:
    """The sending end. Dropping or closing it unused makes the receiver raise ``RecvError``.

    Source of the semantics: ``tokio::sync::oneshot::Sender``.
    """

    __slots__ = ("_cell", "_closing", "_used")

    def __init__(self, cell: _Cell) -> None:
        self._cell = cell
        self._used = False
        self._closing = None

    def send(self, value: Any) -> None:
        """Delivers the value; never waits; from any thread.

        Raises ``SendError`` (with ``value``) if the receiver is gone, or if a value was sent before.
        """
        cell = self._cell
        cell._lock()
        used = self._used
        self._used = True
        cell._unlock()
        if used:
            raise SendError(value, "a oneshot channel carries one value: it was sent before, or the sender closed")
        if not cell._settle(_FULL, value):
            raise SendError(value)

    def closed(self) -> Closed:
        """Waits until the receiver is closed or dropped, so that work that nobody wants can stop. Cancel safe.

        It completes as well once a value was sent.

        >>> import mezame
        >>> tx, rx = mezame.sync.oneshot.channel()
        >>> rx.close()
        >>> mezame.block_on(tx.closed())

        Source of the semantics: ``tokio::sync::oneshot::Sender::closed``.
        """
        return Closed(self._cell)

    def poll_closed(self, cx: Context) -> Any:
        """One poll of ``closed``, for hand-written futures."""
        if self._closing is None:
            self._closing = Closed(self._cell)
        answer = self._closing.poll(cx)
        if answer is not PENDING:
            self._closing = None
        return answer

    def is_closed(self) -> bool:
        """True if the receiver was closed or dropped before a value was sent."""
        return self._cell._state == _CLOSED  # type: ignore[no-any-return]

    def close(self) -> None:
        """Gives up sending. Idempotent; nothing after ``send``."""
        self._used = True
        self._cell._settle(_GONE, None)

    def __del__(self) -> None:
        if not self._used:
            self.close()

    def __repr__(self) -> str:
        return f"<oneshot.Sender: {_STATES[self._cell._state]}>"


class Receiver:
    """The receiving end: await it, once.

    Awaits to the value; raises ``RecvError`` if the sender went away, or this end was closed, without one. Cancel
    safe: it may be awaited again after a lost ``select``, and a value that came meanwhile is there.

    Source of the semantics: ``tokio::sync::oneshot::Receiver``.
    """

    __slots__ = ("_cell", "_terminated")

    def __init__(self, cell: _Cell) -> None:
        self._cell = cell
        self._terminated = False

    def __await__(self) -> Generator[Any, Any, Any]:
        receive = make_receive(self)
        if current().context is None:
            return await_outside(receive)
        return receive  # type: ignore[return-value]

    def poll(self, cx: Context) -> Any:
        """One poll of the await, for hand-written futures."""
        value = self._receive(cx, current())
        return PENDING if value is _NOTHING else make_ready(value)

    def _receive(self, cx: Context, cur: Current) -> Any:
        """``poll`` without the wrapping: what it awaits to, or ``_NOTHING`` for Pending."""
        if self._terminated:
            raise RuntimeError("this oneshot was polled after it completed: it carries one value")
        if cur.budget > 0:
            cur.budget = cur.budget - 1
        elif not cur._take_budget(cx):
            return _NOTHING
        value = self._cell._take()
        if value is not _NOTHING:  # it was there: no waker is needed
            self._terminated = True
            return value
        state = self._cell._wait(cx._get_waker())
        if state == _EMPTY:
            cur._refund()
            return _NOTHING
        self._terminated = True
        value = self._cell._take()
        if value is not _NOTHING:
            return value
        if state == _GONE:
            raise RecvError("the sender went away without sending")
        raise RecvError("this receiver was closed")

    def try_recv(self) -> Any:
        """The value now, or ``TryRecvError.Empty`` or ``.Closed``. Takes no budget."""
        value = self._cell._take()
        if value is _NOTHING and self._cell._state == _EMPTY:
            raise TryRecvError.Empty("no value has been sent yet")
        if value is _NOTHING and self._cell._state == _FULL:
            return self.try_recv()  # it came between the two looks
        self._terminated = True
        if value is _NOTHING:
            raise TryRecvError.Closed("there will be no value")
        return value

    def blocking_recv(self) -> Any:
        """The value, blocking this thread; raises as the await does.

        Raises ``RuntimeError`` inside a runtime's thread.
        """
        return blocking("blocking_recv", "the receiver", make_receive(self))

    def close(self) -> None:
        """Refuses a value from now on; one that was sent before can still be received. Idempotent.

        >>> tx, rx = channel()
        >>> rx.close()
        >>> try:
        ...     tx.send("late")
        ... except SendError as error:
        ...     print(error.value)
        late

        Source of the semantics: ``tokio::sync::oneshot::Receiver::close``.
        """
        self._cell._settle(_CLOSED, None)

    def is_empty(self) -> bool:
        """True if no value waits to be received."""
        return self._cell._state != _FULL  # type: ignore[no-any-return]

    def is_terminated(self) -> bool:
        """True once the value was received, or the receiver was told that there is none."""
        return self._terminated  # type: ignore[no-any-return]

    def __del__(self) -> None:
        if self._cell._state != _TAKEN and not self._cell._settle(_CLOSED, None):
            self._cell._take()  # the value goes with the receiver

    def __repr__(self) -> str:
        return f"<oneshot.Receiver: {_STATES[self._cell._state]}>"


class Receive(Future):
    """The future of one await of a ``Receiver``: dropping it leaves the channel as it is."""

    __slots__ = ("_receiver",)

    def poll(self, cx: Context) -> Any:
        return self._receiver.poll(cx)

    def close(self) -> None:
        self._receiver._cell._wait(None)


def make_receive(receiver: Receiver) -> Receive:
    """A ``Receive``."""
    receive = cython.cast(Receive, unshelve(3, Receive)) if cython.compiled else Receive.__new__(Receive)  # type: ignore  # noqa: F821
    receive._receiver = receiver
    return receive


# The three objects of a channel, without the cost of three class calls. Compiled, what is not set here is None already.


def _make_cell() -> _Cell:
    if not cython.compiled:
        return _Cell()
    cell = cython.cast(_Cell, unshelve(0, _Cell))  # type: ignore  # noqa: F821
    cell._state = _EMPTY
    return cell


def _make_sender(cell: _Cell) -> Sender:
    if not cython.compiled:
        return Sender(cell)
    sender = cython.cast(Sender, unshelve(1, Sender))  # type: ignore  # noqa: F821
    sender._cell = cell
    sender._used = False
    return sender


def _make_receiver(cell: _Cell) -> Receiver:
    if not cython.compiled:
        return Receiver(cell)
    receiver = cython.cast(Receiver, unshelve(2, Receiver))  # type: ignore  # noqa: F821
    receiver._cell = cell
    receiver._terminated = False
    return receiver


def _receive_next(raw: Any) -> Any:
    """``poll`` and what ``Future.__next__`` makes of it, in one."""
    found = here()  # type: ignore  # noqa: F821 - C, from the .pxd
    if found is cython.NULL or cython.cast(Current, found).context is None:
        return await_next(raw)  # type: ignore  # noqa: F821
    receiver = cython.cast(Receive, raw)._receiver
    value = receiver._receive(cython.cast(Current, found).context, cython.cast(Current, found))
    if value is _NOTHING:
        return new_reference(PENDING)  # type: ignore  # noqa: F821
    return stop_iteration(value)  # type: ignore  # noqa: F821


def _receiver_await(raw: Any) -> Any:
    """``Receiver.__await__`` for the interpreter."""
    found = here()  # type: ignore  # noqa: F821
    if found is cython.NULL or cython.cast(Current, found).context is None:
        return new_reference(cython.cast(object, raw).__await__())  # type: ignore  # noqa: F821
    return new_reference(make_receive(cython.cast(Receiver, raw)))  # type: ignore  # noqa: F821


if cython.compiled:
    use_distance(distance())  # type: ignore  # noqa: F821
    shelve(_Cell)  # type: ignore  # noqa: F821
    shelve(Sender)  # type: ignore  # noqa: F821
    shelve(Receiver)  # type: ignore  # noqa: F821
    shelve(Receive)  # type: ignore  # noqa: F821
    set_iternext(Receive, _receive_next)  # type: ignore  # noqa: F821
    set_am_await(Receiver, _receiver_await)  # type: ignore  # noqa: F821
