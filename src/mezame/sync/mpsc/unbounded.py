# cython: binding=False, embedsignature=True, embedsignature.format=clinic
# (methods as those of the builtin types, which the interpreter calls directly)
"""Unbounded channels: ``send`` is a plain function that never waits."""

from __future__ import annotations

from typing import Any

from ..errors import SendError
from .queue import UNBOUNDED, Queue
from .receiver import ReceiverEnd, Recv, make_recv
from .sender import SenderEnd, WeakEnd


def unbounded_channel() -> tuple[UnboundedSender, UnboundedReceiver]:
    """(sender, receiver) of a channel without a limit. Usable from any thread and on any loop.

    A receiver that is slower than its senders lets it grow without bound; prefer ``channel``.

    >>> import mezame
    >>> tx, rx = mezame.sync.mpsc.unbounded_channel()
    >>> tx.send("now")
    >>> mezame.block_on(rx.recv())
    'now'

    Source of the semantics: ``tokio::sync::mpsc::unbounded_channel``.
    """
    queue = Queue(UNBOUNDED)
    return UnboundedSender(queue), UnboundedReceiver(queue)


class UnboundedSender(SenderEnd):
    """The sending end of an unbounded channel. ``clone()`` makes another.

    Source of the semantics: ``tokio::sync::mpsc::UnboundedSender``.
    """

    __slots__ = ()

    def send(self, value: Any) -> None:
        """Sends; never waits; from any thread. Raises ``SendError`` (with ``value``) if the receiver is gone."""
        if self._get_queue()._offer(value) < 0:
            raise SendError(value)

    def clone(self) -> UnboundedSender:
        """Another sender of the channel. Raises ``RuntimeError`` if this one was closed."""
        self._get_queue()._add_sender()
        return UnboundedSender(self._queue)

    def downgrade(self) -> WeakUnboundedSender:
        """A sender that does not keep the channel open."""
        return WeakUnboundedSender(self._queue)


class WeakUnboundedSender(WeakEnd):
    """A sender of an unbounded channel that does not keep it open: ``upgrade()`` it to send.

    Source of the semantics: ``tokio::sync::mpsc::WeakUnboundedSender``.
    """

    __slots__ = ()

    def upgrade(self) -> UnboundedSender | None:
        """A sender, or None if the last one was closed."""
        return UnboundedSender(self._queue) if self._queue._add_sender() else None

    def clone(self) -> WeakUnboundedSender:
        """Another weak sender of the channel."""
        return WeakUnboundedSender(self._queue)


class UnboundedReceiver(ReceiverEnd):
    """The receiving end of an unbounded channel; one task at a time receives. Also an async iterator.

    Source of the semantics: ``tokio::sync::mpsc::UnboundedReceiver``.
    """

    __slots__ = ()

    def recv(self, default: Any = None) -> Recv:
        """Awaits to the next message; ``default`` when the channel has ended. Cancel safe: nothing is lost.

        Raises ``RuntimeError`` if it would have to wait while another task waits for a message.

        Args:
            default: what tells the end apart from a message that is None.

        Source of the semantics: ``tokio::sync::mpsc::Receiver::recv``.
        """
        return make_recv(self, default)
