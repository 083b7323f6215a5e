"""TimerWheel: which timer is next, for any number of timers: insert and cancel O(1), no comparison sort.

Pure data: ticks are integers that the caller counts (a runtime: milliseconds since it started), there is no
clock here and no lock. Six levels of 64 slots; a slot is a list of entries, linked through the entries:

    level 0    64 slots of 1 tick                 the coming  64 ms
    level 1    64 slots of 64 ticks               the coming   4 s
    level 2    64 slots of 64**2                  the coming   4 min
    level 3    64 slots of 64**3                  the coming   5 h
    level 4    64 slots of 64**4                  the coming  12 days
    level 5    64 slots of 64**5                  the coming   2.2 years (2**36 ms); later: a turn more

A tick is read as six digits of base 64. An entry belongs to the level of the highest digit in which its tick
differs from ``elapsed`` (the tick that the wheel stands at), and there to the slot which that digit names:

    elapsed = ..  3  17  40     tick = ..  3  17  52   ->  level 0, slot 52: due at that very tick
                                tick = ..  3  20   5   ->  level 1, slot 20: looked at when tick ..3.20.0 comes
                                tick = ..  4   0   0   ->  level 2, slot  4

When the wheel comes to the start of a slot of a higher level, its entries *cascade*: now that this digit is the
same they belong to a lower level, nearer to their tick. Each goes down at most five times.

Invariants:

1. An entry in the wheel has ``tick > elapsed``, except in ``_due``: the slot that ``advance`` is taking apart.
   So ``elapsed`` never passes an entry (none is lost, none is late) and none leaves before its tick.
2. Below the top level only slots *after* the digit of ``elapsed`` are occupied: all of level L comes before
   all of level L+1, and the lowest bit of the lowest occupied level is the next thing to do.
3. In the top level slots up to the digit of ``elapsed`` mean the next turn; an entry beyond the horizon may
   come by, be not due, and is placed again for the turn after.
4. A bit of ``_occupied`` is set iff the slot's list is not empty.
"""

from __future__ import annotations

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

_LEVELS = 6
_TOP = 5
_BITS = 6  # of a digit
_SLOTS = 64
_HORIZON = 1 << 36  # ticks in a full turn of the top level

NOT_LINKED = -1


class TimerEntry:
    """A member of a wheel, which holds it until it is due or removed.

    So a future is no entry itself: it has one, and removes it when it is dropped.

    In the wheel it is no garbage, and hidden from the collector (untracked; if compiled, with a GIL), as live tasks are
    (``core/cell.py``): a million timers cost it nothing. The price: a wheel that is dropped before it was drained stays
    in memory; ``Timers.shutdown`` drains it.

    ``tick`` is when it is due. The links and ``_slot`` belong to the wheel; ``_timer_state`` and
    ``_timer_waker`` to ``Timers`` (``timer.py``).
    """

    __slots__ = ("_after", "_before", "_slot", "_timer_state", "_timer_waker", "tick")

    def __init__(self) -> None:
        self._start_timer()

    def _start_timer(self) -> None:
        """What ``__init__`` does, for subclasses (a C call when compiled)."""
        self._after = None
        self._before = None
        self._slot = NOT_LINKED
        self._timer_state = 0
        self._timer_waker = None
        self.tick = 0

    def is_linked(self) -> bool:
        """True while it is in a wheel."""
        return self._slot != NOT_LINKED  # type: ignore[no-any-return]


def make_entry() -> TimerEntry:
    """``TimerEntry()`` without the cost of a class call."""
    entry = cython.cast(TimerEntry, unshelve(0, TimerEntry)) if cython.compiled else TimerEntry.__new__(TimerEntry)  # type: ignore  # noqa: F821
    entry._start_timer()
    return entry


if cython.compiled:
    shelve(TimerEntry)  # type: ignore  # noqa: F821 - C, from the .pxd


class TimerWheel:
    """The wheel. ``elapsed`` is the tick up to which everything was taken out.

    Args:
        elapsed: the tick to begin at.

    >>> wheel = TimerWheel()
    >>> tea, eggs = TimerEntry(), TimerEntry()
    >>> wheel.insert(tea, 180_000), wheel.insert(eggs, 7)
    (True, True)
    >>> wheel.next_tick()
    7
    >>> due = []
    >>> wheel.advance(10, due, 64), due == [eggs], len(wheel)
    (False, True, 1)
    """

    __slots__ = ("_count", "_due", "_heads", "_occupied", "elapsed")

    def __init__(self, elapsed: int = 0) -> None:
        # Each list is a ring through a head that is no timer, so that linking has no special cases.
        self._heads = tuple([_ring() for _ in range(_LEVELS * _SLOTS)])
        self._due = _ring()
        self._occupied = [0] * 6 if not cython.compiled else [0, 0, 0, 0, 0, 0]
        self._count = 0
        self.elapsed = elapsed

    def __len__(self) -> int:
        """How many entries are in it."""
        return self._count  # type: ignore[no-any-return]

    def insert(self, entry: TimerEntry, tick: int) -> bool:
        """Puts ``entry``, which is in no wheel, in for ``tick``. False, and nothing is done, if that has passed."""
        if tick <= self.elapsed:
            return False
        if self._count == 0:
            self._due._slot = NOT_LINKED  # see advance: nothing is being taken apart any more
        entry.tick = tick
        if cython.compiled and HIDES:  # type: ignore  # noqa: F821 - C, from the .pxd
            gc_untrack(entry)  # type: ignore  # noqa: F821
        self._place(entry)
        self._count += 1
        return True

    def remove(self, entry: TimerEntry) -> bool:
        """Takes ``entry`` out. False if it is not in."""
        index = entry._slot
        if index == NOT_LINKED:
            return False
        _unlink(entry)
        _out(entry)
        self._count -= 1
        # An entry of _due names the slot that it came from, which has been empty or holds others since.
        head = self._heads[index]
        if head._after is head:
            self._clear_bit(index)
        return True

    def next_tick(self) -> int:
        """The earliest tick at which ``advance`` has something to do, or -1 if the wheel is empty.

        That is never later than the earliest entry, and may be earlier (a cascade).
        """
        if self._count == 0:
            return -1
        if self._due._after is not self._due:
            return self.elapsed  # type: ignore[no-any-return]
        index = self._next_slot()
        return self._start_of(index)

    def advance(self, now: int, fired: list[TimerEntry], limit: int) -> bool:
        """Goes on to tick ``now``; entries that are due are taken out and appended to ``fired``.

        Touches at most ``limit`` entries. True if there is more to do: call it again. Order: by tick; within
        a tick not promised. A ``now`` that has passed does nothing.
        """
        while True:
            while self._due._after is not self._due:
                if limit <= 0:
                    return True
                limit -= 1
                entry = self._due._after
                _unlink(entry)
                if entry.tick <= self.elapsed:
                    _out(entry)
                    self._count -= 1
                    fired.append(entry)
                else:
                    self._place(entry)
            if self._count == 0:
                break
            index = self._next_slot()
            start = self._start_of(index)
            if start > now:
                break
            self.elapsed = start
            self._take_apart(index)
        if now > self.elapsed:
            self.elapsed = now
        return False

    def drain(self, fired: list[TimerEntry], limit: int) -> bool:
        """Takes out up to ``limit`` entries, due or not. True if there are more."""
        while self._count > 0:
            if limit <= 0:
                return True
            limit -= 1
            entry = self._due._after
            if entry is self._due:
                head = self._heads[self._next_slot()]
                entry = head._after
            self.remove(entry)
            fired.append(entry)
        return False

    # --- digits and bits ------------------------------------------------------------------------------------

    def _place(self, entry: TimerEntry) -> None:
        """Links ``entry`` at the end of the slot that its tick belongs to, seen from ``elapsed``."""
        level = level_of(self.elapsed, entry.tick)
        digit = (entry.tick >> (_BITS * level)) & 63
        index = level * _SLOTS + digit
        entry._slot = index
        _link_before(self._heads[index], entry)
        bit = 1
        self._occupied[level] |= bit << digit

    def _clear_bit(self, index: int) -> None:
        bit = 1
        self._occupied[index >> _BITS] &= ~(bit << (index & 63))

    def _next_slot(self) -> int:
        """The slot that comes next; the wheel's slots are not all empty."""
        level = 0
        while self._occupied[level] == 0:
            level += 1
        bits = self._occupied[level]
        if level == _TOP:
            at = (self.elapsed >> (_BITS * _TOP)) & 63
            later = (bits >> at) >> 1  # the slots after the present one; those up to it are a turn away
            if later != 0:
                return level * _SLOTS + at + 1 + lowest_bit(later)
        return level * _SLOTS + lowest_bit(bits)

    def _start_of(self, index: int) -> int:
        """The first tick of the coming occurrence of a slot."""
        shift = _BITS * (index >> _BITS)
        start = ((self.elapsed >> shift >> _BITS) << _BITS) + (index & 63)
        start = start << shift
        if start <= self.elapsed:
            start += _HORIZON
        return start

    def _take_apart(self, index: int) -> None:
        """Moves the list of a slot to ``_due`` as it is; ``advance`` looks at each."""
        head = self._heads[index]
        first = head._after
        last = head._before
        due = self._due
        due._after = first
        first._before = due
        due._before = last
        last._after = due
        head._after = head
        head._before = head
        self._clear_bit(index)

    def slots(self) -> list[tuple[int, int, int]]:
        """(level, slot, number of entries) of the occupied slots: for people and for tests."""
        found = []
        for index, head in enumerate(self._heads):
            number = 0
            entry = head._after
            while entry is not head:
                number += 1
                entry = entry._after
            if number:
                found.append((index >> 6, index & 63, number))
        return found


def _ring() -> TimerEntry:
    head = TimerEntry()
    head._after = head
    head._before = head
    return head


def _out(entry: TimerEntry) -> None:
    """It is in no wheel any more."""
    entry._slot = NOT_LINKED
    if cython.compiled and HIDES:  # type: ignore  # noqa: F821 - C, from the .pxd
        gc_track(entry)  # type: ignore  # noqa: F821


def _unlink(entry: TimerEntry) -> None:
    before = entry._before
    after = entry._after
    before._after = after
    after._before = before
    entry._before = None
    entry._after = None


def _link_before(head: TimerEntry, entry: TimerEntry) -> None:
    """``entry`` becomes the last of the ring of ``head``."""
    last = head._before
    entry._before = last
    entry._after = head
    last._after = entry
    head._before = entry


def level_of(elapsed: int, tick: int) -> int:
    """The level of ``tick``, seen from ``elapsed``: that of the highest digit in which they differ."""
    differing = (elapsed ^ tick) | 63
    if differing >= _HORIZON:
        return _TOP
    return highest_bit(differing) // 6


def lowest_bit(bits: int) -> int:
    """The number of the lowest bit that is set; ``bits`` is not 0."""
    if cython.compiled:
        return count_trailing_zeros(bits)  # type: ignore  # noqa: F821 - C, from the .pxd
    return (bits & -bits).bit_length() - 1


def highest_bit(bits: int) -> int:
    """The number of the highest bit that is set; ``bits`` is not 0."""
    if cython.compiled:
        return 63 - count_leading_zeros(bits)  # type: ignore  # noqa: F821
    return bits.bit_length() - 1
