"""Ring: the messages of a channel, in order.

    items   [ e  f  .  .  a  b  c  d ]        head 4, length 6; the places in between are None
                          ^head

A list of a power of two places that grows by doubling. It is used under its owner's guard. To grow it allocates, which
may run the garbage collector, and that a finaliser, which may come back here on the same thread: so the fields are read
only after the allocation. Emptied, a large ring lets its memory go.
"""

from __future__ import annotations

from typing import Any

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

SMALL = 8
LARGE = 1024  # places from which on an empty ring is cut back
_LARGE = LARGE  # as a C number


class Ring:
    """First in, first out."""

    __slots__ = ("_head", "_items", "_length", "_size")

    def __init__(self) -> None:
        self._items: list[Any] = [None] * SMALL
        self._size = SMALL
        self._head = 0
        self._length = 0

    def _push(self, value: Any) -> None:
        """Puts ``value`` behind the others."""
        while self._length == self._size:
            self._grow()
        index = (self._head + self._length) & (self._size - 1)
        if cython.compiled:
            ring_put(self._items, index, value)  # type: ignore  # noqa: F821 - C, from the .pxd
        else:
            self._items[index] = value
        self._length = self._length + 1  # (compiled, ``+=`` would count references to self)

    def _grow(self) -> None:
        fresh = [None] * (2 * self._size)
        if self._length < self._size:
            return  # a finaliser has taken something out meanwhile
        items = self._items
        length = self._length
        for index in range(length):
            fresh[index] = items[(self._head + index) & (self._size - 1)]
        self._items = fresh
        self._head = 0
        self._size = len(fresh)

    def _pop(self) -> Any:
        """Takes the oldest out; there must be one."""
        if cython.compiled:
            value = ring_take(self._items, self._head)  # type: ignore  # noqa: F821
        else:
            value = self._items[self._head]
            self._items[self._head] = None
        self._head = (self._head + 1) & (self._size - 1)
        self._length = self._length - 1
        if self._length == 0 and self._size > _LARGE:
            self._head = 0
            self._size = SMALL
            del self._items[SMALL:]
        return value
