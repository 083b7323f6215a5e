"""StealQueue: a worker's own tasks, in a ring of 256 from which the other workers may steal.

One thread, the owner, pushes at the tail and pops at the head; any other takes half, from the head. There is no lock:

    head   two counters in one word: ``steal`` and ``real``, 32 bits each; changed by compare-and-swap
    tail   one counter; only the owner writes it
    slots  256 places; counter n lives in place n modulo 256. The counters only grow (and wrap).

       steal       real                tail
         |          |                   |
    -----+----------+-------------------+-----
         | being    | queued            | free
         | copied   |                   |

* push: room if tail - steal < 256. Write the slot, then publish it: tail + 1 (release).
* pop: swap ``real`` to real + 1 (and ``steal`` with it, unless a thief is copying).
* steal: allowed only while steal == real (one thief at a time). Swap ``real`` to real + n: the n tasks are claimed,
  ``steal`` stays behind and keeps the owner from overwriting them. Copy. Swap ``steal`` up to ``real``.
* overflow: the queue is full and nobody steals: swap both counters up by 128; these tasks and the new one go to the
  injection queue in one batch, in order. If somebody steals, only the new one goes there: room is about to be made.

Why it is right:

1. A slot is written only in [tail, steal + 256), read only in [steal, tail): the owner writes, and a slot is given
   free by the swap that moves ``steal`` past it, which comes after the reading.
2. Each counter value is claimed by exactly one successful swap of ``real``: so each task is taken exactly once.
3. A thief sees the slots that it claims: it read the tail (acquire) after they were written (release).
4. The 32 bits cannot wrap around within one compare-and-swap attempt in practice: that takes 2**32 tasks between the
   load and the swap of one thief.

The queue holds no references (see ``core/queue.py``, 2: queued implies owned). ``tests/test_scheduler_model.py`` tries
all interleavings of this code on small cases.

Source of the algorithm: tokio's ``scheduler::multi_thread::queue``.
"""

from __future__ import annotations

from typing import Any

from ..core.guard import Guard
from ..core.queue import RunQueue
from ..core.waker import Wakeable

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

CAPACITY = 256  # as in tokio: enough that overflow is rare, few enough that a steal of half is short
_MASK = CAPACITY - 1
_WRAP = 0xFFFFFFFF


class StealQueue(Guard):
    """The ring. ``_push``, ``_fill_from``, ``_pop`` and being the target of ``_steal_into`` are the owner's alone."""

    __slots__ = ("_alone", "_head", "_slots", "_tail")

    def __init__(self, alone: bool = False) -> None:
        """``alone``: there is no other worker, so nobody will ever steal."""
        self._alone = alone
        self._head = 0
        self._tail = 0
        if not cython.compiled:
            self._slots = [None] * CAPACITY

    def _put(self, at: int, item: Wakeable) -> None:
        self._slots[at & _MASK] = cython.cast("PyObject *", item)

    def _take(self, at: int) -> Any:
        """The link in the slot; interpreted, where a slot is a reference, it is emptied."""
        link = self._slots[at & _MASK]
        if not cython.compiled:
            self._slots[at & _MASK] = None
        return link

    # The atomic steps (see ``word.py``); here and not there, because they are on the way of every poll.

    def _get_head(self) -> int:
        if cython.compiled:
            return atomic_load(cython.address(self._head))  # type: ignore  # noqa: F821 - C, from the .pxd
        self._lock()
        head = self._head
        self._unlock()
        return head

    def _swap_head(self, old: int, new: int) -> bool:
        if cython.compiled:
            if self._alone:  # the owner is the only one who writes it: an atomic step of 20 cycles less for each poll
                atomic_store(cython.address(self._head), new)  # type: ignore  # noqa: F821
                return True
            return atomic_swap(cython.address(self._head), old, new)  # type: ignore  # noqa: F821
        self._lock()
        same: bool = self._head == old
        if same:
            self._head = new
        self._unlock()
        return same

    def _get_tail(self) -> int:
        if cython.compiled:
            return atomic_load(cython.address(self._tail))  # type: ignore  # noqa: F821
        self._lock()
        tail = self._tail
        self._unlock()
        return tail

    def _set_tail(self, tail: int) -> None:
        if cython.compiled:
            atomic_store(cython.address(self._tail), tail)  # type: ignore  # noqa: F821
            return
        self._lock()
        self._tail = tail
        self._unlock()

    # --- the owner ---------------------------------------------------------------------------------------

    @cython.nonecheck(False)
    def _push(self, item: Wakeable, overflow: RunQueue) -> bool:
        """Queues ``item`` at the back. False: it was full, and what is in ``overflow`` now has to go elsewhere."""
        while True:
            head = self._get_head()
            steal = head >> 32
            real = head & _WRAP
            tail = self._get_tail()
            if (tail - steal) & _WRAP < CAPACITY:
                self._put(tail, item)
                self._set_tail((tail + 1) & _WRAP)
                return True
            if steal != real:  # a thief is copying: it will have made room when it is done
                overflow._push(item)
                return False
            upper = (real + CAPACITY // 2) & _WRAP
            if self._swap_head(head, (upper << 32) | upper):
                for step in range(CAPACITY // 2):
                    overflow._push(cython.cast(Wakeable, self._take((real + step) & _WRAP)))
                overflow._push(item)
                return False

    @cython.nonecheck(False)
    def _fill_from(self, source: RunQueue, most: int) -> None:
        """Moves the first of ``source`` to the back, as far as there is room, and at most ``most``."""
        tail = self._get_tail()
        room = CAPACITY - ((tail - (self._get_head() >> 32)) & _WRAP)
        count = source._length
        if count > room:
            count = room
        if count > most:
            count = most
        for step in range(count):
            self._slots[(tail + step) & _MASK] = source._pop_link()
        self._set_tail((tail + count) & _WRAP)

    @cython.nonecheck(False)
    def _pop(self) -> Wakeable | None:
        """Takes the oldest, or None."""
        link = self._pop_link()
        return None if link is cython.NULL else cython.cast(Wakeable, link)

    @cython.nonecheck(False)
    def _pop_link(self) -> Any:
        while True:
            head = self._get_head()
            steal = head >> 32
            real = head & _WRAP
            if real == self._get_tail():
                return cython.NULL
            following = (real + 1) & _WRAP
            if steal == real:
                steal = following
            if self._swap_head(head, (steal << 32) | following):
                return self._take(real)

    # --- any thread ---------------------------------------------------------------------------------------

    if not cython.compiled:  # compiled, it is in the .pxd, so that it is inlined

        def _is_empty(self) -> bool:
            """Nothing is queued: a snapshot."""
            return (self._get_head() & _WRAP) == self._get_tail()

    @cython.nonecheck(False)
    def _length(self) -> int:
        """How many are queued: a snapshot, right if nobody else is at work."""
        tail = self._get_tail()
        return (tail - (self._get_head() & _WRAP)) & _WRAP

    def _steal_into(self, target: StealQueue) -> int:
        """Moves half of the tasks (rounded up) to ``target``, the queue of the calling worker; how many they were.

        Nothing is taken while another thief copies, or if ``target`` is more than half full.
        """
        end = target._get_tail()
        if (end - (target._get_head() >> 32)) & _WRAP > CAPACITY // 2:
            return 0
        while True:
            head = self._get_head()
            steal = head >> 32
            real = head & _WRAP
            if steal != real:
                return 0
            count = (self._get_tail() - real) & _WRAP
            count -= count // 2
            if count == 0 or count > CAPACITY // 2:  # empty; or the head moved on between the two loads
                if count == 0:
                    return 0
                continue
            upper = (real + count) & _WRAP
            if self._swap_head(head, (steal << 32) | upper):
                break
        for step in range(count):
            target._slots[(end + step) & _MASK] = self._take((real + step) & _WRAP)
        while True:  # the owner may pop meanwhile, which moves ``real``
            head = self._get_head()
            real = head & _WRAP
            if self._swap_head(head, (real << 32) | real):
                break
        target._set_tail((end + count) & _WRAP)
        return count
