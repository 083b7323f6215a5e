"""timeout: a limit on how long a future, or a block, may take."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..core.chain import METHODS
from ..core.context import Context
from ..core.current import UNLIMITED, current
from ..core.future import close_coroutine, into_future, poll_fn
from ..core.poll import PENDING, Poll
from ..core.waker import Waker
from ..errors import CancelledError
from ..future.unwind import unwind
from .duration import FAR_NS, to_ns
from .sleep import Sleep, sleep_until


class Elapsed(TimeoutError):
    """The time was up."""

    def __init__(self, message: str = "deadline has elapsed") -> None:
        super().__init__(message)


class Timeout:
    """What ``timeout`` makes: await it (with a future), or ``async with`` it (without). Once."""

    def __init__(self, sleep: Sleep | None, future: Any) -> None:
        self._sleep = sleep
        self._future = future
        self._task: Any = None
        self._fired = False
        self._before = 0
        self._used = False

    def into_inner(self) -> Any:
        """The future that was given, unharmed and without the limit. The ``Timeout`` is of no use any more.

        Raises ``RuntimeError`` if it was awaited or taken before, or has no future.

        Source of the semantics: ``tokio::time::Timeout::into_inner``.
        """
        if self._future is None:
            raise RuntimeError("this timeout limits a block: there is no future in it")
        self._use()
        return self._future

    def _use(self) -> None:
        if self._used:
            raise RuntimeError("this timeout was awaited, or its future was taken, before: make a new one")
        self._used = True

    def __await__(self) -> Generator[Any, Any, Any]:
        if self._future is None:
            raise TypeError("timeout without a future is used as 'async with timeout(seconds):'")
        self._use()
        return self._limit().__await__()

    async def _limit(self) -> Any:
        inner = into_future(self._future)
        timer = self._sleep

        def poll(cx: Context) -> Any:
            slot = current()
            had_budget = slot.budget != 0
            answer = inner.poll(cx)
            if answer is not PENDING:
                return answer.map(lambda value: (True, value))
            if timer is None:
                return PENDING
            if had_budget and slot.budget == 0:
                # The future ate the budget: without this a busy one would never be timed out.
                slot.budget = UNLIMITED
                try:
                    fired = timer.poll(cx)
                finally:
                    slot.budget = 0
            else:
                fired = timer.poll(cx)
            return PENDING if fired is PENDING else Poll.Ready((False, None))

        try:
            finished, value = await poll_fn(poll)
        finally:
            if timer is not None:
                timer.close()
            await unwind(inner)
        if not finished:
            raise Elapsed
        return value

    # --- as a block ---------------------------------------------------------------------------------------

    async def __aenter__(self) -> Timeout:
        if self._future is not None:
            close_coroutine(self._future)
            raise TypeError("timeout(duration, future) is awaited; the block form has no future")
        task: Any = current().task
        if task is None:
            raise RuntimeError("'async with timeout' works inside a task of mezame")
        self._use()
        self._task = task
        self._before = task.cancelling()
        if self._sleep is not None and self._sleep.poll(self._context()) is not PENDING:
            self._fire()
        return self

    def _context(self) -> Context:
        return Context(Waker.from_callable(self._fire))

    def _fire(self) -> None:
        if self._task is not None and not self._fired:
            sleep = self._sleep
            if sleep is not None and not sleep.is_elapsed() and sleep.deadline().elapsed() == 0.0:
                return  # a spurious wake: the shutdown of the timers, say
            self._fired = True
            self._task.cancel()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        task, self._task = self._task, None
        if self._sleep is not None:
            self._sleep.close()
        if self._fired and task.uncancel() <= self._before and isinstance(error, CancelledError):
            # Only our own request is left undone by now, so the cancellation that came out was ours.
            raise Elapsed from error

    def expired(self) -> bool:
        """True if the time was up."""
        return self._fired


def timeout(duration: Any, future: Any = None) -> Timeout:
    """Limits how long ``future`` may take: ``await timeout(1.0, work())``; or ``async with timeout(1.0):``.

    Args:
        duration: seconds (float) or timedelta; 0 still polls the future once; infinite: no limit.
        future: a coroutine (owned: cancelled and unwound at the deadline before ``Elapsed`` is raised), or
            any other future.

    Awaits to the future's value, raises what it raises, or ``Elapsed`` (a ``TimeoutError``). A value that is
    there at the deadline wins. Cancel safe as far as ``future`` is.

    >>> import mezame
    >>> async def main():
    ...     try:
    ...         await mezame.timeout(0.001, mezame.pending())
    ...     except TimeoutError as error:
    ...         return str(error)
    >>> mezame.run(main())
    'deadline has elapsed'

    Source of the semantics: ``tokio::time::timeout``.
    """
    try:
        ns = to_ns(duration, "timeout's duration")
    except BaseException:
        close_coroutine(future)
        raise
    return Timeout(None if ns >= FAR_NS else Sleep(ns, -1), future)


def timeout_at(deadline: float, future: Any = None) -> Timeout:
    """``timeout`` with an ``Instant``: ``await timeout_at(deadline, work())``, or ``async with timeout_at(deadline):``.

    Raises ``ValueError`` for NaN.

    >>> import mezame
    >>> async def main():
    ...     return await mezame.timeout_at(mezame.time.now().checked_add(5), mezame.ready("in time"))
    >>> mezame.run(main())
    'in time'

    Source of the semantics: ``tokio::time::timeout_at``.
    """
    try:
        sleep = sleep_until(deadline)
    except BaseException:
        close_coroutine(future)
        raise
    return Timeout(sleep, future)


METHODS["timeout"] = timeout
METHODS["timeout_at"] = timeout_at
