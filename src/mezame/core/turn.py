"""Turn: a lock for work that lets the GIL go, for objects that two threads at once seldom want.

A ``Guard`` encloses a few field accesses; what calls into a library that releases the GIL (OpenSSL) needs a lock that
can be waited for. ``threading.RLock`` is one, but to enter and leave it costs more than a short piece of such work.
This one is a word as long as nobody else wants it:

    FREE --enter()--> OWNED by a thread, to the depth n --leave(), n times--> FREE, and wakes who waits

    who comes while it is owned by another thread     sets ``_wanted`` and waits on the condition that all turns share
    who leaves and finds ``_wanted``                  notifies all, and each looks again

No wake is lost: ``_wanted`` is set under the condition's lock, which is given up only by waiting; so the notification,
which needs that lock, comes after the wait has begun.

It is re-entrant for the sake of finalisers, as in ``guard.py``: one may run in the middle of the work of its thread.
"""

from __future__ import annotations

from threading import Condition, get_ident

from .guard import Guard

try:
    import cython
except ImportError:
    from . import cython_shim as cython

_ANY_FREE = Condition()


class Turn(Guard):
    """``enter()``, then the work, and ``leave()`` in a ``finally``. Any thread; waits if it is another thread's."""

    __slots__ = ("_depth", "_owner", "_wanted")

    def __init__(self) -> None:
        self._owner = 0
        self._depth = 0
        self._wanted = False

    def enter(self) -> None:
        """Takes the turn; waits while another thread has it."""
        me = thread_ident() if cython.compiled else get_ident()  # type: ignore  # noqa: F821 - C, from the .pxd
        if not self._take(me, False):
            with _ANY_FREE:
                while not self._take(me, True):
                    _ANY_FREE.wait()

    def _take(self, me: int, wanted: bool) -> bool:
        self._lock()
        mine = self._depth == 0 or self._owner == me
        if mine:
            self._owner = me
            self._depth += 1
        elif wanted:
            self._wanted = True
        self._unlock()
        return mine

    def leave(self) -> None:
        """Gives the turn back, once for each ``enter``."""
        self._lock()
        self._depth -= 1
        wanted = self._depth == 0 and self._wanted
        if wanted:
            self._wanted = False
        self._unlock()
        if wanted:
            with _ANY_FREE:
                _ANY_FREE.notify_all()
