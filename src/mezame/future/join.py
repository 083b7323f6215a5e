"""join, try_join, join_all: several futures in one task."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from ..core.context import Context
from ..core.future import CoroutineFuture, into_future, poll_fn
from ..core.given import make_each
from ..core.poll import PENDING, Poll
from ..core.waker import Waker
from .unwind import unwind

SMALL = 30  # up to so many members all are polled at each wake; beyond, each has a waker of its own


class _Member:
    """One future of a join, with its outcome."""

    def __init__(self, given: Any) -> None:
        self.future = into_future(given)
        self.owned = self.future is not given
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None

    def poll(self, cx: Context) -> None:
        try:
            answer = self.future.poll(cx)
        except (KeyboardInterrupt, SystemExit):
            self.done = True
            raise
        except BaseException as error:
            self.done = True
            self.error = error
            return
        if answer is not PENDING:
            self.done = True
            self.value = answer.value


async def _drop(members: list[_Member]) -> None:
    pending = [member for member in members if not member.done and member.owned]
    for member in pending:
        if isinstance(member.future, CoroutineFuture):
            member.future.cancel()
    first: BaseException | None = None
    for member in pending:
        try:
            await unwind(member.future)
        except BaseException as error:
            first = first or error
    if first is not None:
        raise first


async def _run(members: list[_Member], biased: bool, stop_at_error: bool) -> None:
    turn = 0

    def poll(cx: Context) -> Any:
        nonlocal turn
        count = len(members)
        start = 0 if biased or not count else turn % count
        turn += 1
        for offset in range(count):
            member = members[(start + offset) % count]
            if not member.done:
                member.poll(cx)
                if stop_at_error and member.error is not None:
                    return Poll.Ready(None)
        return Poll.Ready(None) if all(member.done for member in members) else PENDING

    try:
        await poll_fn(poll)
    finally:
        await _drop(members)


def _first_error(members: list[_Member]) -> BaseException | None:
    errors = [member.error for member in members if member.error is not None]
    if not errors:
        return None
    for other in errors[1:]:
        errors[0].add_note(f"beside it another future of the join failed: {other!r}")
    return errors[0]


async def join(*futures: Any, biased: bool = False) -> tuple[Any, ...]:
    """Waits for all; awaits to their values in the order of the arguments.

    They run in this task, side by side but not in parallel. The one that is polled first rotates at each
    poll (``biased=True``: it does not). If some fail, all the others still run to their end; then the first
    exception is raised, the others in its notes. Not cancel safe: the coroutines are unwound, their values lost.

    >>> import mezame
    >>> async def number(n): return n
    >>> mezame.run(mezame.join(number(1), number(2)))
    (1, 2)

    Source of the semantics: ``tokio::join!``.
    """
    members = make_each(_Member, futures)
    await _run(members, biased, False)
    error = _first_error(members)
    if error is not None:
        raise error
    return tuple(member.value for member in members)


async def try_join(*futures: Any, biased: bool = False) -> tuple[Any, ...]:
    """``join`` that stops at the first exception: the others are cancelled and unwound, then it is raised.

    Not cancel safe, as ``join``.

    >>> import mezame
    >>> mezame.run(mezame.try_join(mezame.ready(1), mezame.ready(2)))
    (1, 2)

    Source of the semantics: ``tokio::try_join!``.
    """
    members = make_each(_Member, futures)
    await _run(members, biased, True)
    for member in members:
        if member.error is not None:
            raise member.error
    return tuple(member.value for member in members)


async def try_join_all(futures: Iterable[Any]) -> list[Any]:
    """``try_join`` for many: the list of values in order, or the first exception, after the others have unwound.

    >>> import mezame
    >>> mezame.run(mezame.future.try_join_all(mezame.ready(n) for n in range(3)))
    [0, 1, 2]

    Source of the semantics: ``futures::future::try_join_all``.
    """
    members = make_each(_Member, futures)
    if len(members) <= SMALL:
        await _run(members, False, True)
    else:
        await _run_many(members, True)
    for member in members:
        if member.error is not None:
            raise member.error
    return [member.value for member in members]


async def join_all(futures: Iterable[Any]) -> list[Any]:
    """``join`` for many: awaits to the list of values, in order. Over 30 futures only the woken are polled.

    Not cancel safe, as ``join``.

    >>> import mezame
    >>> mezame.run(mezame.join_all(mezame.ready(n) for n in range(3)))
    [0, 1, 2]

    Source of the semantics: ``futures::future::join_all``.
    """
    members = make_each(_Member, futures)
    if len(members) <= SMALL:
        await _run(members, False, False)
    else:
        await _run_many(members, False)
    error = _first_error(members)
    if error is not None:
        raise error
    return [member.value for member in members]


async def _run_many(members: list[_Member], stop_at_error: bool) -> None:
    """Each member has a waker that puts it on a list of the woken and wakes the task.

    The list is a deque (its append is atomic on every build); a member may stand in it twice, which costs
    a spurious poll and no more. The task's waker is stored before the list is worked off, so a wake between
    "list empty" and "Pending" still finds it.
    """
    woken: deque[int] = deque(range(len(members)))
    outer: list[Waker] = [Waker.noop()]
    left = len(members)

    def context(index: int) -> Context:
        def wake() -> None:
            woken.append(index)
            outer[0].wake()

        return Context(Waker.from_callable(wake))

    contexts = [context(index) for index in range(len(members))]

    def poll(cx: Context) -> Any:
        nonlocal left
        outer[0] = cx.waker
        for _ in range(len(woken)):
            index = woken.popleft()
            member = members[index]
            if not member.done:
                member.poll(contexts[index])
                left -= member.done
                if stop_at_error and member.error is not None:
                    return Poll.Ready(None)
        if left == 0:
            return Poll.Ready(None)
        if woken:
            cx.waker.wake()
        return PENDING

    try:
        await poll_fn(poll)
    finally:
        await _drop(members)
