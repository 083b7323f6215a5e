"""Sender, WeakSender and ``channel``: the sending end of a broadcast channel. Sending never waits."""

from __future__ import annotations

from typing import Any

from ...core.check import check_int
from ..closed import Closed
from ..errors import SendError
from .receiver import Receiver
from .ring import Ring

MAX_CAPACITY = 1 << 32  # slots are made at once: more would be a mistake


def _size_of(capacity: int) -> int:
    return 1 << (check_int("capacity", capacity, 1, MAX_CAPACITY) - 1).bit_length()


def channel(capacity: int) -> tuple[Sender, Receiver]:
    """(sender, receiver): every receiver sees every message. Usable from any thread and on any loop.

    Args:
        capacity: how many messages are kept for slow receivers; at least 1, rounded up to a power of two.

    Raises ``ValueError`` for a capacity out of range, ``TypeError`` for what is no int.

    >>> import mezame
    >>> async def main():
    ...     tx, rx = mezame.sync.broadcast.channel(16)
    ...     other = tx.subscribe()
    ...     tx.send("news")
    ...     return await rx.recv(), await other.recv()
    >>> mezame.run(main())
    ('news', 'news')

    Source of the semantics: ``tokio::sync::broadcast::channel``.
    """
    ring = Ring(_size_of(capacity))
    return Sender(ring), Receiver(ring)


class Sender:
    """The sending end. Close it with ``close()`` or ``with``; dropping it closes it too. ``clone()`` makes another.

    Source of the semantics: ``tokio::sync::broadcast::Sender``.
    """

    __slots__ = ("_open", "_ring")

    def __init__(self, ring: Ring) -> None:
        self._open = True
        self._ring = ring

    @staticmethod
    def new(capacity: int) -> Sender:
        """A sender of a new channel without receivers: ``subscribe()`` makes them."""
        return Sender(Ring(_size_of(capacity)))

    def _get_ring(self) -> Ring:
        if not self._open:
            raise RuntimeError("this sender was closed: it cannot send, subscribe or be cloned")
        return self._ring

    def send(self, value: Any) -> int:
        """Sends to all receivers; returns how many there are. Never waits; from any thread.

        Raises ``SendError`` (with ``value``, which is not kept) if there are none.
        """
        count = self._get_ring()._put(value)
        if count == 0:
            raise SendError(value, "the broadcast channel has no receivers")
        return count  # type: ignore[no-any-return]

    def subscribe(self) -> Receiver:
        """A receiver of what is sent from now on; a channel whose receivers were all gone is open again."""
        return Receiver(self._get_ring())

    def closed(self) -> Closed:
        """Waits until there is no receiver. Cancel safe."""
        return Closed(self._get_ring())

    def receiver_count(self) -> int:
        """How many receivers there are."""
        return self._ring._receivers  # type: ignore[no-any-return]

    def __len__(self) -> int:
        """Messages that some receiver has not read."""
        return self._ring._unread()  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return True  # a sender whose messages were all read is still one

    def is_empty(self) -> bool:
        """True if every receiver has read everything."""
        return len(self) == 0

    def strong_count(self) -> int:
        """How many senders keep the channel open."""
        return self._ring._senders  # type: ignore[no-any-return]

    def weak_count(self) -> int:
        """How many weak senders there are."""
        return self._ring._weak  # type: ignore[no-any-return]

    def same_channel(self, other: Sender) -> bool:
        """True if both send into one channel."""
        return self._ring is other._ring

    def clone(self) -> Sender:
        """Another sender of the channel. Raises ``RuntimeError`` if this one was closed."""
        self._get_ring()._add_sender()
        return Sender(self._ring)

    def downgrade(self) -> WeakSender:
        """A sender that does not keep the channel open."""
        return WeakSender(self._ring)

    def close(self) -> None:
        """This sender sends no more; with the last one the channel ends. Idempotent. From any thread."""
        ring = self._ring
        ring._lock()
        was_open = self._open
        self._open = False
        ring._unlock()
        if was_open:
            ring._drop_sender()

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if self._open:
            self.close()

    def __repr__(self) -> str:
        state = "open" if self._open else "this end was closed"
        return f"<broadcast.Sender: {state}, {self._ring._receivers} receivers>"


class WeakSender:
    """A sender that does not keep the channel open: ``upgrade()`` it to send.

    Source of the semantics: ``tokio::sync::broadcast::WeakSender``.
    """

    __slots__ = ("_ring",)

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._ring._count_weak(1)

    def upgrade(self) -> Sender | None:
        """A sender, or None if the last one was closed."""
        return Sender(self._ring) if self._ring._add_sender() else None

    def clone(self) -> WeakSender:
        """Another weak sender of the channel."""
        return WeakSender(self._ring)

    def strong_count(self) -> int:
        """How many senders keep the channel open."""
        return self._ring._senders  # type: ignore[no-any-return]

    def weak_count(self) -> int:
        """How many weak senders there are, this one too."""
        return self._ring._weak  # type: ignore[no-any-return]

    def __del__(self) -> None:
        self._ring._count_weak(-1)
