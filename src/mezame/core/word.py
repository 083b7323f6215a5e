"""Word: one atomic number, for the few places that threads look at without a lock.

Four operations, and the names of their orderings are meant as in C11: ``_load`` (acquire), ``_store`` (release),
``_swap`` (compare and exchange, acquire and release) and ``fence`` (sequentially consistent). The algorithms above
are written in these alone, so that a test can put a thread switch at each of them and try all interleavings.
"""

from __future__ import annotations

from .guard import Guard

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython


class Word(Guard):
    """A number of 64 bits without sign."""

    __slots__ = ("_value",)

    def __init__(self, value: int = 0) -> None:
        self._value = value

    if not cython.compiled:  # compiled, they are in the .pxd, so that they are inlined: one instruction each

        def _load(self) -> int:
            """Acquire: what was written before the ``_store`` that it sees is visible after it."""
            self._lock()
            value = self._value
            self._unlock()
            return value

        def _store(self, value: int) -> None:
            """Release."""
            self._lock()
            self._value = value
            self._unlock()

        def _swap(self, old: int, new: int) -> bool:
            """Writes ``new`` if the number is still ``old``: True if it was."""
            self._lock()
            same: bool = self._value == old
            if same:
                self._value = new
            self._unlock()
            return same


def fence() -> None:
    """Sequentially consistent: of two threads that each write, fence and read, one sees the other's write.

    (Interpreted, every access of a Word is under one lock, which is as strong.)
    """
    if cython.compiled:
        atomic_fence()  # type: ignore  # noqa: F821 - C, from the .pxd
