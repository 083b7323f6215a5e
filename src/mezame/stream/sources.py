"""Sources: the small streams: once, empty, pending, repeat, repeat_with, unfold, poll_fn, successors, from_fn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed
from ..core.poll import PENDING, Ready, make_ready
from ..future.end import END
from ..future.poll_next import no_such_item
from .callables import callable_for
from .owned import Owned
from .stream import Stream

_NOTHING: Any = object()


class Once(Stream):
    """The stream of ``once``."""

    __slots__ = ("_item",)

    def __init__(self, item: Any) -> None:
        self._item = item

    def poll_next(self, cx: Context) -> Any:
        item, self._item = self._item, _NOTHING
        return make_ready(END if item is _NOTHING else item)

    def size_hint(self) -> tuple[int, int | None]:
        left = int(self._item is not _NOTHING)
        return left, left

    def drop(self) -> None:
        self._item = _NOTHING


def once(item: Any) -> Once:
    """A stream of one item. (``once_future`` takes a future whose value is the item.)

    >>> import mezame
    >>> mezame.run(mezame.stream.once(1).chain(mezame.stream.iter([2, 3])).collect())
    [1, 2, 3]

    Source of the semantics: ``tokio_stream::once``.
    """
    return Once(item)


class OnceFuture(Stream):
    """The stream of ``once_future``."""

    __slots__ = ("_future",)

    def __init__(self, future: Any) -> None:
        self._future = Owned()
        self._future.start(future)

    def poll_next(self, cx: Context) -> Any:
        if self._future.future is None:
            return make_ready(END)
        return self._future.poll(cx)

    def drop(self) -> None:
        self._future.drop()

    async def aclose(self) -> None:
        await self._future.aclose()


def once_future(future: Any) -> OnceFuture:
    """A stream of one item, the value of ``future`` (a coroutine, or anything that ``into_future`` takes).

    >>> import mezame
    >>> mezame.run(mezame.stream.once_future(mezame.ready(7)).collect())
    [7]

    Source of the semantics: ``futures_lite::stream::once_future``.
    """
    return OnceFuture(future)


class Empty(Stream):
    """The stream of ``empty``."""

    __slots__ = ()

    def poll_next(self, cx: Context) -> Any:
        return make_ready(END)

    def size_hint(self) -> tuple[int, int | None]:
        return 0, 0


def empty() -> Empty:
    """A stream without items. Source of the semantics: ``tokio_stream::empty``.

    >>> import mezame
    >>> mezame.run(mezame.stream.empty().next("nothing"))
    'nothing'
    """
    return Empty()


class Pending(Stream):
    """The stream of ``pending``."""

    __slots__ = ()

    def poll_next(self, cx: Context) -> Any:
        return PENDING


def pending() -> Pending:
    """A stream that never has an item and never ends. Source of the semantics: ``tokio_stream::pending``.

    >>> import mezame
    >>> mezame.stream.pending().poll_next(mezame.Context.from_waker(mezame.Waker.noop()))
    Poll.Pending
    """
    return Pending()


class RepeatWith(Stream):
    """The stream of ``repeat`` and ``repeat_with``, of ``successors`` and ``from_fn``: ``_function()``, until END."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function: Any = function

    def poll_next(self, cx: Context) -> Any:
        if self._function is None:
            return make_ready(END)
        if not poll_proceed(cx):
            return PENDING
        item = self._function()
        if item is END:
            self._function = None
        return make_ready(item)

    def drop(self) -> None:
        self._function = None


def repeat(item: Any) -> RepeatWith:
    """The same item for ever. Takes a unit of the budget an item.

    >>> import mezame
    >>> mezame.run(mezame.stream.repeat(0).take(3).collect())
    [0, 0, 0]

    Source of the semantics: ``futures::stream::repeat``.
    """
    return RepeatWith(lambda: item)


def repeat_with(function: Callable[[], Any]) -> RepeatWith:
    """``function()``, for ever: called when the item is wanted. Takes a unit of the budget an item.

    >>> import itertools
    >>> import mezame
    >>> mezame.run(mezame.stream.repeat_with(itertools.count().__next__).take(3).collect())
    [0, 1, 2]

    Source of the semantics: ``futures::stream::repeat_with``.
    """
    return RepeatWith(callable_for("repeat_with", function))


def successors(first: Any, function: Callable[[Any], Any]) -> RepeatWith:
    """``first``, ``function(first)``, ``function(function(first))`` ... until that is None.

    >>> import mezame
    >>> mezame.run(mezame.stream.successors(1, lambda n: n * 3 if n < 50 else None).collect())
    [1, 3, 9, 27, 81]

    Source of the semantics: ``async_std::stream::successors``.
    """
    callable_for("successors", function)
    state = [_NOTHING]

    def step() -> Any:
        item = first if state[0] is _NOTHING else function(state[0])
        state[0] = item
        return END if item is None else item

    return RepeatWith(step)


def from_fn(function: Callable[[], Any]) -> RepeatWith:
    """``function()`` again and again, until it returns None. For an async function: ``unfold``.

    >>> import mezame
    >>> rest = [3, 2, 1]
    >>> mezame.run(mezame.stream.from_fn(lambda: rest.pop() if rest else None).collect())
    [1, 2, 3]

    Source of the semantics: ``async_std::stream::from_fn``.
    """
    callable_for("from_fn", function)

    def step() -> Any:
        item = function()
        return END if item is None else item

    return RepeatWith(step)


class PollFn(Stream):
    """The stream of ``poll_fn``."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Context], Any]) -> None:
        self._function = function

    def poll_next(self, cx: Context) -> Any:
        answer = self._function(cx)
        if answer is not PENDING and type(answer) is not Ready:
            raise no_such_item(self, answer)
        return answer


def poll_fn(function: Callable[[Context], Any]) -> PollFn:
    """A stream whose ``poll_next`` is ``function(cx)``: it returns ``Poll.Ready(item or END)`` or ``Poll.Pending``.

    >>> import mezame
    >>> mezame.run(mezame.stream.poll_fn(lambda cx: mezame.Poll.Ready(1)).take(2).collect())
    [1, 1]

    Source of the semantics: ``futures::stream::poll_fn``.
    """
    return PollFn(callable_for("poll_fn", function))


class Unfold(Stream):
    """The stream of ``unfold``."""

    __slots__ = ("_function", "_state", "_step")

    def __init__(self, state: Any, function: Callable[[Any], Any]) -> None:
        self._state = state
        self._function: Any = function
        self._step = Owned()

    def poll_next(self, cx: Context) -> Any:
        if self._step.future is None:
            if self._function is None:
                return make_ready(END)
            if not poll_proceed(cx):
                return PENDING
            state, self._state = self._state, None
            self._step.start(self._function(state))
        try:
            answer = self._step.poll(cx)
        except BaseException:
            self._function = None  # the state went into the call that failed
            raise
        if answer is PENDING:
            return PENDING
        if answer.value is None:
            self._function = None
            return make_ready(END)
        item, self._state = answer.value
        return make_ready(item)

    def drop(self) -> None:
        self._function = self._state = None
        self._step.drop()

    async def aclose(self) -> None:
        self._function = self._state = None
        await self._step.aclose()


def unfold(state: Any, function: Callable[[Any], Any]) -> Unfold:
    """A stream out of a state and an async function: ``await function(state)`` gives ``(item, next state)``, or None.

    None ends the stream; a failure is raised to whoever awaits, and ends it too.

    >>> import mezame
    >>> async def halve(n):
    ...     return (n, n // 2) if n else None
    >>> mezame.run(mezame.stream.unfold(10, halve).collect())
    [10, 5, 2, 1]

    Source of the semantics: ``futures::stream::unfold``.
    """
    return Unfold(state, callable_for("unfold", function))
