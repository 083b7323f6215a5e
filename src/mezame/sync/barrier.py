"""Barrier: n tasks wait for each other; the last to arrive leads, and does not wait.

Each round has a ``Notify`` of its own: whoever arrives takes a waiter of it under the lock; the n-th puts a fresh one
in its place (the next round may begin at once) and completes all waiters of the old one.
"""

from __future__ import annotations

import threading

from ..core.check import check_int
from .notify import Notify


class BarrierWaitResult:
    """What ``Barrier.wait`` awaits to. Source of the semantics: ``tokio::sync::BarrierWaitResult``."""

    __slots__ = ("_leader",)

    def __init__(self, leader: bool) -> None:
        self._leader = leader

    def is_leader(self) -> bool:
        """True for one of the tasks of a round: the one that arrived last."""
        return self._leader

    def __repr__(self) -> str:
        return f"<BarrierWaitResult, {'leader' if self._leader else 'not leader'}>"


class Barrier:
    """Lets ``n`` tasks go on when all of them are there; then it can be used again. On any thread and any loop.

    Args:
        n: how many have to come; 0 acts as 1. Raises ``ValueError`` if it is negative, ``TypeError`` if it is no int.

    >>> import mezame
    >>> async def main():
    ...     barrier = mezame.sync.Barrier(3)
    ...     results = await mezame.join(barrier.wait(), barrier.wait(), barrier.wait())
    ...     return sum(result.is_leader() for result in results)
    >>> mezame.run(main())
    1

    Source of the semantics: ``tokio::sync::Barrier``.
    """

    def __init__(self, n: int) -> None:
        self._n = max(check_int("n", n, 0), 1)
        self._arrived = 0
        self._round = Notify()
        self._lock = threading.Lock()

    async def wait(self) -> BarrierWaitResult:
        """Waits until ``n`` tasks wait; awaits to a ``BarrierWaitResult``.

        Not cancel safe: a waiter that is cancelled has arrived all the same, and the others go on without it.
        """
        fresh = Notify()
        with self._lock:
            this = self._round
            self._arrived += 1
            leader = self._arrived == self._n
            if leader:
                self._arrived = 0
                self._round = fresh
            else:
                notified = this.notified()
        if leader:
            this.notify_waiters()
        else:
            await notified
        return BarrierWaitResult(leader)

    def __repr__(self) -> str:
        return f"<Barrier, {self._arrived} of {self._n} arrived>"
