"""DONE: what an ``__aexit__`` with nothing to wait for returns."""

from __future__ import annotations

from typing import Any

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython


class Done:
    """Awaitable anywhere, also while a coroutine is closed outside of any loop, when nothing may be waited for.

    It has no state, so it is its own iterator, and one is enough for all.

    >>> list(DONE.__await__())
    []
    """

    __slots__ = ()

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        raise StopIteration


def _done_next(raw: Any) -> Any:
    """``Done.__next__`` for the interpreter: the end of a C iterator, without an exception object."""
    return cython.NULL


DONE = Done()

if cython.compiled:
    set_iternext(Done, _done_next)  # type: ignore  # noqa: F821 - C, from the .pxd
