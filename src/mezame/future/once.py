"""One poll: futures that look once and do not wait."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import Future, into_future, poll_fn
from ..core.poll import PENDING, Poll
from ..core.waker import Waker
from .unwind import unwind


def now_or_never(future: Any, default: Any = None) -> Any:
    """Polls ``future`` once, here and now: its value, or ``default`` if it is not ready; then it is closed.

    Not async; nothing wakes. Raises what the future raises.

    >>> import mezame
    >>> mezame.future.now_or_never(mezame.ready(1)), mezame.future.now_or_never(mezame.pending())
    (1, None)

    Source of the semantics: ``futures::FutureExt::now_or_never``.
    """
    polled = into_future(future)
    answer = polled.poll(Context.from_waker(Waker.noop()))
    if answer is PENDING:
        polled.close()
        return default
    return answer.value


async def poll_once(future: Any, default: Any = None) -> Any:
    """Polls ``future`` once with the waker of this task: its value, or ``default`` if it is not ready.

    A coroutine is owned: if it is not ready it is cancelled and unwound. A ``Future`` is borrowed: it stays, and
    wakes this task when it can go on. It does not wait, so there is nothing to cancel.

    >>> import mezame
    >>> async def main():
    ...     return await mezame.future.poll_once(mezame.sleep(10), "not yet")
    >>> mezame.run(main())
    'not yet'

    Source of the semantics: ``futures_lite::future::poll_once``.
    """
    polled = into_future(future)
    answer = await poll_fn(lambda cx: Poll.Ready(polled.poll(cx)))
    if answer is not PENDING:
        return answer.value
    if polled is not future:
        await unwind(polled)
    return default


async def poll_immediate(future: Any = None, default: Any = None) -> Any:
    """``poll_once``; an absent future (None) gives ``default``.

    >>> import mezame
    >>> mezame.run(mezame.future.poll_immediate(None, "absent"))
    'absent'

    Source of the semantics: ``futures::future::poll_immediate``, ``OptionFuture``.
    """
    return default if future is None else await poll_once(future, default)


async def poll(future: Future) -> Any:
    """Polls ``future`` once with the waker of this task; awaits to what it answered, ``Poll.Ready(v)`` or ``Pending``.

    Args:
        future: a ``Future``; ``pin`` a coroutine first, for it is of no use if it is lost after one poll.

    Raises ``TypeError`` for anything else, and what the poll raises. It does not wait.

    >>> import mezame
    >>> async def main():
    ...     return await mezame.future.poll(mezame.ready(1)), await mezame.future.poll(mezame.pending())
    >>> mezame.run(main())
    (Poll.Ready(1), Poll.Pending)

    Source of the semantics: ``futures::poll!``.
    """
    if not isinstance(future, Future):
        if hasattr(future, "close"):
            future.close()
        raise TypeError(f"poll() borrows a Future, and {future!r} is none: pass pin(...) of it, and keep that")
    return await poll_fn(lambda cx: Poll.Ready(future.poll(cx)))


class PendingOnce(Future):
    """The future of ``pending_once``."""

    __slots__ = ("_polls",)

    def __init__(self) -> None:
        self._polls = 0

    def poll(self, cx: Context) -> Any:
        self._polls += 1
        if self._polls == 1:
            return PENDING
        if self._polls == 2:
            return Poll.Ready(None)
        raise RuntimeError("pending_once() was polled after it completed: make a new one")


def pending_once() -> Future:
    """Pending at its first poll, Ready at its second. It arranges no wake: something else must have.

    Cancel safe.

    >>> import mezame
    >>> once, cx = mezame.future.pending_once(), mezame.Context.from_waker(mezame.Waker.noop())
    >>> once.poll(cx), once.poll(cx)
    (Poll.Pending, Poll.Ready(None))

    Source of the semantics: ``futures::pending!``.
    """
    return PendingOnce()
