"""Cooperation: how a task gives way: ``yield_now``, the budget, and how to do without it."""

from __future__ import annotations

from typing import Any

from .context import Context
from .current import UNLIMITED, Current, current, distance
from .future import Future, into_future
from .poll import PENDING, make_ready

try:
    import cython
except ImportError:
    from . import cython_shim as cython

_FRESH = 0
_YIELDED = 1
_FINISHED = 2


class YieldNow(Future):
    """Lets every other ready task and the driver have a turn.

    ``await yield_now()`` queues the task behind all that is ready, after the driver was looked at once.
    Outside of our runtime the waker is woken at once. Cancel safe.

    >>> import mezame
    >>> async def main():
    ...     await mezame.yield_now()
    ...     return "again"
    >>> mezame.run(main())
    'again'

    Source of the semantics: ``tokio::task::yield_now``.
    """

    __slots__ = ("_phase",)

    def __init__(self) -> None:
        self._phase = _FRESH

    def poll(self, cx: Context) -> Any:
        if self._phase == _FRESH:
            self._phase = _YIELDED
            current()._defer(cx)
            return PENDING
        if self._phase == _FINISHED:
            raise RuntimeError("yield_now() was polled after it completed: call it again for another turn")
        self._phase = _FINISHED
        return make_ready(None)


yield_now = YieldNow


@cython.nonecheck(False)
def _yield_next(raw: Any) -> Any:
    """``poll`` and what ``Future.__next__`` makes of it, in one: every switch between tasks comes through here."""
    found = here()  # type: ignore  # noqa: F821 - C, from the .pxd
    if found is not cython.NULL and cython.cast(Current, found).context is cython.cast(Current, found).loop:
        if cython.cast(YieldNow, raw)._phase == _FRESH and cython.cast(Current, found).loop is not None:
            cython.cast(YieldNow, raw)._phase = _YIELDED
            cython.cast(Current, found).deferred = True
            return new_reference(PENDING)  # type: ignore  # noqa: F821
        if cython.cast(YieldNow, raw)._phase == _YIELDED:
            cython.cast(YieldNow, raw)._phase = _FINISHED
            return cython.NULL  # the end of a C iterator: None
    return await_next(raw)  # type: ignore  # noqa: F821


@cython.nonecheck(False)
def _make_yield(kind: Any, args: Any, count: Any, names: Any) -> Any:
    """``YieldNow()`` for the interpreter: a call of a type without an argument, and nothing else."""
    if arguments(count) != 0 or names is not cython.NULL:  # type: ignore  # noqa: F821 - C, from the .pxd
        raise TypeError("yield_now() takes no arguments")
    kept = unshelve_owned(0, YieldNow)  # type: ignore  # noqa: F821
    cython.cast(YieldNow, kept)._phase = _FRESH
    return kept


if cython.compiled:
    use_distance(distance())  # type: ignore  # noqa: F821
    shelve(YieldNow)  # type: ignore  # noqa: F821
    immortal(YieldNow)  # type: ignore  # noqa: F821
    set_iternext(YieldNow, _yield_next)  # type: ignore  # noqa: F821
    set_vectorcall(YieldNow, _make_yield)  # type: ignore  # noqa: F821


class ConsumeBudget(Future):
    """The future of ``consume_budget``."""

    __slots__ = ("_done",)

    def __init__(self) -> None:
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("consume_budget() was polled after it completed: call it again for another unit")
        if not current()._take_budget(cx):
            return PENDING
        self._done = True
        return make_ready(None)


def consume_budget() -> Future:
    """``await`` it in a long computation: takes one unit of the budget, gives way only when it is gone.

    Cancel safe.

    Source of the semantics: ``tokio::task::coop::consume_budget``.
    """
    return ConsumeBudget()


class Unconstrained(Future):
    """The future of ``unconstrained``."""

    __slots__ = ("_future",)

    def __init__(self, future: Any) -> None:
        self._future = into_future(future)

    def poll(self, cx: Context) -> Any:
        slot = current()
        left = slot.budget
        slot.budget = UNLIMITED
        try:
            return self._future.poll(cx)
        finally:
            slot.budget = left

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        """The await protocol: passes the exception on inwards, where it may await on its way out."""
        return self._future.throw(kind, value, traceback)

    def close(self) -> None:
        self._future.close()


def unconstrained(future: Any) -> Future:
    """A future in which ``future`` never sees the budget exhausted. It can starve other tasks.

    Cancel safe as far as ``future`` is.

    Source of the semantics: ``tokio::task::unconstrained``.
    """
    return Unconstrained(future)


def has_budget_remaining() -> bool:
    """False when the next leaf would answer Pending for want of budget; True outside of a runtime."""
    return current().budget != 0


def poll_proceed(cx: Context) -> bool:
    """For hand-written leaves: takes one unit; False means return ``Poll.Pending``, the wake is arranged.

    Call ``refund()`` if the leaf then has to wait for something else.

    Source of the semantics: ``tokio::task::coop::poll_proceed``.
    """
    return current()._take_budget(cx)


def refund() -> None:
    """Gives back the unit of ``poll_proceed`` when no progress was made."""
    current()._refund()
