"""AtomicWaker: one slot for a waker, for the leaf that one task waits on and that any thread completes.

The race it settles, and the order that the leaf has to keep:

    poll                                    completion, in any thread
    ----------------------------------      -------------------------
    register(cx.waker)                      make the condition true
    is the condition true? Ready            wake()
    else Pending

If ``wake`` comes before ``register``, the poll sees the condition; if it comes after, it finds the waker.
"""

from __future__ import annotations

from .guard import Guard
from .waker import Waker


class AtomicWaker(Guard):
    """A slot for the waker of the latest poll. All methods may be called from any thread and never raise.

    >>> from mezame import Waker
    >>> woken = []
    >>> slot = mezame.task.AtomicWaker()
    >>> slot.register(Waker.from_callable(lambda: woken.append("first")))
    >>> slot.register(Waker.from_callable(lambda: woken.append("second")))
    >>> slot.wake(); slot.wake()         # the second call finds the slot empty
    >>> woken
    ['second']

    Source of the semantics: ``futures::task::AtomicWaker``.
    """

    __slots__ = ("_stored",)

    def __init__(self) -> None:
        self._stored = None

    def register(self, waker: Waker) -> None:
        """Stores ``waker`` in place of the one that was there. Check the condition after this, not before."""
        old = self._swap(waker)
        del old

    def wake(self) -> None:
        """Empties the slot and wakes what was in it."""
        waker = self._swap(None)
        if waker is not None:
            waker.wake()

    def take(self) -> Waker | None:
        """Empties the slot without waking; what was in it, or None."""
        return self._swap(None)

    def _swap(self, waker: Waker | None) -> Waker | None:
        self._lock()
        old = self._stored
        self._stored = waker
        self._unlock()
        return old

    def __repr__(self) -> str:
        self._lock()
        stored = self._stored
        self._unlock()
        return f"<AtomicWaker {'empty' if stored is None else repr(stored)}>"
