"""RunQueue: a FIFO linked through its members, so that queueing a task allocates nothing.

A task is in at most one queue, and in it at most once: the state word of the task says so
(``state.py``: only the transition to SCHEDULED queues). A RunQueue has one owner; where several
threads push, the owner holds its guard around the call.
"""

from __future__ import annotations

from .waker import Wakeable


class RunQueue:
    """First in, first out."""

    __slots__ = ("_head", "_length", "_tail")

    def __init__(self) -> None:
        self._head = None
        self._tail = None
        self._length = 0

    def _push(self, item: Wakeable) -> None:
        """Appends ``item``, which is in no queue."""
        if self._tail is None:
            self._head = item
        else:
            self._tail._next = item
        self._tail = item
        self._length += 1

    def _pop(self) -> Wakeable | None:
        """Takes the first, or None."""
        item = self._head
        if item is None:
            return None
        following = item._next
        self._head = following
        if following is None:
            self._tail = None
        else:
            item._next = None
        self._length -= 1
        return item

    def _append_all(self, other: RunQueue) -> None:
        """Moves all of ``other`` behind our own, in order, in constant time."""
        if other._head is None:
            return
        if self._tail is None:
            self._head = other._head
        else:
            self._tail._next = other._head
        self._tail = other._tail
        self._length += other._length
        other._head = None
        other._tail = None
        other._length = 0

    def __len__(self) -> int:
        return self._length
