"""Ring: what the ends of a broadcast channel share: the last messages, and who has not read them yet.

Messages are numbered from 0; ``_tail`` is the number of the next one. A ring of c slots (a power of two) keeps the
last c of them: message n is in slot n mod c. Each receiver has the number of the message that it reads next:

    overwritten      kept: what each receiver from its number on will read       not sent yet
    ------------ | tail - c ....... next of A ....... next of B ....... tail - 1 | tail

1. ``send`` never waits: it overwrites slot ``tail mod c``, whoever has read it or not.
2. A receiver whose number fell below ``tail - c`` is told how many it lost, once, and goes on at ``tail - c``.
3. ``_left`` of a slot counts the live receivers that have still to read it. At 0 the value is let go; so it is when
   the last such receiver is dropped. It only grows with the number, for receivers read in order.
4. ``subscribe`` starts at ``tail``: later messages only. With no receivers a send fails, and nothing is kept.
5. Every waiting receiver is woken by each send, and by the end of the last sender.
"""

from __future__ import annotations

from typing import Any

from ...core.waitlist import WaitList
from ...core.waker import Waker, wake_all
from ..closed import Closable


class Slot:
    """One kept message."""

    __slots__ = ("_left", "_value")

    def __init__(self) -> None:
        self._left = 0
        self._value = None


class Ring(Closable):
    """See the rules above."""

    __slots__ = ("_mask", "_receivers", "_senders", "_size", "_slots", "_tail", "_waiters", "_weak")

    def __init__(self, size: int) -> None:
        self._closers = None
        self._size = size
        self._mask = size - 1
        self._slots = [Slot() for _ in range(size)]
        self._tail = 0
        self._receivers = 0
        self._senders = 1
        self._weak = 0
        self._waiters = WaitList()

    def _is_gone(self) -> bool:
        return self._receivers == 0  # type: ignore[no-any-return]

    def _slot(self, number: int) -> Any:
        return self._slots[number & self._mask]

    def _put(self, value: Any) -> int:
        """Sends; how many receivers will see it. 0: there are none, and it is not kept."""
        wakers: list[Waker] = []
        old = None
        self._lock()
        count = self._receivers
        if count > 0:
            slot = self._slot(self._tail)
            old = slot._value
            slot._value = value
            slot._left = count
            self._tail += 1
            self._waiters._take_wakers(wakers)
        self._unlock()
        old = None
        if wakers:
            wake_all(wakers)
        return count  # type: ignore[no-any-return]

    def _take(self, number: int, into: list[Any]) -> int:
        """Under the guard: message ``number``, which is kept, is read by one receiver. It is appended to ``into``.

        Values that nobody needs any more are only moved: they are let go after the unlock.
        """
        slot = self._slot(number)
        into.append(slot._value)
        slot._left -= 1
        if slot._left == 0:
            slot._value = None
        return 1

    def _oldest(self) -> int:
        """Under the guard: the number of the oldest message that may be kept."""
        return self._tail - self._size if self._tail > self._size else 0

    def _unread(self) -> int:
        """How many messages some live receiver has not read."""
        self._lock()
        number = self._tail
        oldest = self._oldest()
        while number > oldest and self._slot(number - 1)._left > 0:
            number -= 1
        count = self._tail - number
        self._unlock()
        return count

    def _join(self) -> int:
        """One more receiver; the number that it starts with."""
        self._lock()
        self._receivers += 1
        number = self._tail
        self._unlock()
        return number  # type: ignore[no-any-return]

    def _leave(self, number: int) -> None:
        """A receiver that would have read ``number`` next is dropped."""
        wakers: list[Waker] = []
        dropped: list[Any] = []
        self._lock()
        oldest = self._oldest()
        if number < oldest:
            number = oldest
        while number < self._tail:
            self._take(number, dropped)
            number += 1
        self._receivers -= 1
        if self._receivers == 0:
            self._take_closers(wakers)
        self._unlock()
        del dropped[:]
        if wakers:
            wake_all(wakers)

    def _add_sender(self) -> bool:
        """One more sender; False if there was none left (``WeakSender.upgrade``)."""
        self._lock()
        alive = self._senders > 0
        if alive:
            self._senders += 1
        self._unlock()
        return alive

    def _drop_sender(self) -> None:
        wakers: list[Waker] = []
        self._lock()
        self._senders -= 1
        if self._senders == 0:
            self._waiters._take_wakers(wakers)
        self._unlock()
        if wakers:
            wake_all(wakers)

    def _count_weak(self, change: int) -> None:
        self._lock()
        self._weak += change
        self._unlock()
