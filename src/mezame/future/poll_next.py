"""PollNext: whatever gives items one after the other to whoever polls, and the future of one item.

``poll_next`` is to a stream what ``poll`` is to a future; ``Next`` is what ``stream.next()`` and each turn of
``async for`` await. A Next lives for one await, so that it is taken from a shelf (``core/shelf.pxd``), and its
``await`` ends as those of all Futures do: compiled, no Python frame is between the interpreter and ``poll_next``.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, Ready, make_ready
from .end import END

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

STOP: Any = object()
_END: Any = END  # as C variables
_STOP: Any = STOP


class PollNext:
    """Base class: a subclass defines ``poll_next``."""

    __slots__ = ()

    def poll_next(self, cx: Context) -> Any:
        """Goes on as far as is possible now; never blocks.

        Args:
            cx: valid during this call only; its ``waker`` may be kept, and the one of the latest poll is to be woken.

        Returns ``Poll.Ready(item)``, ``Poll.Ready(END)`` or ``Poll.Pending``.
        """
        raise TypeError(f"{type(self).__name__} is a Stream without a poll_next(cx) method: define one")

    def next(self, default: Any = None) -> Next:
        """Awaits to the next item; ``default`` at the end. Raises what the stream raises. Cancel safe: nothing is lost.

        Args:
            default: what tells the end apart from an item that is None.

        >>> import mezame
        >>> async def main():
        ...     numbers = mezame.stream.iter([1])
        ...     return await numbers.next(), await numbers.next("over")
        >>> mezame.run(main())
        (1, 'over')

        Source of the semantics: ``tokio_stream::StreamExt::next``.
        """
        return make_next(self, default)

    def __aiter__(self) -> Any:
        return self

    def __anext__(self) -> Next:
        return make_next(self, _STOP)


class Next(Future):
    """Awaits to the next item; at the end to ``default``, or it raises ``StopAsyncIteration`` if that is ``STOP``.

    Dropping it drops nothing of the stream: what the stream began goes on at its next poll. So it is cancel safe.
    """

    __slots__ = ("_default", "_done", "_stream")

    def poll(self, cx: Context) -> Any:
        if self._done:  # type: ignore[has-type]
            raise RuntimeError("next() was polled after it completed: call it again for the next item")
        self._done = True  # also if it raises
        answer = self._stream.poll_next(cx)
        if answer is PENDING:
            self._done = False
            return PENDING
        if type(answer) is not Ready:
            raise no_such_item(self._stream, answer)
        ready: Ready = answer
        if ready.value is not _END:
            return ready
        if self._default is _STOP:
            raise StopAsyncIteration
        return make_ready(self._default)


def make_next(stream: PollNext, default: Any) -> Next:
    """A new ``Next``."""
    future = cython.cast(Next, unshelve(0, Next)) if cython.compiled else Next.__new__(Next)  # type: ignore  # noqa: F821
    future._stream = stream
    future._default = default
    future._done = False
    return future


def no_such_item(stream: Any, answer: Any) -> TypeError:
    """The error for a ``poll_next`` that returned something else than a Poll."""
    return TypeError(
        f"{type(stream).__name__}.poll_next returned {answer!r}; it must return Poll.Ready(item), Poll.Ready(END) "
        "or Poll.Pending"
    )


if cython.compiled:
    shelve(Next)  # type: ignore  # noqa: F821 - C, from the .pxd
