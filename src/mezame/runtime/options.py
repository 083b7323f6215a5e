"""Options: what the options of a runtime mean that are not handed on as they are."""

from __future__ import annotations

import os
from typing import Any

from ..driver import epoll
from ..driver.epoll import EpollPoller

MOST_EVENTS = 1 << 20

def refuse_options(**given: Any) -> None:
    """Raises for what only a current-thread runtime can do."""
    for name, value in given.items():
        if value:
            raise ValueError(
                f"{name} needs flavor='current_thread': with several workers there is no one order of events"
            )


def worker_count(given: int | None) -> int:
    """How many workers: ``given``, else ``MEZAME_WORKER_THREADS``, else one per CPU that we may use."""
    if given is not None:
        return given
    text = os.environ.get("MEZAME_WORKER_THREADS")
    if text:
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"MEZAME_WORKER_THREADS must be a number of threads, not {text!r}") from None
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def make_poller(name: str | None, limit: int | None = None) -> Any:
    """The I/O poller by name; None: ``MEZAME_DRIVER``, else the best there is. ``ValueError`` for others.

    ``limit``: events that it takes per turn; None: its own.
    """
    if limit is not None and (not isinstance(limit, int) or not 1 <= limit <= MOST_EVENTS):
        raise ValueError(f"max_io_events_per_tick must be from 1 to {MOST_EVENTS}, not {limit!r}")
    chosen = name or os.environ.get("MEZAME_DRIVER") or ("epoll" if epoll.available() else "selectors")
    if chosen == "selectors":
        from ..driver.select import SelectPoller  # here: most systems have epoll

        return SelectPoller(limit)
    if chosen == "epoll":
        if not epoll.available():
            raise ValueError("driver 'epoll' is not available on this system: use driver='selectors'")
        return EpollPoller(epoll.BATCH if limit is None else limit)
    raise ValueError(f"driver must be 'epoll' or 'selectors', not {chosen!r}")
