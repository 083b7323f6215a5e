"""BusyTime: how long a loop has been awake, readable at any moment from any thread.

One word says it all, so that who reads it while the loop goes to sleep sees neither half of a change:

    asleep   total                       nanoseconds awake so far
    awake    AWAKE + (start - total)     "as if it had been awake since that moment, and never slept"

So the time of a loop that does not sleep for hours counts while it passes. Two things keep a reader right:

1. It looks at the word before and after it looks at the clock: if the loop slept between, that would be counted. (The
   word is the same again after a sleep only if that took no time.)
2. The loop looks at the clock a moment before it says that it sleeps, and who reads in that moment is ahead. So the
   greatest answer so far is kept: to a monitoring system a counter that goes back is one that began anew.
"""

from __future__ import annotations

from .clock import monotonic_ns
from .word import Word

AWAKE = 1 << 63  # the highest bit of the word: the rest has room for 292 years


class BusyTime:
    """The stopwatch. ``_start`` and ``_stop`` are the loop's thread's, ``_total_ns`` and ``_is_awake`` anybody's."""

    __slots__ = ("_seen", "_word")

    def __init__(self) -> None:
        self._word = Word()
        self._seen = Word()

    def _start(self, now: int) -> None:
        """The loop is awake from ``now`` on (nanoseconds of the monotonic clock)."""
        word = self._word._load()
        if word < AWAKE:
            self._word._store(AWAKE + (now - word))

    def _stop(self, now: int) -> None:
        """It sleeps from ``now`` on; nothing if it does already."""
        word = self._word._load()
        if word >= AWAKE:
            self._word._store(now - (word - AWAKE))

    def _is_awake(self) -> bool:
        return self._word._load() >= AWAKE

    def _total_ns(self) -> int:
        """Nanoseconds awake, up to this moment; never less than before."""
        total = self._look()
        while True:
            seen = self._seen._load()
            if total <= seen:
                return seen  # type: ignore[no-any-return]
            if self._seen._swap(seen, total):
                return total

    def _look(self) -> int:
        while True:
            word = self._word._load()
            if word < AWAKE:
                return word  # type: ignore[no-any-return]
            total = monotonic_ns() - (word - AWAKE)
            if self._word._load() == word:
                return total  # type: ignore[no-any-return]
