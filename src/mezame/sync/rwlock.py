"""RwLock: many readers or one writer, on one fair semaphore.

A reader holds one permit of ``max_readers``, a writer all of them, so there is one FIFO queue of both: a writer that
waits gathers permits and holds up the readers that come later (write-preferring). A task that reads and reads again
while a writer queues between the two waits for itself.

    free --read--> n readers --last leaves--> free          write guard --downgrade--> read guard, with nobody between
    free --write--> one writer --leaves--> free
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .blocking import blocking
from .done import DONE
from .errors import TryLockError
from .semaphore import Acquire, Semaphore

__all__ = ["MAX_READERS", "RwLock", "RwLockReadGuard", "RwLockWriteGuard", "TryLockError"]

MAX_READERS = (1 << 29) - 1
_RELEASED = "the lock was released: take it again to reach its value"


class RwLock:
    """A lock for tasks that many may hold to read, or one to write. Usable from any thread and on any loop.

    Args:
        value: what it guards, if it owns a value: ``guard.value``.
        max_readers: how many may read at a time; from 1 to 2**29 - 1.

    Raises ``ValueError`` for ``max_readers`` out of range. An exception inside does not poison it. Its guards may be
    released by another task or thread.

    >>> import mezame
    >>> async def main():
    ...     lock = mezame.sync.RwLock([])
    ...     async with lock.write() as guard:
    ...         guard.value.append(1)
    ...     async with lock.read() as one, lock.read() as two:
    ...         return one.value is two.value
    >>> mezame.run(main())
    True

    Source of the semantics: ``tokio::sync::RwLock``.
    """

    __slots__ = ("_max_readers", "_semaphore", "_value")

    def __init__(self, value: Any = None, *, max_readers: int = MAX_READERS) -> None:
        if not 1 <= max_readers <= MAX_READERS:
            raise ValueError(f"max_readers must be from 1 to 2**29 - 1, not {max_readers!r}")
        self._value = value
        self._max_readers = max_readers
        self._semaphore = Semaphore(max_readers)

    def read(self) -> Read:
        """Waits to read; awaits to an ``RwLockReadGuard`` (also ``async with lock.read() as guard:``).

        It waits behind a writer that waits. Cancel safe; the place in the queue is lost.
        """
        return Read(self)

    def write(self) -> Write:
        """Waits to be the only one; awaits to an ``RwLockWriteGuard`` (also ``async with lock.write() as guard:``).

        Cancel safe; the place in the queue is lost, and the readers that it held up go on.
        """
        return Write(self)

    def try_read(self) -> RwLockReadGuard:
        """The guard now, or ``TryLockError`` if somebody writes or waits to."""
        if self._semaphore._try_take(1) != 1:
            raise TryLockError("somebody writes, or waits to: await read()")
        return RwLockReadGuard(self)

    def try_write(self) -> RwLockWriteGuard:
        """The guard now, or ``TryLockError`` if somebody reads, writes, or waits."""
        if self._semaphore._try_take(self._max_readers) != 1:
            raise TryLockError("somebody reads or writes, or waits to: await write()")
        return RwLockWriteGuard(self)

    def blocking_read(self) -> Any:
        """As ``read``, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        return blocking("blocking_read", "read()", self.read())

    def blocking_write(self) -> Any:
        """As ``write``, blocking this thread. Raises ``RuntimeError`` inside a runtime's thread."""
        return blocking("blocking_write", "write()", self.write())

    # In Rust the plain guards borrow the lock; in Python every guard keeps it, so these are other names.

    def read_owned(self) -> Read:
        """The same as ``read``."""
        return self.read()

    def write_owned(self) -> Write:
        """The same as ``write``."""
        return self.write()

    def try_read_owned(self) -> RwLockReadGuard:
        """The same as ``try_read``."""
        return self.try_read()

    def try_write_owned(self) -> RwLockWriteGuard:
        """The same as ``try_write``."""
        return self.try_write()

    def max_readers(self) -> int:
        """How many may read at a time."""
        return self._max_readers  # type: ignore[no-any-return]

    def into_inner(self) -> Any:
        """The value; for the last owner."""
        return self._value

    def __repr__(self) -> str:
        return f"<RwLock, {self._semaphore!r}>"


class Read(Acquire):
    """The future of ``RwLock.read``."""

    __slots__ = ("_guard", "_rwlock")

    def __init__(self, rwlock: RwLock) -> None:
        self._rwlock = rwlock
        Acquire.__init__(self, self._rwlock._semaphore, 1)
        self._guard = None

    def poll(self, cx: Context) -> Any:
        if not self._acquire(cx):
            return PENDING
        self._guard = RwLockReadGuard(self._rwlock)
        return make_ready(self._guard)

    def __aenter__(self) -> Any:
        return self

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        if self._guard is not None:
            self._guard.unlock()
        return DONE


class Write(Acquire):
    """The future of ``RwLock.write``."""

    __slots__ = ("_guard", "_rwlock")

    def __init__(self, rwlock: RwLock) -> None:
        self._rwlock = rwlock
        Acquire.__init__(self, self._rwlock._semaphore, self._rwlock._max_readers)
        self._guard = None

    def poll(self, cx: Context) -> Any:
        if not self._acquire(cx):
            return PENDING
        self._guard = RwLockWriteGuard(self._rwlock)
        return make_ready(self._guard)

    def __aenter__(self) -> Any:
        return self

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        if self._guard is not None:
            self._guard.unlock()
        return DONE


class RwLockGuard:
    """What both guards share: permits of the lock, given back by ``unlock()``, leaving ``with``, or dropping it."""

    __slots__ = ("_permits", "_rwlock")

    def _start_guard(self, rwlock: RwLock, permits: int) -> None:
        self._rwlock = rwlock
        self._permits = permits

    def _take(self) -> int:
        """The permits, to whoever asks first."""
        semaphore = self._rwlock._semaphore
        semaphore._lock()
        permits = self._permits
        self._permits = 0
        semaphore._unlock()
        return permits  # type: ignore[no-any-return]

    def _get_value(self) -> Any:
        if self._permits == 0:
            raise RuntimeError(_RELEASED)
        return self._rwlock._value

    def unlock(self) -> None:
        """Gives the lock back. Idempotent. From any thread."""
        permits = self._take()
        if permits > 0:
            self._rwlock._semaphore._release(permits)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.unlock()

    def __del__(self) -> None:
        if self._permits > 0:
            self.unlock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {'held' if self._permits > 0 else 'released'}>"


class RwLockReadGuard(RwLockGuard):
    """The lock, held to read: ``value`` is what it guards.

    Source of the semantics: ``tokio::sync::RwLockReadGuard``.
    """

    __slots__ = ()

    def __init__(self, rwlock: RwLock) -> None:
        self._start_guard(rwlock, 1)

    @property
    def value(self) -> Any:
        """The guarded value. Raises ``RuntimeError`` after ``unlock``."""
        return self._get_value()


class RwLockWriteGuard(RwLockGuard):
    """The lock, held to write: ``value`` is what it guards, to be read and replaced.

    Source of the semantics: ``tokio::sync::RwLockWriteGuard``.
    """

    __slots__ = ()

    def __init__(self, rwlock: RwLock) -> None:
        self._rwlock = rwlock
        self._permits = self._rwlock._max_readers

    @property
    def value(self) -> Any:
        """The guarded value. Raises ``RuntimeError`` after ``unlock`` or ``downgrade``."""
        return self._get_value()

    @value.setter
    def value(self, value: Any) -> None:
        if self._permits == 0:
            raise RuntimeError(_RELEASED)
        self._rwlock._value = value

    def downgrade(self) -> RwLockReadGuard:
        """Turns into a reader, with no writer in between; this guard is released.

        Other readers may come in. Raises ``RuntimeError`` if the guard was released.

        >>> lock = RwLock(1)
        >>> writing = lock.try_write()
        >>> writing.value = 2
        >>> reading = writing.downgrade()
        >>> reading.value, lock.try_read().value
        (2, 2)

        Source of the semantics: ``tokio::sync::RwLockWriteGuard::downgrade``.
        """
        permits = self._take()
        if permits == 0:
            raise RuntimeError(_RELEASED)
        guard = RwLockReadGuard(self._rwlock)
        if permits > 1:
            self._rwlock._semaphore._release(permits - 1)
        return guard
