"""select and race: the first of several futures; the losers are cancelled and unwound before it returns."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.future import CoroutineFuture, Future, close_coroutine, into_future, poll_fn
from ..core.poll import PENDING, Poll
from ..errors import SelectError
from .unwind import unwind

_random = random.Random()
_NOTHING: Any = object()


class Branch:
    """A future with a condition on its value: see ``branch``."""

    def __init__(self, future: Any, accept: Callable[[Any], Any] | None, when: bool) -> None:
        self.future = future
        self.accept = accept
        self.when = when


def branch(future: Any, accept: Callable[[Any], Any] | None = None, *, when: bool = True) -> Branch:
    """A branch of ``select`` whose value must please ``accept``, or that is disabled by ``when=False``.

    A value that ``accept`` refuses disables the branch for this call.
    """
    return Branch(future, accept, when)


class _Arm:
    """One branch while ``select`` runs."""

    def __init__(self, key: Any, given: Any) -> None:
        self.key = key
        self.accept: Callable[[Any], Any] | None = None
        if isinstance(given, Branch):
            self.accept = given.accept
            if not given.when:
                _close_owned(given.future)
                given = None
            else:
                given = given.future
        self.future: Any = None if given is None else into_future(given)
        # A coroutine is ours; a Future (or pinned coroutine) that the caller holds is only borrowed; of a task
        # we own our await of it, not the task.
        self.owned = self.future is not None and self.future is not given
        self.enabled = self.future is not None


def _close_owned(future: Any) -> None:
    if hasattr(future, "send") and not isinstance(future, Future):
        future.close()


async def select(
    *futures: Any,
    biased: bool = False,
    else_: Any = _NOTHING,
    default: Any = _NOTHING,
    **named: Any,
) -> tuple[Any, Any]:
    """Waits for the first of several futures; awaits to ``(key, value)``.

    Args:
        futures: keyed by their index; named ones by their name. A coroutine is owned: if it loses it gets
            CancelledError and is awaited until it has unwound. A ``Future``, ``pin(coroutine)`` or task is
            borrowed: it stays usable. None is a disabled branch; see ``branch`` for conditions.
        biased: poll in the order given, instead of from a random branch on.
        else_: the value if all branches are disabled (key None). Without it: ``SelectError``.
        default: the value if none is ready at the first look (key None): never waits.

    An exception of a branch counts as its completion and is raised, after the losers unwound. Cancel safe for what is
    borrowed; what is owned is unwound.

    >>> import mezame
    >>> async def slow(): await mezame.sleep(10)
    >>> async def main():
    ...     return await mezame.select(slow=slow(), quick=mezame.sleep(0.001))
    >>> mezame.run(main())
    ('quick', None)

    Source of the semantics: ``tokio::select!``.
    """
    given = [*enumerate(futures), *named.items()]
    try:
        arms = [_Arm(key, future) for key, future in given]
    except BaseException:  # one of them cannot be awaited
        for _, future in given:
            close_coroutine(future.future if isinstance(future, Branch) else future)
        raise
    handle = current().handle
    rng = getattr(handle, "rng", None) or _random

    def poll(cx: Context) -> Any:
        slot = current()
        if slot.budget == 0:
            slot.defer(cx)
            return PENDING
        count = len(arms)
        start = 0 if biased or count < 2 else rng.randrange(count)
        for offset in range(count):
            arm = arms[(start + offset) % count]
            if not arm.enabled:
                continue
            try:
                answer = arm.future.poll(cx)
            except BaseException:
                arm.enabled = False
                raise
            if answer is PENDING:
                continue
            arm.enabled = False
            if arm.accept is None or arm.accept(answer.value):
                return Poll.Ready((arm.key, answer.value))
        if not any(arm.enabled for arm in arms):
            if else_ is _NOTHING:
                raise SelectError("all branches are disabled or were refused, and there is no else_")
            return Poll.Ready((None, else_))
        return PENDING if default is _NOTHING else Poll.Ready((None, default))

    try:
        return await poll_fn(poll)  # type: ignore[no-any-return]
    finally:
        await drop_losers([arm for arm in arms if arm.enabled])


async def drop_losers(arms: list[Any]) -> None:
    """Cancels all owned losers first, then waits for each; the first error of an unwinding is raised at the end."""
    first: BaseException | None = None
    for arm in arms:
        if arm.owned and isinstance(arm.future, CoroutineFuture):
            arm.future.cancel()
    for arm in arms:
        if not arm.owned:  # it keeps its place; its stale waker is harmless and replaced at its next poll
            continue
        try:
            await unwind(arm.future)
        except BaseException as error:
            first = first or error
    if first is not None:
        raise first


async def race(*futures: Any) -> Any:
    """The value of the first that completes; the others are cancelled and unwound, as in ``select``.

    >>> import mezame
    >>> mezame.run(mezame.race(mezame.sleep(10), mezame.ready("fast")))
    'fast'
    """
    if not futures:
        raise ValueError("race needs at least one future")
    _, value = await select(*futures)
    return value


def pin(coroutine: Any) -> Any:
    """A coroutine as a Future that ``select`` borrows: it may be waited for again after it lost."""
    return into_future(coroutine)
