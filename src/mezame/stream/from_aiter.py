"""FromAiter: any async iterator as a stream; an async generator is closed when the stream goes."""

from __future__ import annotations

from collections.abc import Coroutine
from types import AsyncGeneratorType
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.poll import PENDING, make_ready
from ..core.report import report_exception
from ..future.end import END
from .finish import close_from_aiter, close_iterator, finish
from .owned import Owned
from .stream import Stream

_END: Any = END  # as C variables
_GENERATOR: Any = AsyncGeneratorType


class FromAiter(Stream):
    """The stream of ``from_aiter``.

    ``_step`` is the iteration in progress. A cancelled ``next()`` leaves it there, so that no item is lost: the
    generator learns of a cancellation only when the stream itself goes.
    """

    __slots__ = ("_iterator", "_step")

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator
        self._step = Owned()

    def poll_next(self, cx: Context) -> Any:
        step = self._step
        fresh = step.future is None
        if fresh:
            if self._iterator is None:
                return make_ready(_END)
            if not current()._take_budget(cx):
                return PENDING
        try:
            if fresh:
                if type(self._iterator) is _GENERATOR:  # whose steps are stepped like coroutines
                    step.start_coroutine(self._iterator.__anext__())
                else:
                    step.start(self._iterator.__anext__())
            answer = step.poll(cx)
        except StopAsyncIteration:
            return make_ready(_END)
        if fresh and answer is PENDING:
            current()._refund()
        return answer

    def let_go(self) -> tuple[Owned, Any]:
        """What has to be ended: the iteration in progress, and the iterator. From now on the stream is at its end."""
        iterator = self._iterator
        self._iterator = None
        return self._step, iterator

    def drop(self) -> None:
        step, iterator = self.let_go()
        if iterator is not None:
            finish(close_iterator(step, iterator), repr(iterator))

    def aclose(self) -> Coroutine[Any, Any, None]:
        """As that of every stream."""
        return close_from_aiter(self)

    def __del__(self) -> None:
        iterator = self._iterator
        if iterator is not None:
            try:
                self.drop()
            except BaseException as error:
                report_exception(f"{iterator!r} failed while it was closed", error)

    def __repr__(self) -> str:
        return f"<stream of {self._iterator!r}>"


def from_aiter(iterable: Any) -> FromAiter:
    """Any async iterable as a ``Stream``: async generators, receivers, intervals, foreign libraries' iterators.

    Args:
        iterable: an object with ``__aiter__``.

    Its ``next()`` is cancel safe, which that of a bare async generator is not: a cancelled await leaves the generator
    where it is, and the next one goes on. When the stream is dropped (or closed with ``aclose``) a generator gets its
    ``aclose``, so that its ``finally`` blocks run. Raises ``TypeError`` for what cannot be iterated with ``async for``.

    >>> import mezame
    >>> async def numbers():
    ...     for n in range(5):
    ...         await mezame.yield_now()
    ...         yield n
    >>> async def main():
    ...     return [n async for n in mezame.stream.from_aiter(numbers()).filter(lambda n: n % 2)]
    >>> mezame.run(main())
    [1, 3]

    Source of the semantics: ``async_std::stream::IntoStream``.
    """
    if not hasattr(iterable, "__aiter__"):
        hint = "mezame.stream.iter(x)" if hasattr(iterable, "__iter__") else "call it" if callable(iterable) else ""
        raise TypeError(
            f"from_aiter needs an async iterable, not {iterable!r}" + (f"; you may want: {hint}" if hint else "")
        )
    return FromAiter(iterable.__aiter__())
