# cython: nonecheck=False
"""RunQueue: a FIFO linked through its members, so that queueing a task allocates nothing and counts no reference.

Invariants:

1. A task is in at most one queue, and in it at most once: the state word of the task says so (``state.py``:
   only the transition to SCHEDULED queues).
2. Whoever is queued is held by ``OwnedTasks`` of the same executor until after it is taken out: a task leaves
   that list only when it is complete, and a complete task is never queued. So the links need not be
   references: compiled, they are bare pointers.
3. A RunQueue has one owner; where several threads push, the owner holds its guard around the call.
4. Whoever drops tasks that may be queued (a shutdown) clears the queue first.
"""

from __future__ import annotations

from typing import Any

from .waker import Wakeable

try:
    import cython
except ImportError:
    from . import cython_shim as cython


class RunQueue:
    """First in, first out."""

    __slots__ = ("_head", "_length", "_tail")

    def __init__(self) -> None:
        self._length = 0
        self._head = self._tail = cython.NULL

    def _push(self, item: Wakeable) -> None:
        """Appends ``item``, which is in no queue."""
        link = cython.cast("PyObject *", item)
        if self._length == 0:
            self._head = link
        else:
            cython.cast(Wakeable, self._tail)._next = link
        self._tail = link
        self._length = self._length + 1

    def _pop(self) -> Wakeable | None:
        """Takes the first, or None."""
        link = self._pop_link()
        return None if link is cython.NULL else cython.cast(Wakeable, link)

    if not cython.compiled:  # compiled, it is in the .pxd, so that it is inlined: each poll comes through here

        def _pop_link(self) -> Any:
            """``_pop`` for who hands it on: compiled, it counts no reference."""
            if self._length == 0:
                return cython.NULL
            head = self._head
            self._head = head._next
            self._length = self._length - 1
            head._next = cython.NULL  # here the links are references: they must not keep anything alive
            if self._length == 0:
                self._head = self._tail = cython.NULL
            return head

    def _append_all(self, other: RunQueue) -> None:
        """Moves all of ``other`` behind our own, in order, in constant time."""
        if other._length == 0:
            return
        if self._length == 0:
            self._head = other._head
        else:
            cython.cast(Wakeable, self._tail)._next = other._head
        self._tail = other._tail
        self._length = self._length + other._length
        other._length = 0
        if not cython.compiled:
            other._head = other._tail = cython.NULL

    def _clear(self) -> None:
        """Forgets all."""
        self._length = 0
        if not cython.compiled:
            self._head = self._tail = cython.NULL

    def __len__(self) -> int:
        return self._length
