"""End: what the senders and the receivers of an mpmc channel share."""

from __future__ import annotations

from typing import Any

from .queue import UNBOUNDED, Queue

_LEFT = "this end was left with its block: clone() one before"


class End:
    """What all ends share. Dropping an end, or leaving its ``with``, is the end of that one; ``close`` of all."""

    __slots__ = ("_is_sender", "_open", "_queue")

    def _start_end(self, queue: Queue, is_sender: bool) -> None:
        self._queue = queue
        self._is_sender = is_sender
        self._open = True

    def _get_queue(self) -> Queue:
        if not self._open:
            raise RuntimeError(_LEFT)
        return self._queue

    def close(self) -> bool:
        """Ends the channel for all ends; True if it was this call. What is buffered can still be received."""
        return self._queue._close()  # type: ignore[no-any-return]

    def is_closed(self) -> bool:
        """True if the channel was closed, or one side is gone."""
        return self._queue._closed  # type: ignore[no-any-return]

    def is_empty(self) -> bool:
        """True if no message waits."""
        return len(self._queue._buffer) == 0

    def is_full(self) -> bool:
        """True if there is no free slot."""
        return self._queue._free <= 0  # type: ignore[no-any-return]

    def capacity(self) -> int | None:
        """All slots, or None for an unbounded channel."""
        capacity = self._queue._capacity
        return None if capacity == UNBOUNDED else capacity

    def sender_count(self) -> int:
        """How many senders there are."""
        return self._queue._senders  # type: ignore[no-any-return]

    def receiver_count(self) -> int:
        """How many receivers there are."""
        return self._queue._receivers  # type: ignore[no-any-return]

    def same_channel(self, other: End) -> bool:
        """True if both are ends of one channel."""
        return self._queue is other._queue

    def __len__(self) -> int:
        return len(self._queue._buffer)

    def __bool__(self) -> bool:
        return True  # an end of an empty channel is still one

    def _leave(self) -> None:
        queue = self._queue
        queue._lock()
        was_open = self._open
        self._open = False
        queue._unlock()
        if was_open:
            queue._count(self._is_sender, -1)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self._leave()

    def __del__(self) -> None:
        if self._open:
            self._leave()

    def __repr__(self) -> str:
        return f"<mpmc.{type(self).__name__}: {'closed' if self.is_closed() else 'open'}, {len(self)} messages>"
