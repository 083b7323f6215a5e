"""SetOnce: a value that is set once, and tasks that wait for it."""

from __future__ import annotations

import threading
from typing import Any

from .notify import Notify

_NOTHING: Any = object()


class SetOnceError(Exception):
    """The value was set before. ``value`` is what was not set. Source: ``tokio::sync::SetOnceError``."""

    def __init__(self, value: Any, message: str = "the value was set before: it is set once") -> None:
        super().__init__(message)
        self.value = value


class SetOnce:
    """A value that is set once and that many can wait for. On any thread and any loop.

    Args:
        value: the value, if there is one from the start.

    >>> import mezame
    >>> async def main():
    ...     port = mezame.sync.SetOnce()
    ...     waiting = mezame.spawn(port.wait())
    ...     port.set(8080)
    ...     return await waiting
    >>> mezame.run(main())
    8080

    Source of the semantics: ``tokio::sync::SetOnce``.
    """

    def __init__(self, value: Any = _NOTHING) -> None:
        self._value = value
        self._lock = threading.Lock()
        self._is_set = Notify()

    def set(self, value: Any) -> None:
        """Sets the value and wakes all who wait. Raises ``SetOnceError`` (with ``value``) if it was set before."""
        with self._lock:
            refused = self._value is not _NOTHING
            if not refused:
                self._value = value
        if refused:
            raise SetOnceError(value)
        self._is_set.notify_waiters()

    def get(self, default: Any = None) -> Any:
        """The value, or ``default``; never waits."""
        value = self._value
        return default if value is _NOTHING else value

    def initialized(self) -> bool:
        """True if there is a value."""
        return self._value is not _NOTHING

    async def wait(self) -> Any:
        """Waits for the value; awaits to it; at once if it is there. Cancel safe."""
        notified = self._is_set.notified()  # before the look: a value that comes after it completes this
        if self._value is _NOTHING:
            await notified
        return self._value

    def into_inner(self, default: Any = None) -> Any:
        """The value, or ``default``; for the last owner."""
        return self.get(default)

    def __repr__(self) -> str:
        return f"<SetOnce of {self._value!r}>" if self.initialized() else "<SetOnce, empty>"
