"""Nested: a current-thread runtime inside of another loop (GLib's, Qt's, asyncio's), on that loop's thread.

    the loop around us                           the runtime
    -----------------------------------------    ----------------------------------------------------------
    waits until fileno() is readable, or for
    as long as turn() said                  -->  turn(): a look at the drivers, a round of polls, and again
                                            <--  seconds until the next timer; 0 if there is more to do

While the loop around us waits, our driver *rests*. It is not parked, but whatever would end its sleep makes the
descriptor readable instead: an event by itself, a wake from another thread (and from this one, outside of ``turn``)
through ``unpark``, and so does a timer that is registered elsewhere and is earlier than the time that we told.

    rest      the loop around us sleeps              turn
    ----      ---------------------------------      ---------------------------------------------
    begins -> a wake: queue; unpark: AWAKE ->        end_rest; polls and looks (NOTIFIED -> AWAKE);
              NOTIFIED, notify: readable             begin_rest; is anything queued? -> 0: again
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.coop import yield_now
from ..errors import RuntimeClosedError
from .handle import RuntimeFlavor

if TYPE_CHECKING:
    from .runtime import Runtime


def fileno(runtime: Runtime) -> int:
    """What ``Runtime.fileno`` does."""
    check(runtime, "fileno")
    fd = runtime._driver.nest()
    if runtime._executor.queue_depth:  # left over by a ``block_on``, perhaps, whose look at the driver took the bytes
        runtime._driver.poller.notify()
    return fd


def turn(runtime: Runtime) -> float | None:
    """What ``Runtime.turn`` does."""
    check(runtime, "turn")
    driver, executor = runtime._driver, runtime._executor
    driver.end_rest()
    old_hooks = runtime._asyncgens.install()
    try:
        with runtime._handle.enter():
            executor.block_on(rounds())
    finally:
        runtime._asyncgens.restore(old_hooks)
        rest = driver.begin_rest()
    if executor.queue_depth:  # after begin_rest: what is queued from now on makes the descriptor readable
        return 0.0
    return None if rest < 0 else rest / 1e9


async def rounds() -> Any:
    """Each yield is a round: others are polled, then the drivers are looked at."""
    await yield_now()
    await yield_now()


def check(runtime: Runtime, what: str) -> None:
    """Raises where there is no turn to take."""
    runtime._handle._check_fork()
    if runtime._closed:
        raise RuntimeClosedError("this runtime was closed: make a new one")
    if runtime._handle.runtime_flavor() is RuntimeFlavor.MULTI_THREAD:
        raise ValueError(f"{what} needs flavor='current_thread': a multi-thread runtime's workers drive themselves")
