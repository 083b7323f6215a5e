"""What the tests of polling share: leaves whose polls, wakes and drops are counted.

No leaf here waits or sleeps: a test makes one thing happen, then asks for exact counts. Where another thread, another
process or the driver has to get somewhere first, ``until`` waits for what shows it, and not for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import mezame
from mezame import Context, Poll, Waker

PATIENCE = 20.0  # seconds that a thread may take before a test calls it stuck; never what a test measures
GLANCE = 0.001  # seconds between two looks at a condition


class CountingWaker:
    """A waker that counts its wakes: ``Context.from_waker(counting.waker)`` polls by hand."""

    def __init__(self) -> None:
        self.wakes = 0
        self.waker = Waker.from_callable(self._woken)
        self.cx = Context.from_waker(self.waker)

    def _woken(self) -> None:
        self.wakes += 1


class Gate(mezame.Future[Any]):
    """A leaf that is Pending until ``open``; keeps the waker of its latest poll, as a leaf must."""

    def __init__(self) -> None:
        self.polls = 0
        self.closes = 0
        self.waker: Waker | None = None
        self.answer: Any = Poll.Pending

    def poll(self, cx: Context) -> Any:
        self.polls += 1
        if self.answer is Poll.Pending:
            self.waker = cx.waker
        return self.answer

    def close(self) -> None:
        self.closes += 1
        self.waker = None

    def wake(self) -> None:
        """Wakes without opening: the poll that follows is a spurious one."""
        assert self.waker is not None, "the gate was not polled yet"
        self.waker.wake()

    def open(self, value: Any = None) -> None:
        """The next poll is Ready; wakes whoever waits."""
        self.answer = Poll.Ready(value)
        waker, self.waker = self.waker, None
        if waker is not None:
            waker.wake()


class Sleepless(mezame.core.park.Park):
    """A Park that never sleeps: it counts its turns, and ``script`` says what happens in each."""

    def __init__(self, *script: Callable[[], Any]) -> None:
        self.script = list(script)
        self.looks = 0  # park(0)
        self.sleeps = 0  # park(-1) and timed parks
        self.unparks = 0

    def park(self, timeout_ns: int) -> None:
        if timeout_ns == 0:
            self.looks += 1
        else:
            self.sleeps += 1
            if not self.script:
                raise AssertionError("the loop went to sleep with nothing that could wake it")
            self.script.pop(0)()

    def unpark(self) -> None:
        self.unparks += 1


def in_thread(function: Callable[[], Any]) -> Any:
    """Runs ``function`` in a thread of its own to its end; returns its value, raises what it raised."""
    outcome: list[Any] = []

    def body() -> None:
        try:
            outcome.append((function(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert outcome, f"{function!r} is stuck in its thread"
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def wait_until(condition: Callable[[], Any]) -> None:
    """Blocks this thread until ``condition()`` is true; fails if that takes longer than anything should."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(GLANCE)


async def until(condition: Callable[[], Any]) -> None:
    """As ``wait_until``, but the runtime goes on: its tasks are polled and its driver is looked at between the looks.

    A paused clock goes on with it.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        await mezame.sleep(GLANCE)
