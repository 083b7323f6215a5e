"""Reports of what would otherwise vanish: exceptions that nobody can catch.

One line of logging (logger ``mezame``, level ERROR) with the traceback. Logging is imported at the
first report, not before.
"""

from __future__ import annotations


def report_exception(message: str, error: BaseException | None) -> None:
    """Logs ``message`` with the traceback of ``error``. Never raises."""
    try:
        import logging

        info = None if error is None else (type(error), error, error.__traceback__)
        logging.getLogger("mezame").error("%s", message, exc_info=info)
    except Exception:
        pass
