"""cooperative: the budget for a future that does not know of it."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.poll import PENDING
from ..core.wrapper import Wrapper


class Cooperative(Wrapper):
    """The future of ``cooperative``."""

    __slots__ = ()

    def poll(self, cx: Context) -> Any:
        if not poll_proceed(cx):
            return PENDING
        answer = self._future.poll(cx)
        if answer is PENDING:
            refund()
        return answer


def cooperative(future: Any) -> Cooperative:
    """``future``, of which each poll that makes progress takes a unit of the budget; with none left it gives way.

    For leaves of other libraries and hand-written ones: those of this library do so themselves. Cancel safe as far
    as ``future`` is.

    >>> import mezame
    >>> async def main():
    ...     return await mezame.task.cooperative(mezame.ready(1))
    >>> mezame.run(main())
    1

    Source of the semantics: ``tokio::task::coop::cooperative``.
    """
    return Cooperative(future)
