"""Condvar: waits, with a mutex let go, for a change of what the mutex guards.

    wait(guard):  join the list -> let the mutex go -> sleep -> chosen by notify -> lock again -> the guard is back

The list is joined before the mutex is released, so a change that is made under the mutex, and its notification, cannot
slip in between. Each waiter has a ``Notify`` of its own; ``notify_one`` takes the oldest out of the list, and one that
is cancelled after it was chosen passes that on. With nobody in the list a notification is lost: what counts is the
guarded value, which a waiter looks at first.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ..errors import CancelledError
from ..time.timeout import Elapsed, timeout
from .mutex import LOST, MutexGuard, Relock
from .notify import Notify


def _check_guard(guard: Any) -> None:
    if not isinstance(guard, MutexGuard):
        raise TypeError(f"a Condvar waits with the guard of a Mutex (guard = await mutex.lock()), not {guard!r}")


class WaitTimeoutResult:
    """How ``wait_timeout`` ended. Source of the semantics: ``async_std::sync::WaitTimeoutResult``."""

    __slots__ = ("_timed_out",)

    def __init__(self, timed_out: bool) -> None:
        self._timed_out = timed_out

    def timed_out(self) -> bool:
        """True if the time was up before a notification (or the condition) came."""
        return self._timed_out

    def __repr__(self) -> str:
        return f"<WaitTimeoutResult, {'timed out' if self._timed_out else 'notified'}>"


class Condvar:
    """A condition variable for tasks. Usable from any thread and on any loop (with a timeout: in a runtime).

    >>> import mezame
    >>> async def main():
    ...     mutex, changed = mezame.sync.Mutex(0), mezame.sync.Condvar()
    ...     async def add():
    ...         async with mutex as guard:
    ...             guard.value += 1
    ...         changed.notify_all()
    ...     mezame.spawn(add())
    ...     async with mutex as guard:
    ...         await changed.wait_until(guard, lambda n: n > 0)
    ...         return guard.value
    >>> mezame.run(main())
    1

    Source of the semantics: ``async_std::sync::Condvar``.
    """

    def __init__(self) -> None:
        self._waiters: deque[Notify] = deque()
        self._lock = threading.Lock()

    async def wait(self, guard: MutexGuard) -> MutexGuard:
        """Lets the mutex of ``guard`` go, waits for a notification, locks again; awaits to ``guard``.

        It may wake without a notification meant for it: test the condition again, or use ``wait_until``. Raises
        ``RuntimeError`` if the guard does not hold its mutex, ``TypeError`` if it is none. Cancelled, it locks again
        before the cancellation goes on, so that the block around it holds what it thinks it holds; a notification is
        passed on.
        """
        await self._wait(guard, None)
        return guard

    async def wait_until(self, guard: MutexGuard, condition: Callable[[Any], Any]) -> MutexGuard:
        """Waits until ``condition(value)`` is true, which is tested with the lock held; awaits to ``guard``."""
        _check_guard(guard)
        while not condition(guard.value):
            await self._wait(guard, None)
        return guard

    async def wait_timeout(self, guard: MutexGuard, duration: Any) -> tuple[MutexGuard, WaitTimeoutResult]:
        """``wait`` for ``duration`` (seconds, or a timedelta) at most; awaits to the guard and a ``WaitTimeoutResult``.

        The mutex is locked again in either case, however long that takes. Needs a runtime with timers.
        """
        return guard, WaitTimeoutResult(not await self._wait(guard, duration))

    async def wait_timeout_until(
        self, guard: MutexGuard, duration: Any, condition: Callable[[Any], Any]
    ) -> tuple[MutexGuard, WaitTimeoutResult]:
        """``wait_until`` for ``duration`` at most; timed out means that the condition is still false."""
        _check_guard(guard)
        try:
            async with timeout(duration) as limit:
                while not condition(guard.value):
                    await self._wait(guard, None)
        except Elapsed:
            return guard, WaitTimeoutResult(not condition(guard.value))
        del limit
        return guard, WaitTimeoutResult(False)

    async def _wait(self, guard: MutexGuard, duration: Any) -> bool:
        """One wait. False: the time was up."""
        _check_guard(guard)
        mine = Notify()
        notified = mine.notified()
        notified.enable()
        with self._lock:
            self._waiters.append(mine)
        try:
            guard.let_go()
        except BaseException:  # whatever it is: one who stays in the list swallows a notification
            self._leave(mine)
            raise
        chosen = True
        try:
            if duration is None:
                await notified
            else:
                await timeout(duration, notified)
        except Elapsed:
            chosen = not self._leave(mine)
        except BaseException as error:
            self._leave(mine, pass_on=True)
            # Closed, or cancelled outside of any loop, nothing can be waited for. The block around, whose lock this
            # was, must then not release what others hold now.
            setattr(error, LOST, guard.mutex())
            if not isinstance(error, GeneratorExit):
                try:
                    await self._lock_again(guard, None)
                except RuntimeError:
                    raise error from None
                delattr(error, LOST)
            raise
        await self._lock_again(guard, self)
        return chosen

    async def _lock_again(self, guard: MutexGuard, notified: Condvar | None) -> None:
        """Takes the lock, also if cancelled meanwhile: the cancellation is raised once the lock is there."""
        cancelled: BaseException | None = None
        while True:
            try:
                await Relock(guard)
                break
            except CancelledError as error:
                cancelled = error
            except BaseException as error:
                setattr(error, LOST, guard.mutex())
                raise
        if cancelled is not None:
            if notified is not None:
                notified.notify_one()  # it was for whoever can still use it
            raise cancelled

    def _leave(self, mine: Notify, pass_on: bool = False) -> bool:
        """Leaves the list. False: it was chosen before, and with ``pass_on`` the next one is instead."""
        with self._lock:
            waiting = mine in self._waiters
            if waiting:
                self._waiters.remove(mine)
        if not waiting and pass_on:
            self.notify_one()
        return waiting

    def notify_one(self) -> None:
        """Wakes the one who has waited longest, if somebody waits. From any thread; with or without the mutex."""
        with self._lock:
            chosen = self._waiters.popleft() if self._waiters else None
        if chosen is not None:
            chosen.notify_one()

    def notify_all(self) -> None:
        """Wakes all who wait. From any thread; with or without the mutex."""
        with self._lock:
            chosen = list(self._waiters)
            self._waiters.clear()
        for one in chosen:
            one.notify_one()

    def __repr__(self) -> str:
        return f"<Condvar, {len(self._waiters)} waiting>"
