"""Next: the future of one item of a stream: what ``stream.next()`` and each turn of ``async for`` await."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, Ready, make_ready
from ..future.end import END

STOP: Any = object()


class Next(Future):
    """Awaits to the next item; at the end to ``default``, or it raises ``StopAsyncIteration`` if that is ``STOP``.

    Dropping it drops nothing of the stream: what the stream began goes on at its next poll. So it is cancel safe.
    """

    __slots__ = ("_default", "_done", "_stream")

    def __init__(self, stream: Any, default: Any) -> None:
        self._stream = stream
        self._default = default
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("next() was polled after it completed: call it again for the next item")
        try:
            answer = self._stream.poll_next(cx)
        except BaseException:
            self._done = True
            raise
        if answer is PENDING:
            return PENDING
        if type(answer) is not Ready:
            raise no_such_item(self._stream, answer)
        self._done = True
        if answer.value is not END:
            return answer
        if self._default is STOP:
            raise StopAsyncIteration
        return make_ready(self._default)


def no_such_item(stream: Any, answer: Any) -> TypeError:
    """The error for a ``poll_next`` that returned something else than a Poll."""
    return TypeError(
        f"{type(stream).__name__}.poll_next returned {answer!r}; it must return Poll.Ready(item), Poll.Ready(END) "
        "or Poll.Pending"
    )
