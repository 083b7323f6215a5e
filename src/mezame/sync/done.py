"""DONE: what an ``__aexit__`` with nothing to wait for returns."""

from __future__ import annotations

from collections.abc import Iterator


class Done:
    """Awaitable anywhere, also while a coroutine is closed outside of any loop, when nothing may be waited for.

    >>> list(DONE.__await__())
    []
    """

    __slots__ = ()

    def __await__(self) -> Iterator[None]:
        return iter(())


DONE = Done()
