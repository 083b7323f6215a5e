"""Reports of what would otherwise vanish: exceptions that nobody can catch.

One line of logging (logger ``mezame``, level ERROR) with the traceback, unless somebody took the reports over
(``SEAM.take``: ``mezame.trace.on_unhandled``). Logging is imported at the first report, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class _Seam:
    """Who takes the reports in place of the log; None: nobody. Set and read as one, from any thread."""

    __slots__ = ("take",)

    def __init__(self) -> None:
        self.take: Callable[[str, BaseException, tuple[int, str, str] | None], Any] | None = None


SEAM = _Seam()


def report_exception(message: str, error: BaseException | None, task: tuple[int, str, str] | None = None) -> None:
    """Reports ``error``, which is lost otherwise. Never raises.

    Args:
        message: what failed, in a line.
        task: id, name and place of spawn of the task that failed, if it is one that did.
    """
    take = SEAM.take
    if take is not None and error is not None:
        try:
            take(message, error, task)
            return
        except Exception:
            pass
    log_exception(message, error)


def log_exception(message: str, error: BaseException | None) -> None:
    """Logs ``message`` with the traceback of ``error``. Never raises."""
    try:
        import logging

        info = None if error is None else (type(error), error, error.__traceback__)
        logging.getLogger("mezame").error("%s", message, exc_info=info)
    except Exception:
        pass
