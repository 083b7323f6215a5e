"""RwLock: many readers or one writer, on one fair semaphore.

A reader holds one permit of ``max_readers``, a writer all of them, so there is one FIFO queue of both: a writer that
waits gathers permits and holds up the readers that come later (write-preferring). A task that reads and reads again
while a writer queues between the two waits for itself.

    free --read--> n readers --last leaves--> free          write guard --downgrade--> read guard, with nobody between
    free --write--> one writer --leaves--> free

The reader that may become the writer is in ``upgradable.py``.
"""

from __future__ import annotations

from typing import Any

from ..core.check import check_int
from ..core.context import Context
from ..core.current import Current
from .acquire import Acquire
from .blocking import blocking
from .done import DONE
from .errors import TryLockError
from .notify import Notify
from .semaphore import Semaphore
from .upgradable import RwLockUpgradableReadGuard, UpgradableRead

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

_DONE = DONE  # as a C variable

__all__ = [
    "MAX_READERS", "RwLock", "RwLockReadGuard", "RwLockUpgradableReadGuard", "RwLockWriteGuard", "TryLockError",
]  # fmt: skip

MAX_READERS = (1 << 29) - 1
_RELEASED = "the lock was released: take it again to reach its value"


class RwLock:
    """A lock for tasks that many may hold to read, or one to write. Usable from any thread and on any loop.

    Args:
        value: what it guards, if it owns a value: ``guard.value``.
        max_readers: how many may read at a time; from 1 to 2**29 - 1.

    Raises ``ValueError`` for ``max_readers`` out of range, ``TypeError`` for what is no int. An exception inside does
    not poison it. Its guards may be released by another task or thread.

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

    __slots__ = ("_max_readers", "_semaphore", "_token", "_token_freed", "_value")

    def __init__(self, value: Any = None, *, max_readers: int = MAX_READERS) -> None:
        self._value = value
        self._max_readers = check_int("max_readers", max_readers, 1, MAX_READERS)
        self._semaphore = Semaphore(self._max_readers)
        self._token = False  # True: an upgradable reader has it; see upgradable.py
        self._token_freed = Notify()

    def read(self) -> Read:
        """Waits to read; awaits to an ``RwLockReadGuard`` (also ``async with lock.read() as guard:``).

        It waits behind a writer that waits. Cancel safe; the place in the queue is lost.
        """
        return make_read(self)

    def write(self) -> Write:
        """Waits to be the only one; awaits to an ``RwLockWriteGuard`` (also ``async with lock.write() as guard:``).

        Cancel safe; the place in the queue is lost, and the readers that it held up go on.
        """
        return make_write(self)

    def try_read(self) -> RwLockReadGuard:
        """The guard now, or ``TryLockError`` if somebody writes or waits to."""
        if self._semaphore._try_take(1) != 1:
            raise TryLockError("somebody writes, or waits to: await read()")
        return make_read_guard(self)

    def try_write(self) -> RwLockWriteGuard:
        """The guard now, or ``TryLockError`` if somebody reads, writes, or waits."""
        if self._semaphore._try_take(self._max_readers) != 1:
            raise TryLockError("somebody reads or writes, or waits to: await write()")
        return make_write_guard(self)

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

    def upgradable_read(self) -> UpgradableRead:
        """Waits to read as the one who may upgrade; awaits to an ``RwLockUpgradableReadGuard``; or ``async with`` it.

        One at a time, beside plain readers. Cancel safe; the place in the queue is lost.

        Source of the semantics: ``async_lock::RwLock::upgradable_read``.
        """
        return UpgradableRead(self)

    def try_upgradable_read(self) -> RwLockUpgradableReadGuard:
        """The guard now, or ``TryLockError`` if somebody writes, waits to, or reads upgradably."""
        reading = self.try_read()
        if not self.try_token():
            reading.unlock()
            raise TryLockError("another upgradable reader holds it: await upgradable_read()")
        return RwLockUpgradableReadGuard(self, reading)

    def try_token(self) -> bool:
        """For ``upgradable.py``: takes the token, with a permit in hand; False if another has it."""
        semaphore = self._semaphore
        semaphore._lock()
        taken = not self._token
        self._token = True
        semaphore._unlock()
        return taken

    def drop_token(self) -> None:
        """For ``upgradable.py``: whoever waits for the token tries again."""
        semaphore = self._semaphore
        semaphore._lock()
        self._token = False
        semaphore._unlock()
        self._token_freed.notify_waiters()

    def token_freed(self) -> Any:
        """For ``upgradable.py``: waits until the token is dropped, at any time after this call."""
        return self._token_freed.notified()

    def upgrade_of(self, reading: RwLockReadGuard) -> Upgrade:
        """For ``upgradable.py``: the future that turns ``reading`` into a writer."""
        return Upgrade(self, reading)

    def try_upgrade_of(self, reading: RwLockReadGuard) -> RwLockWriteGuard:
        """For ``upgradable.py``: turns ``reading`` into a writer now, or raises ``TryLockError``."""
        if not self._semaphore._try_first(self._max_readers - 1):
            raise TryLockError("others read: await upgrade()")
        return _upgraded(self, reading)

    def return_permits(self) -> None:
        """For a reader that upgraded and was released meanwhile: gives back what it took for that."""
        self._semaphore._release(self._max_readers - 1)

    def max_readers(self) -> int:
        """How many may read at a time."""
        return self._max_readers  # type: ignore[no-any-return]

    def into_inner(self) -> Any:
        """The value; for the last owner."""
        return self._get_value()

    # Under the guard of the semaphore: see ``Mutex``.

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

    def __repr__(self) -> str:
        return f"<RwLock, {self._semaphore!r}>"


class Locking(Acquire):
    """Base of ``Read`` and ``Write``: ``_guard`` is what an ``async with`` of it has to unlock."""

    __slots__ = ("_guard", "_rwlock")

    def _leave(self) -> None:
        """The end of the block."""
        if self._guard is not None:
            self._guard.unlock()

    def __aenter__(self) -> Any:
        self._with = True
        return self

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        self._leave()
        return DONE


class Read(Locking):
    """The future of ``RwLock.read``."""

    __slots__ = ()

    def _won(self) -> Any:
        guard = make_read_guard(self._rwlock)
        if self._with:
            self._guard = guard
        return guard


def make_read(rwlock: RwLock) -> Read:
    """A new ``Read``."""
    read = cython.cast(Read, unshelve(0, Read)) if cython.compiled else Read.__new__(Read)  # type: ignore  # noqa: F821
    read._start_acquire(rwlock._semaphore, 1)
    read._rwlock = rwlock
    read._guard = None
    return read


class Write(Locking):
    """The future of ``RwLock.write``."""

    __slots__ = ()

    def _won(self) -> Any:
        guard = make_write_guard(self._rwlock)
        if self._with:
            self._guard = guard
        return guard


def make_write(rwlock: RwLock) -> Write:
    """A new ``Write``."""
    write = cython.cast(Write, unshelve(1, Write)) if cython.compiled else Write.__new__(Write)  # type: ignore  # noqa: F821
    write._start_acquire(rwlock._semaphore, rwlock._max_readers)
    write._rwlock = rwlock
    write._guard = None
    return write


class Upgrade(Acquire):
    """The future of ``RwLockUpgradableReadGuard.upgrade``: all other permits, ahead of everybody who waits."""

    __slots__ = ("_reading", "_rwlock")

    def __init__(self, rwlock: RwLock, reading: RwLockReadGuard) -> None:
        self._rwlock = rwlock
        self._reading = reading
        self._start_acquire(self._rwlock._semaphore, self._rwlock._max_readers - 1)

    def _acquire(self, cx: Context, cur: Current) -> bool:
        if self._place is not None or self._done:
            return Acquire._acquire(self, cx, cur)  # type: ignore[no-any-return]
        if not cur._take_budget(cx):
            return False
        waker = cx._get_waker()
        self._make_place()
        if not self._semaphore._join_first(self._place, waker):
            cur._refund()
            return False
        self._done = True
        return True

    def _won(self) -> Any:
        return _upgraded(self._rwlock, self._reading)


def _upgraded(rwlock: Any, reading: Any) -> Any:
    """The writer, made of the permit of ``reading`` and of all others, which were just taken."""
    if not reading.give_permit():
        rwlock.return_permits()
        raise RuntimeError(_RELEASED)
    return make_write_guard(rwlock)


class RwLockGuard:
    """What both guards share: permits of the lock, given back by ``unlock()``, leaving ``with``, or dropping it."""

    __slots__ = ("_permits", "_rwlock")

    def _take(self) -> int:
        """The permits, to whoever asks first."""
        semaphore = self._rwlock._semaphore
        semaphore._lock()
        permits = self._permits  # type: ignore[has-type]
        self._permits = 0
        semaphore._unlock()
        return permits  # type: ignore[no-any-return]

    def _get_value(self) -> Any:
        if self._permits == 0:
            raise RuntimeError(_RELEASED)
        return self._rwlock._get_value()

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

    @property
    def value(self) -> Any:
        """The guarded value. Raises ``RuntimeError`` after ``unlock``."""
        return self._get_value()

    def give_permit(self) -> bool:
        """For ``upgradable.py``: its permit goes to the caller; False if it has none any more."""
        return self._take() == 1

    def hand_over(self) -> RwLockReadGuard:
        """For ``upgradable.py``: another guard with the permit of this one, which is released."""
        if not self.give_permit():
            raise RuntimeError(_RELEASED)
        return make_read_guard(self._rwlock)


def make_read_guard(rwlock: RwLock) -> RwLockReadGuard:
    """A guard with one permit."""
    if cython.compiled:
        guard = cython.cast(RwLockReadGuard, unshelve(2, RwLockReadGuard))  # type: ignore  # noqa: F821
    else:
        guard = RwLockReadGuard.__new__(RwLockReadGuard)
    guard._rwlock = rwlock
    guard._permits = 1
    return guard


class RwLockWriteGuard(RwLockGuard):
    """The lock, held to write: ``value`` is what it guards, to be read and replaced.

    Source of the semantics: ``tokio::sync::RwLockWriteGuard``.
    """

    __slots__ = ()

    @property
    def value(self) -> Any:
        """The guarded value. Raises ``RuntimeError`` after ``unlock`` or ``downgrade``."""
        return self._get_value()

    @value.setter
    def value(self, value: Any) -> None:
        if self._permits == 0:
            raise RuntimeError(_RELEASED)
        self._rwlock._set_value(value)

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
        guard = make_read_guard(self._rwlock)
        if permits > 1:
            self._rwlock._semaphore._release(permits - 1)
        return guard

    def downgrade_to_upgradable(self) -> RwLockUpgradableReadGuard:
        """Turns into the upgradable reader, with no writer in between; this guard is released.

        Raises ``RuntimeError`` if the guard was released.

        Source of the semantics: ``async_lock::RwLockWriteGuard::downgrade_to_upgradable``.
        """
        if self._permits == 0:
            raise RuntimeError(_RELEASED)
        self._rwlock.try_token()  # it is free: whoever has it would hold a permit, and we have them all
        return RwLockUpgradableReadGuard(self._rwlock, self.downgrade())


def make_write_guard(rwlock: RwLock) -> RwLockWriteGuard:
    """A guard with all permits."""
    if cython.compiled:
        guard = cython.cast(RwLockWriteGuard, unshelve(3, RwLockWriteGuard))  # type: ignore  # noqa: F821
    else:
        guard = RwLockWriteGuard.__new__(RwLockWriteGuard)
    guard._rwlock = rwlock
    guard._permits = rwlock._max_readers
    return guard


def _locking_enter(raw: Any, args: Any) -> Any:
    """``Locking.__aenter__`` for the interpreter."""
    cython.cast(Locking, raw)._with = True
    return new_reference(cython.cast(Locking, raw))  # type: ignore  # noqa: F821 - C, from the .pxd


def _locking_exit(raw: Any, args: Any) -> Any:
    """``Locking.__aexit__`` for the interpreter."""
    cython.cast(Locking, raw)._leave()
    return new_reference(_DONE)  # type: ignore  # noqa: F821


if cython.compiled:
    shelve(Read)  # type: ignore  # noqa: F821
    shelve(Write)  # type: ignore  # noqa: F821
    shelve(RwLockReadGuard)  # type: ignore  # noqa: F821
    shelve(RwLockWriteGuard)  # type: ignore  # noqa: F821
    quicken(Locking, b"__aenter__", 0, _locking_enter)  # type: ignore  # noqa: F821
    quicken(Locking, b"__aexit__", 3, _locking_exit)  # type: ignore  # noqa: F821
