"""SenderEnd and WeakEnd: what the senders of bounded and of unbounded channels share.

A sender counts as one of the channel's until ``close()`` (or the end of its ``with``, or its being dropped). A weak
one does not count: the channel ends without asking it.
"""

from __future__ import annotations

from typing import Any

from ..closed import Closed
from .queue import Queue


class SenderEnd:
    """A sender. Close it with ``close()`` or ``with``; dropping it closes it too."""

    __slots__ = ("_open", "_queue")

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._open = True

    def _get_queue(self) -> Queue:
        """The queue, for a sender that may still send."""
        if not self._open:
            raise RuntimeError("this sender was closed: it cannot send or be cloned")
        return self._queue

    def is_closed(self) -> bool:
        """True once the receiver was closed or dropped: nothing can be sent. It stays so."""
        return self._queue._ask_gone()  # type: ignore[no-any-return]

    def closed(self) -> Closed:
        """Waits until the receiver is closed or dropped, so that work that nobody wants can stop. Cancel safe.

        >>> import mezame
        >>> async def main():
        ...     tx, rx = mezame.sync.mpsc.channel(1)
        ...     rx.close()
        ...     await tx.closed()
        ...     return tx.is_closed()
        >>> mezame.run(main())
        True

        Source of the semantics: ``tokio::sync::mpsc::Sender::closed``.
        """
        return Closed(self._get_queue())

    def same_channel(self, other: SenderEnd) -> bool:
        """True if both send into one channel."""
        return self._queue is other._queue

    def strong_count(self) -> int:
        """How many senders keep the channel open."""
        return self._queue._senders  # type: ignore[no-any-return]

    def weak_count(self) -> int:
        """How many weak senders there are."""
        return self._queue._weak  # type: ignore[no-any-return]

    def close(self) -> None:
        """This sender sends no more; with the last one the channel ends. Idempotent. From any thread."""
        queue = self._queue
        queue._lock()
        was_open = self._open
        self._open = False
        queue._unlock()
        if was_open:
            queue._drop_sender()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if self._open:
            self.close()

    def __repr__(self) -> str:
        state = "this end was closed" if not self._open else "receiver closed" if self._queue._closed else "open"
        return f"<mpsc.{type(self).__name__}: {state}>"


class WeakEnd:
    """A sender that does not keep the channel open."""

    __slots__ = ("_queue",)

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._queue._count_weak(1)

    def strong_count(self) -> int:
        """How many senders keep the channel open."""
        return self._queue._senders  # type: ignore[no-any-return]

    def weak_count(self) -> int:
        """How many weak senders there are, this one too."""
        return self._queue._weak  # type: ignore[no-any-return]

    def __del__(self) -> None:
        self._queue._count_weak(-1)
