"""Context: what a poll needs to know, which today is the waker of the task that polls.

It is valid during the poll that it was given to and must not be kept after it: the loop uses one
Context for all its polls. The waker that it hands out may be kept.

``_made`` never changes once others know the context. ``_source`` changes with each poll, without a guard: it belongs to
the thread that polls (``_owner``), and whoever asks for the waker from another one is told so.
"""

from __future__ import annotations

from threading import get_ident

from .waker import NOOP, Waker

try:
    import cython
except ImportError:
    from . import cython_shim as cython


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

    __slots__ = ("_made", "_owner", "_source")

    def __init__(self, waker: Waker) -> None:
        if not isinstance(waker, Waker):
            raise TypeError(f"Context needs a mezame.Waker, not {waker!r}; see Waker.from_callable")
        self._source = None
        self._made = waker
        self._owner = 0

    @staticmethod
    def from_waker(waker: Waker) -> Context:
        """A context with this waker."""
        return Context(waker)

    @property
    def waker(self) -> Waker:
        """The waker of the task that polls. Store it (or a clone) before you answer ``Pending``.

        Raises ``RuntimeError`` when there is no poll, and on another thread than the one that polls.
        """
        return self._get_waker()

    def _get_waker(self) -> Waker:
        if self._made is not None:
            return self._made
        if not self._is_ours():
            raise RuntimeError("a Context is valid on the thread that polls with it: hand cx.waker to others, not cx")
        source = self._source  # a loop's: it sets only the source, for a poll that never waits needs no waker
        if source is None:
            raise RuntimeError("a Context is valid during the poll that it was given to: keep cx.waker instead")
        waker = source._waker
        return source._make_waker() if waker is None else waker

    if not cython.compiled:  # compiled, they are in the .pxd, so that they are inlined

        def _adopt(self) -> None:
            """From here on it is this thread that polls with it."""
            self._owner = get_ident()

        def _is_ours(self) -> bool:
            return self._owner == get_ident()

    def _leave(self) -> None:
        """The poll is over: nothing of it is kept."""
        self._source = None

    def __repr__(self) -> str:
        if self._made is None and not self._is_ours():
            return "<Context of another thread>"
        if self._made is None and self._source is None:
            return "<Context of no poll>"
        return f"<Context of {self._get_waker()!r}>"


def loop_context() -> Context:
    """The reusable context of a loop; the loop sets ``_source`` before each poll and calls ``_leave`` after it.

    It belongs to the calling thread; a loop that another thread drives calls ``_adopt`` there.
    """
    cx = Context(NOOP)
    cx._made = None  # it speaks for no task until the loop says so
    cx._adopt()
    return cx
