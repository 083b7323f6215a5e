"""Fuse: a future that may be polled after it completed: it is then Pending for ever."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import pending
from ..core.poll import PENDING
from ..core.wrapper import Wrapper


class Fuse(Wrapper):
    """``future``, and after its value (or failure) Pending for ever: for loops around ``select``.

    Cancel safe as far as ``future`` is; in ``select`` it is borrowed and goes on at its next turn.

    >>> import mezame
    >>> async def main():
    ...     one, two = mezame.future.Fuse(mezame.ready(1)), mezame.future.Fuse(mezame.sleep(0.001))
    ...     seen = []
    ...     while not (one.is_terminated() and two.is_terminated()):
    ...         key, value = await mezame.select(one=one, two=two)
    ...         seen.append(key)
    ...     return seen
    >>> mezame.run(main())
    ['one', 'two']

    Source of the semantics: ``futures::FutureExt::fuse``.
    """

    __slots__ = ()

    @staticmethod
    def terminated() -> Fuse:
        """One that is over from the start."""
        fuse = Fuse(pending())
        fuse._done = True
        return fuse

    def poll(self, cx: Context) -> Any:
        if self._done:
            return PENDING
        try:
            answer = self._future.poll(cx)
        except BaseException:
            self._done = True
            raise
        self._done = answer is not PENDING
        return answer

    def is_terminated(self) -> bool:
        """True once it gave its value, or failed."""
        return self._done
