"""The first of several futures, with the losers given back alive: futures' ``select``, ``select_all``, ``select_ok``.

(``mezame.select`` is the other kind: it ends the losers.) What is given back has been polled and stays usable;
whoever does not want it drops it. Where nothing is given back (a failure, a cancellation) the owned futures, that is
the coroutines, are cancelled and unwound first.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

from ..core.context import Context
from ..core.future import into_future, poll_fn
from ..core.given import make_each
from ..core.poll import PENDING, Poll
from .select import drop_losers
from .select import select as select_and_drop


class _Runner:
    """One of the futures."""

    __slots__ = ("future", "given", "index", "owned")

    def __init__(self, index: int, given: Any) -> None:
        self.index = index
        self.future = into_future(given)
        self.owned = self.future is not given
        # What is awaited only once (a coroutine, a Timeout) goes on as the Future made of it; a task is awaited anew.
        again = not self.owned or hasattr(given, "join_future") or hasattr(given, "add_done_callback")
        self.given = given if again else self.future


async def _first(runners: list[_Runner], skip_failures: bool) -> tuple[_Runner, Any]:
    """The first that completes, and its value; it is removed from ``runners``."""

    def poll(cx: Context) -> Any:
        for runner in list(runners):
            try:
                answer = runner.future.poll(cx)
            except Exception:
                runners.remove(runner)
                if skip_failures and runners:
                    continue
                raise
            except BaseException:
                runners.remove(runner)
                raise
            if answer is not PENDING:
                runners.remove(runner)
                return Poll.Ready((runner, answer.value))
        return PENDING

    try:
        return await poll_fn(poll)  # type: ignore[no-any-return]
    except BaseException:
        await drop_losers(runners)
        raise


def _make(futures: Iterable[Any], what: str) -> list[_Runner]:
    numbers = count()
    runners = make_each(lambda future: _Runner(next(numbers), future), futures)
    if not runners:
        raise ValueError(f"{what} needs at least one future")
    return runners


async def select(left: Any, right: Any) -> tuple[Any, Any]:
    """The first of two; awaits to ``(its value, the other future)``. ``left`` is polled first. Cancel safe for Futures.

    >>> import mezame
    >>> async def main():
    ...     value, other = await mezame.future.select(mezame.sleep(0.001), mezame.ready(1))
    ...     return value, await other
    >>> mezame.run(main())
    (1, None)

    Source of the semantics: ``futures::future::select``.
    """
    runners = _make((left, right), "select")
    _, value = await _first(runners, False)
    return value, runners[0].given


async def select_all(futures: Iterable[Any]) -> tuple[Any, int, list[Any]]:
    """The first of many; awaits to ``(its value, its index, the others)``. The others are not cancelled.

    Cancel safe for Futures; coroutines are unwound.

    Raises ``ValueError`` if there is none, and what the first raises.

    >>> import mezame
    >>> async def main():
    ...     value, index, rest = await mezame.future.select_all([mezame.pending(), mezame.ready("x")])
    ...     return value, index, len(rest)
    >>> mezame.run(main())
    ('x', 1, 1)

    Source of the semantics: ``futures::future::select_all``.
    """
    runners = _make(futures, "select_all")
    winner, value = await _first(runners, False)
    return value, winner.index, [runner.given for runner in runners]


async def select_ok(futures: Iterable[Any]) -> tuple[Any, list[Any]]:
    """The first that succeeds; awaits to ``(its value, those that had not completed)``.

    If all fail, the last failure is raised. Raises ``ValueError`` if there is none. Cancel safe for Futures; coroutines
    are unwound.

    >>> import mezame
    >>> async def main():
    ...     return await mezame.future.select_ok([mezame.future.failed(OSError()), mezame.ready("x")])
    >>> mezame.run(main())
    ('x', [])

    Source of the semantics: ``futures::future::select_ok``.
    """
    runners = _make(futures, "select_ok")
    _, value = await _first(runners, True)
    return value, [runner.given for runner in runners]


async def or_(left: Any, right: Any) -> Any:
    """The value of the first that completes, ``left`` if both have; the other is cancelled and unwound.

    Cancel safe for Futures, which are borrowed; coroutines are unwound.

    >>> import mezame
    >>> mezame.run(mezame.future.or_(mezame.ready("left"), mezame.ready("right")))
    'left'

    Source of the semantics: ``futures_lite::future::or``.
    """
    _, value = await select_and_drop(left, right, biased=True)
    return value


async def try_race(*futures: Any) -> Any:
    """The value of the first that succeeds; the others are cancelled and unwound. All failed: the last failure.

    Raises ``ValueError`` if there is none. Cancel safe for Futures, which are borrowed; coroutines are unwound.

    >>> import mezame
    >>> mezame.run(mezame.future.try_race(mezame.future.failed(OSError()), mezame.ready("x")))
    'x'

    Source of the semantics: ``async_std::future::Future::try_race``.
    """
    runners = _make(futures, "try_race")
    try:
        _, value = await _first(runners, True)
    finally:
        await drop_losers(runners)
    return value
