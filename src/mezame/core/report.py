"""Reports of what would otherwise vanish: exceptions that nobody can catch.

One line of logging (logger ``mezame``, level ERROR) with the traceback, unless somebody took the reports over
(``SEAM.take``: ``mezame.trace.on_unhandled``). Logging is imported at the first report, not before.

An *interrupt* is what is no ``Exception``: KeyboardInterrupt, SystemExit. Out of a callback (of a waker, of a task, of
a hook) it is not reported but raised, and not in the middle of the library's work: ``pass_interrupt``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _nobody(interrupt: BaseException) -> bool:
    return False


class _Seam:
    """Who takes the reports in place of the log; None: nobody. Set and read as one, from any thread.

    ``keep(interrupt)`` has the loop of this thread raise it (False: no loop drives here); set by ``current.py``.
    """

    __slots__ = ("keep", "take")

    def __init__(self) -> None:
        self.take: Callable[[str, BaseException, tuple[int, str, str] | None], Any] | None = None
        self.keep: Callable[[BaseException], bool] = _nobody


SEAM = _Seam()


def pass_interrupt(interrupt: BaseException) -> None:
    """For whoever called a callback, when that raised what is no ``Exception``, and all else has been done.

    On a thread that drives tasks the loop raises it to whoever runs the loop, as it does with that of a task, once the
    poll (or the turn of the driver) in progress is over. On any other thread it is raised here.
    """
    if not SEAM.keep(interrupt):
        raise interrupt


def report_exception(message: str, error: BaseException | None, task: tuple[int, str, str] | None = None) -> None:
    """Reports ``error``, which is lost otherwise. Raises nothing but an interrupt of whoever takes the reports.

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
        except BaseException as interrupt:
            log_exception(message, error)
            pass_interrupt(interrupt)
            return
    log_exception(message, error)


def log_exception(message: str, error: BaseException | None) -> None:
    """Logs ``message`` with the traceback of ``error``. Never raises."""
    try:
        import logging

        info = None if error is None else (type(error), error, error.__traceback__)
        logging.getLogger("mezame").error("%s", message, exc_info=info)
    except Exception:
        pass
