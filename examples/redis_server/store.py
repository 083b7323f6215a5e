"""Store: keys, their values, and when they expire.

The tasks of a multi-thread runtime run in parallel, so what they share needs a lock. A plain ``threading.Lock`` is
right here, and a ``mezame.sync.Mutex`` would be wrong: nothing is awaited while it is held, so it is held for well
under a microsecond, and no task ever waits for it with the thread to itself. Each method is atomic.

A key dies twice. *Lazily*: whoever touches it after its deadline finds nothing, to the microsecond. *Actively*: one
task takes out what nobody touches, so that it does not stay in memory. That task alone has the ``DelayQueue``; the
others tell it through a channel *which* key to look at, not when: in whatever order the messages come, it reads the
deadline that holds now.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable

import mezame
from mezame.sync import mpsc
from mezame.time import DelayQueue, Key

from .resp import CommandError

INTEGERS = range(-(2**63), 2**63)
PERSISTENT = -1
MISSING = -2


def parse_integer(text: bytes) -> int:
    """A signed 64-bit number as Redis has it: no blanks, no plus, no leading zeros."""
    digits = text.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > 19 or str(number := int(text)).encode() != text or number not in INTEGERS:
        raise CommandError("ERR value is not an integer or out of range")
    return number


class Store:
    """The data. All methods but ``expire_keys`` are synchronous and may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[bytes, bytes] = {}
        self._deadlines: dict[bytes, float] = {}  # few keys have one
        self._changed, self._changes = mpsc.unbounded_channel()
        self.expired = 0

    # --- under the lock --------------------------------------------------------------------------------------------

    def _live(self, key: bytes) -> bytes | None:
        """The value, or None; a key whose time has come goes here at the latest."""
        value = self._values.get(key)
        if value is not None and self._deadlines:
            deadline = self._deadlines.get(key)
            if deadline is not None and deadline <= mezame.time.now():
                del self._values[key], self._deadlines[key]
                self.expired += 1
                return None
        return value

    # --- values ----------------------------------------------------------------------------------------------------

    def get(self, key: bytes) -> bytes | None:
        with self._lock:
            return self._live(key)

    def get_many(self, keys: Iterable[bytes]) -> list[bytes | None]:
        with self._lock:
            return [self._live(key) for key in keys]

    def set(
        self,
        key: bytes,
        value: bytes,
        *,
        deadline: float | None = None,
        keep_deadline: bool = False,
        only_if: bool | None = None,
    ) -> bool:
        """Sets it; False if it was not: ``only_if`` demands that the key exists (True) or that it does not (False)."""
        with self._lock:
            if only_if is not None and (self._live(key) is not None) != only_if:
                return False
            if keep_deadline:
                self._live(key)  # the deadline that is kept must not be one that has passed
                had = False
            else:
                had = self._deadlines.pop(key, None) is not None
            self._values[key] = value
            if deadline is not None:
                self._deadlines[key] = deadline
        # A wake runs code of others: never under our lock.
        if had or deadline is not None:
            self._changed.send(key)
        return True

    def set_many(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        had = []
        with self._lock:
            for key, value in pairs:
                self._values[key] = value
                if self._deadlines.pop(key, None) is not None:
                    had.append(key)
        for key in had:
            self._changed.send(key)

    def add(self, key: bytes, amount: int) -> int:
        """Adds to the number at ``key`` (0 if there is none); the sum. The deadline stays."""
        with self._lock:
            value = self._live(key)
            total = amount + (0 if value is None else parse_integer(value))
            if total not in INTEGERS:
                raise CommandError("ERR increment or decrement would overflow")
            self._values[key] = b"%d" % total
            return total

    def delete(self, keys: Iterable[bytes]) -> int:
        count = 0
        had = []
        with self._lock:
            for key in keys:
                if self._live(key) is not None:
                    count += 1
                    del self._values[key]
                    if self._deadlines.pop(key, None) is not None:
                        had.append(key)
        for key in had:
            self._changed.send(key)
        return count

    def count_existing(self, keys: Iterable[bytes]) -> int:
        with self._lock:
            return sum(self._live(key) is not None for key in keys)

    def clear(self) -> None:
        with self._lock:
            had = list(self._deadlines)
            self._values.clear()
            self._deadlines.clear()
        for key in had:
            self._changed.send(key)

    def __len__(self) -> int:
        return len(self._values)

    # --- deadlines -------------------------------------------------------------------------------------------------

    def set_deadline(self, key: bytes, deadline: float | None) -> bool:
        """A new deadline, or None for none. False if there is no such key, or it had none to take away."""
        with self._lock:
            if self._live(key) is None:
                return False
            if deadline is None:
                if self._deadlines.pop(key, None) is None:
                    return False
            else:
                self._deadlines[key] = deadline
                self._live(key)  # it may be in the past: then the key goes now
        self._changed.send(key)
        return True

    def time_to_live(self, key: bytes) -> float:
        """Seconds; ``PERSISTENT`` or ``MISSING``."""
        with self._lock:
            if self._live(key) is None:
                return MISSING
            deadline = self._deadlines.get(key)
            return PERSISTENT if deadline is None else deadline - mezame.time.now()

    def count_deadlines(self) -> int:
        return len(self._deadlines)

    def _take_out(self, key: bytes) -> None:
        """Unless it has got a later deadline since: then there is a message about it in the channel."""
        with self._lock:
            # Within the timers' millisecond: a deadline that is rounded must not leave the key in memory.
            if self._deadlines.get(key, math.inf) <= mezame.time.now() + 0.001:
                del self._values[key], self._deadlines[key]
                self.expired += 1

    async def expire_keys(self) -> None:
        """Takes out each key at its deadline. Runs until it is cancelled; one task of it is needed."""
        queue = DelayQueue()
        entries: dict[bytes, Key] = {}
        while True:
            # A queue that is empty says so at once, and again and again: then there is only the channel to wait for.
            due = mezame.branch(queue.next(), when=not queue.is_empty())
            which, answer = await mezame.select(changed=self._changes.recv_many(256), due=due)
            if which == "due":
                del entries[answer.value]
                self._take_out(answer.value)
                continue
            for key in answer:
                with self._lock:
                    deadline = self._deadlines.get(key)
                if deadline is None:
                    if key in entries:
                        queue.remove(entries.pop(key))
                elif key in entries:
                    queue.reset_at(entries[key], deadline)
                else:
                    entries[key] = queue.insert_at(key, deadline)
