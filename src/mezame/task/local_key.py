"""LocalKey: a value that one task, or one future in it, has for itself: task-local storage.

The value is there while the scoped future is polled, and nowhere else: a task spawned inside does not inherit it.
(``contextvars`` are what tasks inherit: use those where that is wanted.)

The store *is* a context variable, so that the value follows the task over its awaits and over threads; beside the
value it has the owner, the task that is inside the scope. A spawned task copies the variable, but is not the owner.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar, Token
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.task import Task
from ..core.wrapper import Wrapper

_NOTHING: Any = object()


class AccessError(LookupError):
    """A task-local was read where no scope has set it."""


def _owner() -> tuple[str, int]:
    """Who runs here. Numbers and no references: a copied context must keep nobody alive."""
    task = current().task
    if isinstance(task, Task):
        return ("task", task.id)
    return ("thread", threading.get_ident())


class LocalKey:
    """A task-local variable.

    Args:
        name: shown in errors.

    >>> import mezame
    >>> USER = mezame.task.LocalKey("user")
    >>> async def greet(): return f"hello {USER.get()}"
    >>> async def main():
    ...     return await USER.scope("Ada", greet()), USER.try_get("nobody")
    >>> mezame.run(main())
    ('hello Ada', 'nobody')

    Source of the semantics: ``tokio::task::LocalKey``.
    """

    __slots__ = ("_variable", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._variable: ContextVar[Any] = ContextVar(name)

    def scope(self, value: Any, future: Any) -> Scope:
        """A future that is ``future`` with the value set while it is polled. Cancel safe as far as that is.

        Args:
            value: what ``get`` returns inside; an inner scope hides it and gives it back.
            future: a coroutine, or anything that ``into_future`` takes.
        """
        return Scope(self, value, future)

    def sync_scope(self, value: Any) -> SyncScope:
        """A context manager: the value is set in its block, for the task (or thread) that runs it.

        >>> import mezame
        >>> DEPTH = mezame.task.LocalKey("depth")
        >>> with DEPTH.sync_scope(1):
        ...     DEPTH.get()
        1
        """
        return SyncScope(self, value)

    def get(self) -> Any:
        """The value. Raises ``AccessError`` (a ``LookupError``) outside of a scope."""
        value = self.try_get(_NOTHING)
        if value is _NOTHING:
            raise AccessError(
                f"the task-local {self.name!r} has no value here: run this inside {self.name}.scope(value, future); "
                "a spawned task does not inherit it"
            )
        return value

    def try_get(self, default: Any = None) -> Any:
        """The value, or ``default`` outside of a scope."""
        found = self._variable.get(None)
        if found is None or found[1] != _owner():
            return default
        return found[0]

    def _set(self, value: Any) -> Token[Any]:
        return self._variable.set((value, _owner()))

    def __repr__(self) -> str:
        return f"<LocalKey {self.name!r}>"


class SyncScope:
    """The context manager of ``sync_scope``. Enter it once."""

    __slots__ = ("_key", "_token", "_value")

    def __init__(self, key: LocalKey, value: Any) -> None:
        self._key = key
        self._value = value
        self._token: Token[Any] | None = None

    def __enter__(self) -> Any:
        if self._token is not None:
            raise RuntimeError("a sync_scope is entered once: make a new one")
        self._token = self._key._set(self._value)
        return self._value

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self._token is not None:
            self._key._variable.reset(self._token)


class Scope(Wrapper):
    """The future of ``LocalKey.scope``."""

    __slots__ = ("_key", "_value")

    def __init__(self, key: LocalKey, value: Any, future: Any) -> None:
        super().__init__(future)
        self._key = key
        self._value = value

    def poll(self, cx: Context) -> Any:
        token = self._key._set(self._value)
        try:
            return self._future.poll(cx)
        finally:
            self._key._variable.reset(token)

    def close(self) -> None:
        token = self._key._set(self._value)
        try:
            super().close()
        finally:
            self._key._variable.reset(token)
