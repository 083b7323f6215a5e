"""Each: the future under the consumers: a stream's items, one after the other, into a plain function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, Ready, make_ready
from ..future.end import END
from ..future.poll_next import no_such_item

NOTHING: Any = object()


class Each(Future):
    """Calls ``function(item)`` until that is true: awaits to True; or until the end: awaits to False.

    It takes no item after the one that stopped it. One poll takes all the items that are there, within the budget of
    the sources.
    """

    __slots__ = ("_function", "_stream")

    def __init__(self, stream: Any, function: Callable[[Any], Any]) -> None:
        self._stream = stream
        self._function = function

    def poll(self, cx: Context) -> Any:
        poll_next = self._stream.poll_next
        function = self._function
        while True:
            answer = poll_next(cx)
            if answer is PENDING:
                return PENDING
            if type(answer) is not Ready:
                raise no_such_item(self._stream, answer)
            if answer.value is END:
                return make_ready(False)
            if function(answer.value):
                return make_ready(True)


async def every_item(stream: Any, function: Callable[[Any], Any]) -> None:
    """``function(item)`` for each. It owns the stream: closes it if it does not come to the end."""
    try:
        await Each(stream, lambda item: function(item) and None)
    except BaseException:
        await stream.aclose()
        raise


async def first_that(stream: Any, look: Callable[[Any], Any], default: Any) -> Any:
    """The first ``look(item)`` that is not NOTHING (what follows is left in the stream); else ``default``."""
    found = default

    def step(item: Any) -> bool:
        nonlocal found
        value = look(item)
        if value is NOTHING:
            return False
        found = value
        return True

    await Each(stream, step)
    return found
