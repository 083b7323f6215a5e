"""Each: the future under the consumers: a stream's items, one after the other, into a plain function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, Ready, make_ready
from ..future.end import END
from ..future.poll_next import no_such_item

_END: Any = END  # as a C variable


class Each(Future):
    """Calls ``function(item)`` until that is true: awaits to True; or until the end: awaits to False.

    With ``stops=False`` what ``function`` returns does not matter. It takes no item after the one that stopped it. One
    poll takes all the items that are there, within the budget of the sources.
    """

    __slots__ = ("_function", "_stops", "_stream")

    def __init__(self, stream: Any, function: Callable[[Any], Any], stops: bool = True) -> None:
        self._stream = stream
        self._function = function
        self._stops = stops

    def poll(self, cx: Context) -> Any:
        while True:
            answer = self._stream.poll_next(cx)
            if answer is PENDING:
                return PENDING
            if type(answer) is not Ready:
                raise no_such_item(self._stream, answer)
            ready: Ready = answer
            if ready.value is _END:
                return make_ready(False)
            found = self._function(ready.value)
            if self._stops and found:
                return make_ready(True)
