"""Adapters with an async function: then, or_else. One call at a time runs; ``buffered`` runs several."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, Ready
from ..future.end import END
from .adapter import Adapter
from .callables import callable_for
from .ending import close_all, drop_all
from .owned import Owned

_END: Any = END  # as a C variable


class _Calling(Adapter):
    """Base: ``_call`` is the call in progress. A cancelled ``next()`` leaves it there; the next one goes on."""

    __slots__ = ("_call", "_function")

    def __init__(self, source: Any, what: str, function: Callable[[Any], Any]) -> None:
        super().__init__(source)
        self._function = callable_for(what, function)
        self._call = Owned()

    def drop(self) -> None:
        drop_all(self._call, self._source)

    def aclose(self) -> Coroutine[Any, Any, None]:
        """As that of every stream."""
        return close_all(self._call, self._source)


class Then(_Calling):
    """The stream of ``Stream.then``."""

    __slots__ = ()

    def __init__(self, source: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(source, "then", function)

    def poll_next(self, cx: Context) -> Any:
        if self._call.future is None:
            answer = self._source.poll_next(cx)
            if answer is PENDING:
                return PENDING
            ready: Ready = answer
            if ready.value is _END:
                return ready
            self._call.start(self._function(ready.value))
        return self._call.poll(cx)

    def size_hint(self) -> tuple[int, int | None]:
        low, high = self._source.size_hint()
        begun = int(self._call.future is not None)
        return low + begun, None if high is None else high + begun


class OrElse(_Calling):
    """The stream of ``Stream.or_else``."""

    __slots__ = ()

    def __init__(self, source: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(source, "or_else", function)

    def poll_next(self, cx: Context) -> Any:
        if self._call.future is None:
            try:
                return self._source.poll_next(cx)
            except Exception as error:
                self._call.start(self._function(error))
        return self._call.poll(cx)
