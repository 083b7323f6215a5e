"""DelayQueue: values that come out at their deadlines.

A heap ordered by deadline, and one timer for its head. What was removed or reset stays in the heap until it comes to
the front, or until such leftovers are the greater part: then the heap is made anew.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Any, NamedTuple

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, Poll
from .duration import deadline_ns, to_ns
from .instant import Instant, now_ns
from .sleep import Sleep


class Key:
    """Names an entry of a ``DelayQueue``, until it came out or was removed."""

    __slots__ = ("_deadline_ns", "_turn", "_value")

    def __init__(self, value: Any) -> None:
        self._value = value
        self._deadline_ns = 0
        self._turn = 0


class Expired(NamedTuple):
    """What comes out of a ``DelayQueue``."""

    value: Any
    """What was inserted."""
    deadline: Instant
    """When it was to come out."""
    key: Key
    """Its key, which names nothing any more."""


class DelayQueue:
    """A queue of values, each with a deadline; an async iterator that gives them as they expire.

    The iteration ends when the queue is empty and goes on after the next ``insert``. Ordered by deadline, to 1 ms,
    never early. Use it from one task; an insert or reset from another task of the same thread wakes it.

    >>> import mezame
    >>> async def main():
    ...     queue = mezame.time.DelayQueue()
    ...     late = queue.insert("late", 30)
    ...     queue.insert("soon", 10)
    ...     queue.reset(late, 20)
    ...     return [expired.value async for expired in queue]
    >>> mezame.run(main(), start_paused=True)
    ['soon', 'late']

    Source of the semantics: ``tokio_util::time::DelayQueue``.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Key]] = []
        self._keys: set[Key] = set()
        self._turns = itertools.count(1)
        self._waker = AtomicWaker()
        self._sleep: Sleep | None = None
        self._armed_ns = -1

    # --- putting in -----------------------------------------------------------------------------------------

    def insert(self, value: Any, delay: Any) -> Key:
        """Puts ``value`` in, to come out after ``delay`` seconds (or timedelta). Returns its ``Key``."""
        return self._insert(value, now_ns() + to_ns(delay, "DelayQueue.insert: the delay"))

    def insert_at(self, value: Any, deadline: float) -> Key:
        """Puts ``value`` in, to come out at ``deadline``, an ``Instant``. Returns its ``Key``."""
        return self._insert(value, deadline_ns(deadline, "DelayQueue.insert_at: the deadline"))

    def _insert(self, value: Any, ns: int) -> Key:
        key = Key(value)
        self._keys.add(key)
        self._place(key, ns)
        return key

    def _place(self, key: Key, ns: int) -> None:
        key._deadline_ns = ns
        key._turn = next(self._turns)
        heapq.heappush(self._heap, (ns, key._turn, key))
        if self._armed_ns < 0 or ns < self._armed_ns:
            self._waker.wake()
        if len(self._heap) > 64 and len(self._heap) > 2 * len(self._keys):
            self._heap = [entry for entry in self._heap if self._is_live(entry)]
            heapq.heapify(self._heap)

    def _is_live(self, entry: tuple[int, int, Key]) -> bool:
        return entry[2] in self._keys and entry[2]._turn == entry[1]

    def reset(self, key: Key, delay: Any) -> None:
        """Gives the entry a new deadline, ``delay`` seconds from now. ``KeyError`` if it is not in the queue."""
        self._checked(key)
        self._place(key, now_ns() + to_ns(delay, "DelayQueue.reset: the delay"))

    def reset_at(self, key: Key, deadline: float) -> None:
        """Gives the entry a new deadline, an ``Instant``. ``KeyError`` if it is not in the queue."""
        self._checked(key)
        self._place(key, deadline_ns(deadline, "DelayQueue.reset_at: the deadline"))

    def _checked(self, key: Key) -> Key:
        if key not in self._keys:
            raise KeyError(f"{key!r} is not in this DelayQueue: it came out, or was removed, or is another queue's")
        return key

    # --- taking out -----------------------------------------------------------------------------------------

    def remove(self, key: Key) -> Expired:
        """Takes the entry out before its time. ``KeyError`` if it is not in the queue."""
        return self._take(self._checked(key))

    def try_remove(self, key: Key) -> Expired | None:
        """``remove``, but None if the entry is not in the queue."""
        return self._take(key) if key in self._keys else None

    def _take(self, key: Key) -> Expired:
        self._keys.discard(key)
        if not self._keys:
            self._waker.wake()  # whoever waits learns that it is empty
        value, key._value = key._value, None
        return Expired(value, Instant(key._deadline_ns / 1e9), key)

    def poll_expired(self, cx: Context) -> Any:
        """``Poll.Ready(Expired)`` for the next that is due, ``Poll.Ready(None)`` if the queue is empty, or Pending."""
        self._waker.register(cx.waker)
        head = self._head()
        if head is None:
            self._disarm()
            return Poll.Ready(None)
        if self._sleep is None or self._armed_ns != head._deadline_ns:
            self._disarm()
            self._armed_ns = head._deadline_ns
            self._sleep = Sleep(0, head._deadline_ns)
        if self._sleep.poll(cx) is PENDING:
            return PENDING
        self._disarm()
        self._waker.take()
        heapq.heappop(self._heap)
        return Poll.Ready(self._take(head))

    def _head(self) -> Key | None:
        heap = self._heap
        while heap and not self._is_live(heap[0]):
            heapq.heappop(heap)
        return heap[0][2] if heap else None

    def _disarm(self) -> None:
        sleep, self._sleep = self._sleep, None
        self._armed_ns = -1
        if sleep is not None:
            sleep.close()

    def next(self) -> NextExpired:
        """Waits for the next that is due; awaits to its ``Expired``, or None if the queue is empty. Cancel safe."""
        return NextExpired(self)

    def __aiter__(self) -> DelayQueue:
        return self

    async def __anext__(self) -> Expired:
        expired = await self.next()
        if expired is None:
            raise StopAsyncIteration
        return expired  # type: ignore[no-any-return]

    def clear(self) -> None:
        """Drops all entries."""
        self._heap.clear()
        self._keys.clear()
        self._disarm()
        self._waker.wake()

    # --- looking at it --------------------------------------------------------------------------------------

    def deadline(self, key: Key) -> Instant:
        """When the entry comes out. ``KeyError`` if it is not in the queue."""
        return Instant(self._checked(key)._deadline_ns / 1e9)

    def peek(self) -> Key | None:
        """The key of the entry that comes out next, or None."""
        return self._head()

    def is_empty(self) -> bool:
        """True if there is no entry."""
        return not self._keys

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._keys)

    def __bool__(self) -> bool:
        return True

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __repr__(self) -> str:
        return f"<DelayQueue of {len(self)} values>"


class NextExpired(Future):
    """The future of ``DelayQueue.next``."""

    __slots__ = ("_done", "_queue")

    def __init__(self, queue: DelayQueue) -> None:
        self._queue = queue
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("next() was polled after it completed: call it again")
        answer = self._queue.poll_expired(cx)
        self._done = answer is not PENDING
        return answer

    def close(self) -> None:
        if not self._done:
            self._queue._disarm()
            self._queue._waker.take()
