"""Context: what a poll needs to know, which today is the waker of the task that polls.

It is valid during the poll that it was given to and must not be kept after it: the loop uses one
Context for all its polls. The waker that it hands out may be kept.
"""

from __future__ import annotations

from .waker import NOOP, Waker


class Context:
    """What ``Future.poll`` receives.

    Args:
        waker: the waker that the polled future has to keep when it answers ``Poll.Pending``.

    ``Context.from_waker(waker)`` lets a test or a tool drive any future by hand:

    >>> import mezame
    >>> cx = mezame.Context.from_waker(mezame.Waker.noop())
    >>> mezame.ready(3).poll(cx)
    Poll.Ready(3)

    Source of the semantics: ``core::task::Context``.
    """

    __slots__ = ("_made", "_source")

    def __init__(self, waker: Waker) -> None:
        if not isinstance(waker, Waker):
            raise TypeError(f"Context needs a mezame.Waker, not {waker!r}; see Waker.from_callable")
        self._source = None
        self._made = waker

    @staticmethod
    def from_waker(waker: Waker) -> Context:
        """A context with this waker."""
        return Context(waker)

    @property
    def waker(self) -> Waker:
        """The waker of the task that polls. Store it (or a clone) before you answer ``Pending``."""
        return self._get_waker()

    def _get_waker(self) -> Waker:
        source = self._source
        if source is not None:  # a loop's: it sets only the source, for a poll that never waits needs no waker
            waker = source._waker
            return source._make_waker() if waker is None else waker
        made = self._made
        if made is None:
            raise RuntimeError("a Context is valid during the poll that it was given to: keep cx.waker instead")
        return made

    def _leave(self) -> None:
        """The poll is over: nothing of it is kept."""
        self._source = None

    def __repr__(self) -> str:
        if self._made is None and self._source is None:
            return "<Context of no poll>"
        return f"<Context of {self._get_waker()!r}>"


def loop_context() -> Context:
    """The reusable context of a loop; the loop sets ``_source`` before each poll and calls ``_leave`` after it."""
    cx = Context(NOOP)
    cx._made = None  # it speaks for no task until the loop says so
    return cx
