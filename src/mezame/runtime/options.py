"""Options: what the options of a runtime mean that are not handed on as they are."""

from __future__ import annotations

import os
import random
from typing import Any

from ..core.check import check_int
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
        return given  # ``MultiThread`` checks it
    text = os.environ.get("MEZAME_WORKER_THREADS")
    if text:
        try:
            count = int(text)
        except ValueError:
            count = 0
        if count < 1:
            raise ValueError(f"MEZAME_WORKER_THREADS must be a number of threads from 1 on, not {text!r}")
        return count
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def make_poller(name: str | None, limit: int | None = None) -> Any:
    """The I/O poller by name; None: ``MEZAME_DRIVER``, else the best there is. ``ValueError`` for others.

    ``limit``: events that it takes per turn; None: its own.
    """
    if limit is not None:
        limit = check_int("max_io_events_per_tick", limit, 1, MOST_EVENTS)
    if driver_name(name) == "selectors":
        from ..driver.select import SelectPoller  # here: most systems have epoll

        return SelectPoller(limit)
    return EpollPoller(epoll.BATCH if limit is None else limit)


def driver_name(given: str | None) -> str:
    """The name of the I/O driver of a runtime: ``given``, else ``MEZAME_DRIVER``, else the best there is.

    Raises ``ValueError``, naming where the name comes from, for one that is unknown or not to be had here.
    """
    option, chosen = "driver", given
    if not chosen:
        option, chosen = "MEZAME_DRIVER", os.environ.get("MEZAME_DRIVER")
    if not chosen:
        return "epoll" if epoll.available() else "selectors"
    if chosen == "epoll" and not epoll.available():
        raise ValueError(f"{option} 'epoll' is not available on this system: use 'selectors'")
    if chosen not in ("epoll", "selectors"):
        raise ValueError(f"{option} must be 'epoll' or 'selectors', not {chosen!r}")
    return chosen


def make_rng(seed: Any) -> random.Random:
    """The source of a runtime's random choices. ``TypeError`` for what cannot be a seed."""
    try:
        return random.Random(seed)
    except TypeError:
        raise TypeError(f"rng_seed must be an int or None, not {seed!r}") from None
