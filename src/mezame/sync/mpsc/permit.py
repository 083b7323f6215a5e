"""Permits: slots of a channel that were taken before there was a message.

    reserve --> Permit --send--> the message is in the channel
                       --release, dropped, end of ``with``--> the slot is free again

A permit is used once, by whichever of these comes first; then it raises.
"""

from __future__ import annotations

from typing import Any

from .queue import Queue
from .sender import SenderEnd

_USED = "this permit was used or released: reserve another"


class Slot:
    """One reserved slot."""

    __slots__ = ("_queue", "_used")

    def _start_slot(self, queue: Queue) -> None:
        self._queue = queue
        self._used = False

    def _use(self) -> bool:
        """True for the one call that may dispose of the slot."""
        queue = self._queue
        queue._lock()
        used = self._used
        self._used = True
        queue._unlock()
        return not used

    def _send(self, value: Any) -> None:
        if not self._use():
            raise RuntimeError(_USED)
        self._queue._push(value)

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self._use():
            self._queue._unclaim(1)

    def __del__(self) -> None:
        if not self._used and self._use():
            self._queue._unclaim(1)

    def __repr__(self) -> str:
        return f"<mpsc.{type(self).__name__}: {'used' if self._used else 'holds a slot'}>"


class Permit(Slot):
    """A reserved slot of a bounded channel: what ``Sender.reserve`` awaits to.

    >>> import mezame
    >>> tx, rx = mezame.sync.mpsc.channel(1)
    >>> with tx.try_reserve() as permit:
    ...     tx.capacity()
    0
    >>> tx.capacity()          # it was not used: the slot went back
    1

    Source of the semantics: ``tokio::sync::mpsc::Permit``.
    """

    __slots__ = ()

    def __init__(self, queue: Queue) -> None:
        self._start_slot(queue)

    def send(self, value: Any) -> None:
        """Sends the message into the slot; cannot fail, also after the receiver closed.

        If the receiver was dropped the message is dropped. Raises ``RuntimeError`` if the permit was used.
        """
        self._send(value)

    def release(self) -> None:
        """Gives the slot back. Idempotent. From any thread."""
        if self._use():
            self._queue._unclaim(1)

    def __enter__(self) -> Permit:
        return self


class OwnedPermit(Slot):
    """A reserved slot that keeps its sender: what ``Sender.reserve_owned`` awaits to.

    Source of the semantics: ``tokio::sync::mpsc::OwnedPermit``.
    """

    __slots__ = ("_sender",)

    def __init__(self, queue: Queue, sender: SenderEnd) -> None:
        self._start_slot(queue)
        self._sender = sender

    def send(self, value: Any) -> Any:
        """Sends the message into the slot, as ``Permit.send``; returns the sender."""
        self._send(value)
        return self._sender

    def release(self) -> Any:
        """Gives the slot back; returns the sender. Idempotent. From any thread."""
        if self._use():
            self._queue._unclaim(1)
        return self._sender

    def same_channel(self, other: OwnedPermit) -> bool:
        """True if both permits are of one channel."""
        return self._queue is other._queue

    def same_channel_as_sender(self, sender: SenderEnd) -> bool:
        """True if the permit is of the channel of ``sender``."""
        return self._queue is sender._queue

    def __enter__(self) -> OwnedPermit:
        return self


class PermitIterator:
    """Several reserved slots: an iterator of ``Permit``. What is not taken out goes back with ``release``.

    >>> import mezame
    >>> tx, rx = mezame.sync.mpsc.channel(3)
    >>> with tx.try_reserve_many(3) as permits:
    ...     next(permits).send("a")
    ...     len(permits), tx.capacity()
    (2, 0)
    >>> tx.capacity()
    2

    Source of the semantics: ``tokio::sync::mpsc::PermitIterator``.
    """

    __slots__ = ("_left", "_queue")

    def __init__(self, queue: Queue, count: int) -> None:
        self._queue = queue
        self._left = count

    def _take(self, count: int) -> int:
        """Takes up to ``count`` out; how many there were."""
        queue = self._queue
        queue._lock()
        taken = self._left if self._left < count else count
        self._left -= taken
        queue._unlock()
        return taken

    def release(self) -> None:
        """Gives back the slots of the permits that were not taken out. Idempotent. From any thread."""
        taken = self._take(self._left)
        if taken > 0:
            self._queue._unclaim(taken)

    def __iter__(self) -> PermitIterator:
        return self

    def __next__(self) -> Permit:
        if self._take(1) == 0:
            raise StopIteration
        return Permit(self._queue)

    def __len__(self) -> int:
        return self._left  # type: ignore[no-any-return]

    def __enter__(self) -> PermitIterator:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.release()

    def __del__(self) -> None:
        if self._left > 0:
            self.release()
