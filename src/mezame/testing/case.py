"""``@test``: an ``async def`` test becomes a plain one, on a fresh runtime.

The plain function works under any test runner. pytest's plugin looks inside (``__mezame_test__``) and runs the
``async def`` itself on the runtime of the test's async fixtures.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..runtime.entry import run
from .runner import Runner


def test(function: Any = None, /, **options: Any) -> Any:
    """Runs an ``async def`` test on a fresh current-thread runtime.

    Args:
        options: those of ``Runtime``, as ``@mezame.testing.test(start_paused=True)``; and ``timeout``: seconds that
            the test may take, or it fails with the stacks of all tasks; ``leaks``: "warn" (the default), "error" or
            "allow" tasks that it leaves behind; ``seed``: see ``seed``.

    >>> import mezame.testing
    >>> @mezame.testing.test(start_paused=True)
    ... async def an_hour_passes():
    ...     await mezame.sleep(3600)
    >>> an_hour_passes()

    Source of the semantics: ``tokio::test``.
    """

    def decorate(function: Any) -> Callable[..., Any]:
        if not callable(function):
            raise TypeError(f"@mezame.testing.test needs an async def function, not {function!r}")
        inner, more = getattr(function, "__mezame_test__", (function, {}))
        every = {**more, **options}

        @functools.wraps(inner)
        def sync(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            with Runner(getattr(inner, "__qualname__", repr(inner)), **every) as runner:
                return runner.run_test(lambda: inner(*args, **kwargs))

        sync.__mezame_test__ = (inner, every)  # type: ignore[attr-defined]
        return sync

    return decorate if function is None else decorate(function)


test.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect the decorator itself


def start_paused(function: Any) -> Any:
    """``test(start_paused=True)``: sleeps take no real time, and end in the order of their deadlines.

    >>> import mezame.testing
    >>> @mezame.testing.start_paused
    ... async def a_day_passes():
    ...     await mezame.sleep(86_400)
    >>> a_day_passes()

    Source of the semantics: ``#[tokio::test(start_paused = true)]``.
    """
    return test(function, start_paused=True)


def seed(seed: Any) -> Any:
    """``test(seed=seed)``: the order in which ready tasks are polled is random; the same seed gives the same order.

    Args:
        seed: a number or a string. With it ``select`` and all else that the runtime chooses are decided, too.

    Only for the current-thread runtime: where several threads run there is no one order.

    >>> import mezame, mezame.testing
    >>> def order(seed):
    ...     words = []
    ...     async def say(word): words.append(word)
    ...     @mezame.testing.seed(seed)
    ...     async def all_of_them():
    ...         await mezame.join_all([mezame.spawn(say(word)) for word in "abcdef"])
    ...     all_of_them()
    ...     return "".join(words)
    >>> order(1) == order(1), len({order(n) for n in range(9)}) > 1
    (True, True)

    Source of the semantics: ``tokio::runtime::RngSeed``.
    """
    return test(seed=seed)


def block_on(future: Any, **options: Any) -> Any:
    """Drives ``future`` on a fresh current-thread runtime, and closes it. Returns its value, raises what it raises.

    Args:
        future: a coroutine or any other awaitable.
        options: those of ``Runtime``.

    >>> import mezame
    >>> async def answer(): return 42
    >>> mezame.testing.block_on(answer())
    42

    Source of the semantics: ``tokio_test::block_on``.
    """
    return run(future, **options)
