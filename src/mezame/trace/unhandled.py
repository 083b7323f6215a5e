"""Unhandled: exceptions that nobody can catch any more, in the hands of who wants them.

The library reports each such exception once (``core/report.py``), as a line in the log. As soon as somebody subscribes
here, the subscribers get it instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..core.report import SEAM, log_exception
from .subscription import Subscribers, Subscription


class Unhandled(NamedTuple):
    """An exception that is lost."""

    message: str
    """What failed, in one line."""
    error: BaseException
    """The exception, with its traceback."""
    task_id: int | None = None
    """The task that failed and whose result nobody looked at; None: it was something else, a callback for example."""
    task_name: str | None = None
    """Its name."""
    spawned_at: str | None = None
    """Where it was spawned: "file:line"."""

    def log(self) -> None:
        """What is done with it if nobody subscribes: an error in the log ``mezame``, with the traceback."""
        log_exception(self.message, self.error)


def _changed() -> None:
    SEAM.take = _take if UNHANDLED.all else None


UNHANDLED = Subscribers("on_unhandled", _changed)


def _take(message: str, error: BaseException, task: tuple[int, str, str] | None) -> None:
    lost = Unhandled(message, error) if task is None else Unhandled(message, error, *task)
    if not UNHANDLED.tell(lost):
        lost.log()


def on_unhandled(callback: Callable[[Unhandled], Any]) -> Subscription:
    """Calls ``callback(unhandled)`` once for each exception that would be lost, instead of writing it to the log.

    Most are failures of tasks whose result nobody looked at: told when the task ends if no handle is held, else when
    the handle goes, at the latest when the runtime closes. The others come from callbacks, wakers and the like. In the
    thread where the last chance to catch it ended, which may be that of a finaliser: be quick, and do not raise. A
    callback that raises is removed; what no callback took goes to the log, as without any (``Unhandled.log``).

    Returns the ``Subscription``. Raises ``TypeError`` if ``callback`` cannot be called. From any thread.

    >>> import mezame
    >>> async def fails(): raise ValueError("lost")
    >>> async def main():
    ...     mezame.spawn(fails(), name="doomed")
    ...     await mezame.sleep(0.001)
    >>> with mezame.trace.on_unhandled(lambda lost: print(lost.task_name, repr(lost.error))):
    ...     mezame.run(main())
    doomed ValueError('lost')
    """
    return UNHANDLED.add(callback)
