"""poll_immediate: what each poll of a stream answers, as items."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed
from ..core.poll import PENDING, make_ready
from ..future.end import END
from .adapter import Adapter
from .into_stream import stream as to_stream


class PollImmediate(Adapter):
    """The stream of ``poll_immediate``."""

    __slots__ = ()

    def poll_next(self, cx: Context) -> Any:
        if not poll_proceed(cx):
            return PENDING
        answer = self._source.poll_next(cx)
        return answer if answer is not PENDING and answer.value is END else make_ready(answer)


def poll_immediate(stream: Any) -> PollImmediate:
    """A stream that never waits: its items are ``Poll.Ready(item)``, or ``Poll.Pending`` where ``stream`` would wait.

    >>> import mezame
    >>> mezame.run(mezame.stream.poll_immediate([1]).chain(mezame.stream.poll_immediate(mezame.stream.pending()))
    ...     .take(2).collect())
    [Poll.Ready(1), Poll.Pending]

    Source of the semantics: ``futures::stream::poll_immediate``.
    """
    return PollImmediate(to_stream(stream))
