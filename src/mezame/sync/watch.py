"""watch: one value that changes, and receivers that want to know its latest state, not each change.

The value has a version, which each change raises by one; a receiver has the version that it has *seen*.

    changed():  seen != version --> seen = version, ready        seen == version --> waits for the next change

1. Changes in between collapse: a receiver that looks late sees the last value only.
2. The value of the beginning, and the one at ``subscribe``, count as seen.
3. Writers (``send*``) exclude each other with a lock of their own, since ``send_modify`` runs the caller's function in
   it; readers take the value as it is and never wait for a writer.
4. A closed channel (no senders) still tells of an unseen change; only then does it raise.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..core.waitlist import WaitList, make_place
from ..core.waker import Waker, wake_all
from .closed import Closable, Closed
from .errors import SendError

__all__ = ["Receiver", "RecvError", "SendError", "Sender", "ValueMut", "channel"]

_UNCHANGED = 0
_CHANGED = 1
_CLOSED = 2


class RecvError(Exception):
    """Every sender was closed. Source of the semantics: ``tokio::sync::watch::error::RecvError``."""

    def __init__(self, message: str = "every sender was closed") -> None:
        super().__init__(message)


class _Cell(Closable):
    """What the ends share."""

    __slots__ = ("_receivers", "_senders", "_value", "_version", "_waiters", "_writing")

    def __init__(self, value: Any) -> None:
        self._closers = None
        self._value = value
        self._version = 0
        self._receivers = 0
        self._senders = 1
        self._waiters = WaitList()
        self._writing = threading.RLock()

    def _is_gone(self) -> bool:
        return self._receivers == 0  # type: ignore[no-any-return]

    def _get(self) -> Any:
        """The value. Writers replace it under the guard while others read: so it is read under it, too."""
        self._lock()
        value = self._value
        self._unlock()
        return value

    def _swap(self, value: Any) -> Any:
        """Stores ``value``, tells nobody; the old value."""
        self._lock()
        old = self._value
        self._value = value
        self._unlock()
        return old

    def _tell(self) -> None:
        """The value has changed: a new version, and everybody who waits for one is woken."""
        wakers: list[Waker] = []
        self._lock()
        self._version += 1
        self._waiters._take_wakers(wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)

    def _count_receivers(self, change: int) -> int:
        """One receiver more or less; the version of that moment."""
        wakers: list[Waker] = []
        self._lock()
        self._receivers += change
        version = self._version
        if self._receivers == 0:
            self._take_closers(wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)
        return version  # type: ignore[no-any-return]

    def _count_senders(self, change: int) -> None:
        wakers: list[Waker] = []
        self._lock()
        self._senders += change
        if self._senders == 0:
            self._waiters._take_wakers(wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)


def channel(value: Any) -> tuple[Sender, Receiver]:
    """(sender, receiver) of a value that can be watched. Usable from any thread and on any loop.

    Args:
        value: the first value; it counts as seen.

    >>> import mezame
    >>> async def main():
    ...     tx, rx = mezame.sync.watch.channel("starting")
    ...     tx.send("running")
    ...     await rx.changed()
    ...     return rx.borrow()
    >>> mezame.run(main())
    'running'

    Source of the semantics: ``tokio::sync::watch::channel``.
    """
    sender = Sender(_Cell(value))
    return sender, sender.subscribe()


class ValueMut:
    """The value, to be read and replaced by the function of ``send_modify`` and ``send_if_modified``: ``.value``."""

    __slots__ = ("_cell",)

    def __init__(self, cell: _Cell) -> None:
        self._cell = cell

    @property
    def value(self) -> Any:
        """The value of the channel."""
        return self._cell._get()

    @value.setter
    def value(self, value: Any) -> None:
        self._cell._swap(value)


class Sender:
    """The sending end. Close it with ``close()`` or ``with``; dropping it closes it too. ``clone()`` makes another.

    Source of the semantics: ``tokio::sync::watch::Sender``.
    """

    __slots__ = ("_cell", "_open")

    def __init__(self, cell: _Cell) -> None:
        self._open = True
        self._cell = cell

    @staticmethod
    def new(value: Any) -> Sender:
        """A sender of a new channel without receivers: ``subscribe()`` makes them."""
        return Sender(_Cell(value))

    def _get_cell(self) -> _Cell:
        if not self._open:
            raise RuntimeError("this sender was closed: it cannot send, subscribe or be cloned")
        return self._cell

    def send(self, value: Any) -> None:
        """Changes the value; an equal one counts as a change too. Never waits for receivers; from any thread.

        Raises ``SendError`` (with ``value``, which is not stored) if there are none; see ``send_replace``.
        """
        cell = self._get_cell()
        with cell._writing:
            if cell._ask_gone():
                raise SendError(value, "the watch channel has no receivers")
            old = cell._swap(value)
            cell._tell()
        del old

    def send_replace(self, value: Any) -> Any:
        """Changes the value, also with no receivers; returns the old one.

        >>> tx = Sender.new(1)
        >>> tx.send_replace(2), tx.borrow()
        (1, 2)

        Source of the semantics: ``tokio::sync::watch::Sender::send_replace``.
        """
        cell = self._get_cell()
        with cell._writing:
            old = cell._swap(value)
            cell._tell()
        return old

    def send_modify(self, function: Callable[[ValueMut], Any]) -> None:
        """Changes the value in place, also with no receivers: ``function(it)`` reads and writes ``it.value``.

        No other writer comes between. If ``function`` raises, what it changed stays, and nobody is told.

        >>> tx, rx = channel({"a": 1})
        >>> tx.send_modify(lambda it: it.value.update(b=2))
        >>> rx.has_changed(), rx.borrow()
        (True, {'a': 1, 'b': 2})

        Source of the semantics: ``tokio::sync::watch::Sender::send_modify``.
        """
        cell = self._get_cell()
        with cell._writing:
            function(ValueMut(cell))
            cell._tell()

    def send_if_modified(self, function: Callable[[ValueMut], Any]) -> bool:
        """``send_modify`` that tells the receivers only if ``function`` returned a true value; returns whether.

        >>> def count_up(it):
        ...     it.value += 1
        ...     return it.value % 2 == 0
        >>> tx, rx = channel(0)
        >>> tx.send_if_modified(count_up), rx.has_changed(), rx.borrow()
        (False, False, 1)

        Source of the semantics: ``tokio::sync::watch::Sender::send_if_modified``.
        """
        cell = self._get_cell()
        with cell._writing:
            modified = bool(function(ValueMut(cell)))
            if modified:
                cell._tell()
        return modified

    def borrow(self) -> Any:
        """The value: the object itself, not a copy."""
        return self._cell._get()

    def subscribe(self) -> Receiver:
        """A receiver that has seen the present value; a channel whose receivers were all gone is open again."""
        cell = self._get_cell()
        return Receiver(cell, cell._count_receivers(1))

    def closed(self) -> Closed:
        """Waits until there is no receiver. Cancel safe."""
        return Closed(self._get_cell())

    def is_closed(self) -> bool:
        """True if there is no receiver."""
        return self._cell._ask_gone()  # type: ignore[no-any-return]

    def receiver_count(self) -> int:
        """How many receivers there are."""
        return self._cell._receivers  # type: ignore[no-any-return]

    def sender_count(self) -> int:
        """How many senders there are."""
        return self._cell._senders  # type: ignore[no-any-return]

    def same_channel(self, other: Sender) -> bool:
        """True if both send into one channel."""
        return self._cell is other._cell

    def clone(self) -> Sender:
        """Another sender of the channel. Raises ``RuntimeError`` if this one was closed."""
        self._get_cell()._count_senders(1)
        return Sender(self._cell)

    def close(self) -> None:
        """This sender sends no more; with the last one the channel ends. Idempotent. From any thread."""
        cell = self._cell
        cell._lock()
        was_open = self._open
        self._open = False
        cell._unlock()
        if was_open:
            cell._count_senders(-1)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if self._open:
            self.close()

    def __repr__(self) -> str:
        state = "open" if self._open else "this end was closed"
        return f"<watch.Sender: {state}, {self._cell._receivers} receivers>"


class Receiver:
    """The receiving end. ``clone()`` makes another that has seen as much. One task at a time waits with it.

    Source of the semantics: ``tokio::sync::watch::Receiver``.
    """

    __slots__ = ("_cell", "_seen")

    def __init__(self, cell: _Cell, seen: int) -> None:
        self._cell = cell  # which counts this receiver already
        self._seen = seen

    def borrow(self) -> Any:
        """The value: the object itself, not a copy. Does not count as seeing it."""
        return self._cell._get()

    def borrow_and_update(self) -> Any:
        """The value, which counts as seen from now on."""
        cell = self._cell
        cell._lock()
        self._seen = cell._version
        value = cell._value
        cell._unlock()
        return value

    def changed(self) -> Changed:
        """Waits for a value that was not seen, and counts it as seen; at once if there is one. Cancel safe.

        Raises ``RecvError`` if every sender was closed and the last value was seen. Takes a unit of the budget.

        Source of the semantics: ``tokio::sync::watch::Receiver::changed``.
        """
        return Changed(self)

    def wait_for(self, predicate: Callable[[Any], Any]) -> WaitFor:
        """Waits until ``predicate(value)`` is true; awaits to that value, which then counts as seen. Cancel safe.

        The present value is tested first, seen or not. Values in between may be skipped. When every sender was closed
        the last value is tested, then ``RecvError`` is raised; what ``predicate`` raises is raised.

        >>> import mezame
        >>> async def main():
        ...     tx, rx = mezame.sync.watch.channel(3)
        ...     return await rx.wait_for(lambda n: n > 2)
        >>> mezame.run(main())
        3

        Source of the semantics: ``tokio::sync::watch::Receiver::wait_for``.
        """
        return WaitFor(self, predicate)

    def _look(self) -> int:
        """Under the guard: a change that was not seen (it is now), none, or none and no sender."""
        cell = self._cell
        if self._seen != cell._version:
            self._seen = cell._version
            return _CHANGED
        return _CLOSED if cell._senders == 0 else _UNCHANGED

    def has_changed(self) -> bool:
        """True if there is a value that was not seen. Raises ``RecvError`` as soon as every sender was closed."""
        cell = self._cell
        cell._lock()
        closed = cell._senders == 0
        unseen = self._seen != cell._version
        cell._unlock()
        if closed:
            raise RecvError
        return unseen

    def mark_changed(self) -> None:
        """Has the present value count as not seen."""
        cell = self._cell
        cell._lock()
        self._seen = cell._version - 1
        cell._unlock()

    def mark_unchanged(self) -> None:
        """Has the present value count as seen."""
        cell = self._cell
        cell._lock()
        self._seen = cell._version
        cell._unlock()

    def same_channel(self, other: Receiver) -> bool:
        """True if both watch one value."""
        return self._cell is other._cell

    def clone(self) -> Receiver:
        """Another receiver that has seen as much as this one."""
        self._cell._count_receivers(1)
        return Receiver(self._cell, self._seen)

    def __del__(self) -> None:
        self._cell._count_receivers(-1)

    def __repr__(self) -> str:
        return f"<watch.Receiver of {self._cell._get()!r}>"


class Changed(Future):
    """The future of ``Receiver.changed``."""

    __slots__ = ("_done", "_place", "_receiver")

    def __init__(self, receiver: Receiver) -> None:
        self._start_changed(receiver)

    def _start_changed(self, receiver: Receiver) -> None:
        self._place = None
        self._receiver = receiver
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("this changed() was polled after it completed: call it again")
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        found = self._wait(cx)
        if found == _UNCHANGED:
            cur._refund()
            return PENDING
        self._done = True
        if found == _CLOSED:
            raise RecvError
        return make_ready(None)

    def _wait(self, cx: Context) -> int:
        """What the receiver sees; if nothing has changed, joins the waiting."""
        receiver = self._receiver
        cell = receiver._cell
        cell._lock()
        found = receiver._look()
        cell._unlock()
        if found == _UNCHANGED:
            waker = cx._get_waker()
            if self._place is None:
                self._place = make_place(0)
            place = self._place
            cell._lock()
            old = place._parked
            found = receiver._look()  # between the look above and this one the value may have changed
            if found == _UNCHANGED:
                place._park_in(cell._waiters, waker)
            cell._unlock()
            old = None
        if found != _UNCHANGED:
            self.close()
        return found

    def close(self) -> None:
        place = self._place
        if place is None:
            return
        cell = self._receiver._cell
        cell._lock()
        cell._waiters._remove(place)
        old = place._parked
        place._parked = None
        cell._unlock()
        old = None

    def __del__(self) -> None:
        self.close()


class WaitFor(Changed):
    """The future of ``Receiver.wait_for``."""

    __slots__ = ("_predicate",)

    def __init__(self, receiver: Receiver, predicate: Callable[[Any], Any]) -> None:
        self._start_changed(receiver)
        self._predicate = predicate

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("this wait_for() was polled after it completed: call it again")
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        self.close()  # off the list until the value was tested
        self._done = True
        while True:
            # Test, then look whether it has changed since: so no change is missed, and none is tested twice.
            value = self._receiver.borrow_and_update()
            if self._predicate(value):
                return make_ready(value)
            state = self._wait(cx)
            if state == _CLOSED:
                raise RecvError
            if state == _UNCHANGED:
                self._done = False
                cur._refund()
                return PENDING
