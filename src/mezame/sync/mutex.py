"""Mutex: one permit of a fair semaphore, and the value that it guards.

FIFO, not re-entrant, not poisoned by an exception. It may be released by another task or thread than the one
that locked it.

``async with mutex`` calls ``__aenter__`` and awaits what it returns in the same breath. So a free lock is taken by the
call already, and no future is made:

    __aenter__: free, budget left --> a BlockGuard that is locked --await--> the block's, and it ends with its value
    __aenter__: else              --> a Locking, a future --await--> a BlockGuard

That is the same as if the future took it at its first poll, because nothing can run between the two: no other task (it
is one poll), and no cancellation (that is thrown where a task waits, and the guard's await never does). One who does
not await it, or later, holds a guard: dropped, it unlocks. It takes nothing that was another's: while somebody waits
no permit is free. It draws on the budget of the running poll as a poll would; without any left, the future does that
and gives way. It needs no loop, so it is the same on a foreign one.
"""

from __future__ import annotations

from typing import Any

from ..core.current import Current, current, distance
from .acquire import Acquire
from .blocking import blocking
from .done import DONE
from .errors import TryLockError
from .semaphore import Semaphore

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

_DONE = DONE  # as a C variable

__all__ = ["Mutex", "MutexGuard", "TryLockError"]


LOST = "_mezame_lost_mutex"  # names the mutex, on an exception that leaves a block whose lock is not held any more


class Mutex:
    """A lock for tasks that holds it across awaits. Usable from any thread and on any loop.

    Args:
        value: what it guards, if it owns a value: ``guard.value``.

    ``async with mutex as guard:``, ``async with mutex.lock():`` or ``guard = await mutex.lock()``.

    >>> import mezame
    >>> async def main():
    ...     counter = mezame.sync.Mutex(0)
    ...     async with counter as guard:
    ...         guard.value += 1
    ...     return counter.into_inner()
    >>> mezame.run(main())
    1

    Source of the semantics: ``tokio::sync::Mutex``.
    """

    __slots__ = ("_holder", "_semaphore", "_value")

    def __init__(self, value: Any = None) -> None:
        self._semaphore = Semaphore(1)
        self._value = value
        self._holder = None

    def lock(self) -> Lock:
        """Waits for the lock; awaits to a ``MutexGuard``. Cancel safe; the place in the queue is lost."""
        return Lock(self)

    def try_lock(self) -> MutexGuard:
        """The guard now, or ``TryLockError``."""
        if self._semaphore._try_take(1) != 1:
            raise TryLockError("the mutex is locked, or others wait for it: await lock()")
        return MutexGuard(self)

    def blocking_lock(self) -> MutexGuard:
        """The guard, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread.

        >>> mutex = Mutex(1)
        >>> with mutex.blocking_lock() as guard:
        ...     guard.value += 1
        >>> mutex.into_inner()
        2

        Source of the semantics: ``tokio::sync::Mutex::blocking_lock``.
        """
        return blocking("blocking_lock", "lock()", self.lock())  # type: ignore[no-any-return]

    # In Rust the plain guard borrows the mutex; in Python every guard keeps it, so these are other names.

    def lock_owned(self) -> Lock:
        """The same as ``lock``."""
        return self.lock()

    def try_lock_owned(self) -> MutexGuard:
        """The same as ``try_lock``."""
        return self.try_lock()

    def blocking_lock_owned(self) -> MutexGuard:
        """The same as ``blocking_lock``."""
        return self.blocking_lock()

    def is_locked(self) -> bool:
        """True if somebody holds it now."""
        return self._semaphore._permits == 0  # type: ignore[no-any-return]

    def into_inner(self) -> Any:
        """The value; for the last owner."""
        return self._get_value()

    # Who holds the lock is alone with the value, but nothing keeps threads from sharing one guard: so each access is
    # under the guard of the semaphore.

    def _get_value(self) -> Any:
        self._semaphore._lock()
        value = self._value
        self._semaphore._unlock()
        return value

    def _set_value(self, value: Any) -> None:
        self._semaphore._lock()
        old = self._value
        self._value = value
        self._semaphore._unlock()
        del old

    def _enter(self, cur: Current) -> Any:
        """What ``async with`` awaits: the lock, if it is free (see above), or its future."""
        if cur.budget == 0 or self._semaphore._try_take(1) != 1:
            return make_locking(self)
        if cur.budget > 0:
            cur.budget = cur.budget - 1
        return make_block_guard(self)

    def _leave(self, error: Any) -> None:
        """The end of the block."""
        if error is not None and getattr(error, LOST, None) is self:
            return  # a Condvar could not take the lock back: who holds it now is not this block
        holder = self._holder
        self._holder = None
        if holder is not None:
            holder._release()

    def __aenter__(self) -> Any:
        return self._enter(current())

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        self._leave(error)
        return DONE

    def __repr__(self) -> str:
        return f"<Mutex {'locked' if self.is_locked() else 'free'}>"


class Lock(Acquire):
    """The future of ``Mutex.lock``; also ``async with mutex.lock() as guard:``."""

    __slots__ = ("_guard", "_mutex")

    def __init__(self, mutex: Mutex) -> None:
        self._mutex = mutex
        self._start_acquire(self._mutex._semaphore, 1)
        self._guard = None

    def _won(self) -> Any:
        guard = make_guard(self._mutex)
        if self._with:
            self._guard = guard
        return guard

    def __aenter__(self) -> Any:
        self._with = True
        return self

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        if self._guard is not None:
            self._guard.unlock()
        return DONE


class Locking(Acquire):
    """``async with mutex``: the lock, remembered in the mutex for the exit (one holder at a time)."""

    __slots__ = ("_mutex",)

    def _won(self) -> Any:
        return make_block_guard(self._mutex)._begin()


def make_locking(mutex: Mutex) -> Locking:
    """A new ``Locking``."""
    locking = cython.cast(Locking, unshelve(0, Locking)) if cython.compiled else Locking.__new__(Locking)  # type: ignore  # noqa: F821
    locking._mutex = mutex
    locking._start_acquire(mutex._semaphore, 1)
    return locking


class Relock(Acquire):
    """The future with which a ``Condvar`` takes the lock of a guard that it let go of."""

    __slots__ = ("_guard",)

    def __init__(self, guard: MutexGuard) -> None:
        self._guard = guard
        self._start_acquire(self._guard._mutex._semaphore, 1)

    def _won(self) -> Any:
        guard = self._guard
        guard._held = True
        if guard._of_block:
            guard._mutex._holder = guard
        return guard


class MutexGuard:
    """The lock, held. ``value`` is what the mutex guards. ``unlock()``, leaving ``with``, or dropping it releases."""

    __slots__ = ("_held", "_mutex", "_of_block")

    def __init__(self, mutex: Mutex) -> None:
        self._mutex = mutex
        self._held = True
        self._of_block = False

    @property
    def value(self) -> Any:
        """The guarded value. Raises ``RuntimeError`` after ``unlock``."""
        if not self._held:
            raise RuntimeError("the mutex was unlocked: lock it again to reach its value")
        return self._mutex._get_value()

    @value.setter
    def value(self, value: Any) -> None:
        if not self._held:
            raise RuntimeError("the mutex was unlocked: lock it again to reach its value")
        self._mutex._set_value(value)

    def unlock(self) -> None:
        """Releases the lock to the one who has waited longest. Idempotent. From any thread.

        Raises ``RuntimeError`` for the guard of ``async with mutex``: the end of the block releases it.
        """
        if self._of_block:
            raise RuntimeError("this guard belongs to 'async with mutex': leave the block to unlock it")
        self._release()

    def let_go(self) -> None:
        """For ``Condvar``: releases the lock, also that of a block, until ``Relock``. Raises if it is not held."""
        if not self._held:
            raise RuntimeError("this guard was unlocked: lock the mutex, and wait with the new guard")
        if self._of_block:
            self._mutex._holder = None
        self._release()

    def mutex(self) -> Mutex:
        """The mutex that it locks."""
        return self._mutex

    def _release(self) -> None:
        semaphore = self._mutex._semaphore
        semaphore._lock()
        held = self._held
        self._held = False
        alone = semaphore._waiters._length == 0
        if held and alone:
            semaphore._permits = semaphore._permits + 1
        semaphore._unlock()
        if held and not alone:
            semaphore._release_to(1)

    def __enter__(self) -> MutexGuard:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.unlock()

    def __del__(self) -> None:
        if self._held:
            self._release()


def make_guard(mutex: Mutex) -> MutexGuard:
    """``MutexGuard(mutex)``, without the cost of a class call."""
    guard = cython.cast(MutexGuard, unshelve(1, MutexGuard)) if cython.compiled else MutexGuard.__new__(MutexGuard)  # type: ignore  # noqa: F821
    guard._mutex = mutex
    guard._held = True
    guard._of_block = False
    return guard


class BlockGuard(MutexGuard):
    """The guard of ``async with mutex``, and what that awaits where the lock was free."""

    __slots__ = ("_begun",)

    def _begin(self) -> BlockGuard:
        """The block has it from here on."""
        if self._begun:  # type: ignore[has-type]
            raise RuntimeError("a guard is no future: its block has begun already")
        self._begun = True
        self._mutex._holder = self
        return self

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        raise StopIteration(self._begin())


def make_block_guard(mutex: Mutex) -> BlockGuard:
    """A guard of a block that has not begun."""
    guard = cython.cast(BlockGuard, unshelve(2, BlockGuard)) if cython.compiled else BlockGuard.__new__(BlockGuard)  # type: ignore  # noqa: F821
    guard._mutex = mutex
    guard._held = True
    guard._of_block = True
    guard._begun = False
    return guard


def _guard_await(raw: Any) -> Any:
    return new_reference(cython.cast(BlockGuard, raw))  # type: ignore  # noqa: F821 - C, from the .pxd


def _guard_next(raw: Any) -> Any:
    """``BlockGuard.__next__`` for the interpreter: see ``core/future.py``, ``await_next``."""
    return stop_iteration(cython.cast(BlockGuard, raw)._begin())  # type: ignore  # noqa: F821


def _mutex_enter(raw: Any, args: Any) -> Any:
    """``Mutex.__aenter__`` for the interpreter."""
    found = here()  # type: ignore  # noqa: F821
    if found is cython.NULL:
        return new_reference(cython.cast(Mutex, raw)._enter(current()))  # type: ignore  # noqa: F821
    return new_reference(cython.cast(Mutex, raw)._enter(cython.cast(Current, found)))  # type: ignore  # noqa: F821


def _mutex_exit(raw: Any, args: Any) -> Any:
    """``Mutex.__aexit__`` for the interpreter."""
    cython.cast(Mutex, raw)._leave(cython.cast(object, args[1]))
    return new_reference(_DONE)  # type: ignore  # noqa: F821


if cython.compiled:
    use_distance(distance())  # type: ignore  # noqa: F821
    shelve(Locking)  # type: ignore  # noqa: F821
    shelve(MutexGuard)  # type: ignore  # noqa: F821
    shelve(BlockGuard)  # type: ignore  # noqa: F821
    set_am_await(BlockGuard, _guard_await)  # type: ignore  # noqa: F821
    set_iternext(BlockGuard, _guard_next)  # type: ignore  # noqa: F821
    quicken(Mutex, b"__aenter__", 0, _mutex_enter)  # type: ignore  # noqa: F821
    quicken(Mutex, b"__aexit__", 3, _mutex_exit)  # type: ignore  # noqa: F821
