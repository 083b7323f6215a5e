"""Guard: the one lock that every thread-safe object of the library carries in itself.

``_lock()`` and ``_unlock()`` enclose a few field accesses, never a call into foreign code:

* compiled for a free-threaded CPython they are a one-byte mutex inside the object;
* compiled for a CPython with a GIL they are empty, because compiled field accesses are not
  interrupted there: the GIL is the lock;
* interpreted they are one lock for all objects (between two bytecodes another thread may run).

Rules, which make "no deadlock" and "no re-entry" a matter of reading one block of code:

1. Between ``_lock()`` and ``_unlock()`` there is no call of a waker, no callback, no allocation and
   no release of the last reference to a foreign object: collect, unlock, then act.
2. No two guards are held at once, unless the order is written down where it is done.
3. Nothing between them may raise.

In the interpreted form the lock is re-entrant: the garbage collector may run a finaliser between any
two bytecodes, and a finaliser may drop a channel end.
"""

from __future__ import annotations

import os
from threading import RLock

try:
    import cython
except ImportError:
    from . import cython_shim as cython

_ALL = RLock()  # used only when interpreted
if hasattr(os, "register_at_fork"):  # a thread of the parent may have held it
    os.register_at_fork(after_in_child=_ALL._at_fork_reinit)  # type: ignore[attr-defined]


class Guard:
    """Base class of the objects that several threads may touch."""

    __slots__ = ()

    if not cython.compiled:  # compiled, they are in the .pxd, so that they are inlined: most often, into nothing

        def _lock(self) -> None:
            _ALL.acquire()

        def _unlock(self) -> None:
            _ALL.release()
