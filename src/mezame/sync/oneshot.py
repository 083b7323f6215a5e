"""oneshot: one value from one sender to one receiver.

    EMPTY --send--> FULL --await, try_recv--> TAKEN
      |  \\--sender dropped--> GONE
      \\--receiver closed or dropped--> CLOSED      (send then raises, with the value)
"""

from __future__ import annotations

from typing import Any

from ..core.block_on import block_on
from ..core.context import Context
from ..core.current import current
from ..core.future import Future
from ..core.guard import Guard
from ..core.poll import PENDING, make_ready

_EMPTY = 0
_FULL = 1
_GONE = 2
_CLOSED = 3
_TAKEN = 4


class RecvError(Exception):
    """The sender went away without a value."""


class SendError(Exception):
    """The receiver is gone. ``value`` is what was not delivered."""

    def __init__(self, value: Any, message: str = "the receiver is gone") -> None:
        super().__init__(message)
        self.value = value


class TryRecvError(Exception):
    """``try_recv`` found no value: see the subclasses ``Empty`` and ``Closed``."""

    Empty: type[TryRecvError]
    Closed: type[TryRecvError]


class _EmptyError(TryRecvError):
    pass


class _ClosedError(TryRecvError):
    pass


TryRecvError.Empty = _EmptyError
TryRecvError.Closed = _ClosedError


class _Cell(Guard):
    """What the two ends share."""

    __slots__ = ("_state", "_value", "_waker")

    def __init__(self) -> None:
        self._state = _EMPTY
        self._value = None
        self._waker = None

    def _settle(self, state: int, value: Any) -> bool:
        """EMPTY -> ``state``; the receiver is woken. False if it was settled before."""
        self._lock()
        settled = self._state == _EMPTY
        waker = None
        if settled:
            self._state = state
            self._value = value
            waker = self._waker
            self._waker = None
        self._unlock()
        if waker is not None:
            waker.wake()
        return settled

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
        self._lock()
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
    cell = _Cell()
    return Sender(cell), Receiver(cell)


class Sender:
    """The sending end. Dropping or closing it unused makes the receiver raise ``RecvError``."""

    __slots__ = ("_cell", "_used")

    def __init__(self, cell: _Cell) -> None:
        self._cell = cell
        self._used = False

    def send(self, value: Any) -> None:
        """Delivers the value; never waits; from any thread.

        Raises ``SendError`` (with ``value``) if the receiver is gone, or if a value was sent before.
        """
        if self._used:
            raise SendError(value, "a oneshot channel carries one value: it was sent before")
        self._used = True
        if not self._cell._settle(_FULL, value):
            raise SendError(value)

    def is_closed(self) -> bool:
        """True if the receiver is gone."""
        return self._cell._state == _CLOSED  # type: ignore[no-any-return]

    def close(self) -> None:
        """Gives up sending."""
        self._used = True
        self._cell._settle(_GONE, None)

    def __del__(self) -> None:
        if not self._used:
            self.close()


class Receiver(Future):
    """The receiving end: await it. Cancel safe: it may be awaited again after a lost ``select``.

    Raises ``RecvError`` if the sender went away.
    """

    __slots__ = ("_cell",)

    def __init__(self, cell: _Cell) -> None:
        self._cell = cell

    def poll(self, cx: Context) -> Any:
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        state = self._cell._wait(cx._get_waker())
        if state == _EMPTY:
            cur._refund()
            return PENDING
        if state == _FULL:
            return make_ready(self._cell._take())
        raise self._failure(state)

    def _failure(self, state: int) -> Exception:
        if state == _TAKEN:
            return RuntimeError("this oneshot was polled after it gave its value")
        if state == _GONE:
            return RecvError("the sender went away without sending")
        return RecvError("this receiver was closed")

    def try_recv(self) -> Any:
        """The value now, or ``TryRecvError.Empty`` or ``.Closed``."""
        state = self._cell._state
        if state == _FULL:
            return self._cell._take()
        if state == _EMPTY:
            raise TryRecvError.Empty("no value has been sent yet")
        raise TryRecvError.Closed("there will be no value")

    def blocking_recv(self) -> Any:
        """The value, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        if current().scheduler is not None:
            raise RuntimeError("blocking_recv would stop the runtime's thread: await the receiver there")
        return block_on(self)

    def close(self) -> None:
        """Forgets the waker: what an await that is cancelled does. The channel stays open."""
        self._cell._wait(None)

    def shut(self) -> None:
        """Refuses a value from now on; one that was sent before can still be received."""
        self._cell._settle(_CLOSED, None)

    def __del__(self) -> None:
        if self._cell._state == _EMPTY:
            self._cell._settle(_CLOSED, None)
