"""MaybeDone: a future that keeps its value until somebody takes it: the part that joins are made of."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, Poll
from ..core.wrapper import Wrapper

_NOTHING: Any = object()


class MaybeDone(Wrapper):
    """``future`` with its value kept inside: awaits to None, ``take_output()`` gives the value once.

    May be polled again after it completed (it is Ready), until the value was taken. A failure is raised by the
    poll and not kept. Cancel safe as far as ``future`` is.

    >>> import mezame
    >>> async def main():
    ...     one = mezame.future.MaybeDone(mezame.ready(1))
    ...     await one
    ...     return one.take_output(), one.take_output()
    >>> mezame.run(main())
    (1, None)

    Source of the semantics: ``futures::future::MaybeDone``, ``TryMaybeDone``.
    """

    __slots__ = ("_output",)

    def __init__(self, future: Any) -> None:
        super().__init__(future)
        self._output: Any = _NOTHING

    def poll(self, cx: Context) -> Any:
        if self._output is not _NOTHING:
            return Poll.Ready(None)
        if self._done:
            raise RuntimeError("a MaybeDone was polled after its value was taken, or after it failed: make a new one")
        try:
            answer = self._future.poll(cx)
        except BaseException:
            self._done = True
            raise
        if answer is PENDING:
            return PENDING
        self._done = True
        self._output = answer.value
        return Poll.Ready(None)

    def is_done(self) -> bool:
        """True while there is a value to take."""
        return self._output is not _NOTHING

    def take_output(self, default: Any = None) -> Any:
        """The value, once; ``default`` before it is there and after it was taken."""
        output, self._output = self._output, _NOTHING
        return default if output is _NOTHING else output
