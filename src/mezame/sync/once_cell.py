"""OnceCell: a value that is made once, by whoever needs it first.

    empty --get_or_init: the permit of a one-permit semaphore--> initialising --done--> set (the semaphore is closed)
                                                                 --failed, cancelled--> empty, the next one tries

The semaphore is the queue of those who would initialise; closing it tells them that there is a value.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any

from .acquire import AcquireError
from .errors import variant
from .notify import Notify
from .semaphore import Semaphore, TryAcquireError

_NOTHING: Any = object()


class SetError(Exception):
    """``OnceCell.set`` could not: ``SetError.AlreadyInitialized`` or ``.Initializing``. ``value`` is what was not set.

    Source of the semantics: ``tokio::sync::SetError``.
    """

    AlreadyInitialized: type[SetError]
    Initializing: type[SetError]

    def __init__(self, value: Any, message: str) -> None:
        super().__init__(message)
        self.value = value

    def is_already_init_err(self) -> bool:
        """True if there is a value."""
        return isinstance(self, SetError.AlreadyInitialized)

    def is_initializing_err(self) -> bool:
        """True if somebody is making the value."""
        return isinstance(self, SetError.Initializing)


variant(SetError, "AlreadyInitialized", "There is a value.")
variant(SetError, "Initializing", "Somebody is making the value.")


class OnceCell:
    """A value that is set once, or made at first use by an async function. On any thread and any loop.

    Args:
        value: the value, if there is one from the start.

    >>> import mezame
    >>> async def connect():
    ...     print("connecting")
    ...     return "connection"
    >>> async def main():
    ...     cell = mezame.sync.OnceCell()
    ...     return await mezame.join(cell.get_or_init(connect), cell.get_or_init(connect))
    >>> mezame.run(main())
    connecting
    ('connection', 'connection')

    Source of the semantics: ``tokio::sync::OnceCell``.
    """

    def __init__(self, value: Any = _NOTHING) -> None:
        self._value = value
        self._semaphore = Semaphore(1)
        self._is_set = Notify()
        self._lock = threading.Lock()
        if value is not _NOTHING:
            self._semaphore.close()

    async def get_or_init(self, function: Callable[[], Awaitable[Any]]) -> Any:
        """The value; if there is none, ``await function()`` makes it, once, however many ask.

        The others wait. If it raises, this call raises that, and the next one tries with its own function; so it does
        if this call is cancelled. Cancel safe. A ``function`` that itself asks this cell waits for itself.
        """
        value = self._value
        if value is not _NOTHING:
            return value
        semaphore = self._semaphore
        try:
            permit = await semaphore.acquire()
        except AcquireError:
            return await self.get_or_init(function)  # set meanwhile (or set and taken: then it is our turn to ask)
        with permit:
            value = await function()
            self._store(value, semaphore)
        return value

    async def get_or_try_init(self, function: Callable[[], Awaitable[Any]]) -> Any:
        """The same as ``get_or_init``: a failure is an exception in Python, and leaves the cell empty."""
        return await self.get_or_init(function)

    def _store(self, value: Any, semaphore: Semaphore) -> None:
        with self._lock:
            self._value = value
        semaphore.close()
        self._is_set.notify_waiters()

    def set(self, value: Any) -> None:
        """Sets the value. Raises ``SetError.AlreadyInitialized`` or ``.Initializing``, with ``value``."""
        if self._value is not _NOTHING:
            raise SetError.AlreadyInitialized(value, "the cell has a value: it is set once")
        semaphore = self._semaphore
        try:
            permit = semaphore.try_acquire()
        except TryAcquireError.NoPermits:
            raise SetError.Initializing(value, "the value is being made: await get_or_init() or wait()") from None
        except TryAcquireError.Closed:
            raise SetError.AlreadyInitialized(value, "the cell has a value: it is set once") from None
        with permit:
            self._store(value, semaphore)

    def get(self, default: Any = None) -> Any:
        """The value, or ``default``; never waits."""
        value = self._value
        return default if value is _NOTHING else value

    def initialized(self) -> bool:
        """True if there is a value."""
        return self._value is not _NOTHING

    async def wait(self) -> Any:
        """Waits until somebody has set or made the value; awaits to it. Makes none itself. Cancel safe.

        Source of the semantics: ``async_lock::OnceCell::wait``.
        """
        while True:
            notified = self._is_set.notified()  # before the look: a value that comes after it completes this
            value = self._value
            if value is not _NOTHING:
                return value
            await notified

    def take(self, default: Any = None) -> Any:
        """Takes the value out, or gives ``default``; the cell is empty and can be set again."""
        with self._lock:
            value = self._value
            if value is _NOTHING:
                return default
            self._value = _NOTHING
            self._semaphore = Semaphore(1)
        return value

    def into_inner(self, default: Any = None) -> Any:
        """The value, or ``default``; for the last owner."""
        return self.get(default)

    def __repr__(self) -> str:
        return f"<OnceCell of {self._value!r}>" if self.initialized() else "<OnceCell, empty>"
