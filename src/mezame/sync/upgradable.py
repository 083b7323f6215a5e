"""Upgradable reading: one reader of an RwLock, beside the others, that may become the writer without letting go.

It holds one permit like every reader, and the lock's *token*. The token is taken only by who holds a permit, and
dropped before that permit is: so a writer, who holds all permits, knows that the token is free. Whoever finds it taken
gives the permit back and waits for the token, never with a permit in hand that the one who upgrades would wait for.

    upgradable --upgrade: all other permits, ahead of all who wait--> writer --downgrade_to_upgradable--> upgradable
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any


class UpgradableRead:
    """What ``RwLock.upgradable_read`` returns: await it, or ``async with`` it. Once."""

    __slots__ = ("_guard", "_rwlock")

    def __init__(self, rwlock: Any) -> None:
        self._rwlock = rwlock
        self._guard: RwLockUpgradableReadGuard | None = None

    def __await__(self) -> Generator[Any, Any, RwLockUpgradableReadGuard]:
        return self._take().__await__()

    async def _take(self) -> RwLockUpgradableReadGuard:
        rwlock = self._rwlock
        while True:
            freed = rwlock.token_freed()  # before the look: a token that comes free after it completes this
            reading = await rwlock.read()
            if rwlock.try_token():
                return RwLockUpgradableReadGuard(rwlock, reading)
            reading.unlock()
            await freed

    async def __aenter__(self) -> RwLockUpgradableReadGuard:
        self._guard = await self._take()
        return self._guard

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self._guard is not None:
            self._guard.unlock()


class RwLockUpgradableReadGuard:
    """The lock, held to read, with the right to become the writer.

    >>> import mezame
    >>> async def main():
    ...     lock = mezame.sync.RwLock(1)
    ...     async with lock.upgradable_read() as guard:
    ...         if guard.value < 2:
    ...             with await guard.upgrade() as writing:
    ...                 writing.value = 2
    ...     return lock.into_inner()
    >>> mezame.run(main())
    2

    Source of the semantics: ``async_lock::RwLockUpgradableReadGuard``.
    """

    __slots__ = ("_held", "_reading", "_rwlock")

    def __init__(self, rwlock: Any, reading: Any) -> None:
        self._rwlock = rwlock
        self._reading = reading
        self._held = True

    @property
    def value(self) -> Any:
        """The guarded value. Raises ``RuntimeError`` once the guard was released, upgraded or downgraded."""
        return self._reading.value

    def _drop_token(self) -> None:
        if self._held:
            self._held = False
            self._rwlock.drop_token()

    async def upgrade(self) -> Any:
        """Waits for the other readers to leave; awaits to an ``RwLockWriteGuard``, and this guard is released.

        It goes ahead of all who wait, so the value is the one that was read. Cancelled, this guard is still held.
        Raises ``RuntimeError`` if the guard was released.
        """
        writing = await self._rwlock.upgrade_of(self._reading)
        self._drop_token()
        return writing

    def try_upgrade(self) -> Any:
        """The ``RwLockWriteGuard`` now, or ``TryLockError`` if others read; then this guard is still held."""
        writing = self._rwlock.try_upgrade_of(self._reading)
        self._drop_token()
        return writing

    def downgrade(self) -> Any:
        """Turns into a plain reader, an ``RwLockReadGuard``; this guard is released."""
        reading = self._reading.hand_over()
        self._drop_token()
        return reading

    def unlock(self) -> None:
        """Gives the lock back. Idempotent."""
        self._drop_token()
        self._reading.unlock()

    def __enter__(self) -> RwLockUpgradableReadGuard:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.unlock()

    def __del__(self) -> None:
        if self._held:
            self.unlock()

    def __repr__(self) -> str:
        return f"<RwLockUpgradableReadGuard: {'held' if self._held else 'released'}>"
