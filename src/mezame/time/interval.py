"""Interval: ticks at a fixed period, and what happens when they are missed."""

from __future__ import annotations

from enum import Enum
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, Poll
from .duration import deadline_ns, to_ns
from .instant import Instant, now_ns
from .sleep import Sleep

_LATE_NS = 5_000_000  # a tick counts as missed when it is more than 5 ms late


class MissedTickBehavior(Enum):
    """What follows a tick that was taken late. Source of the semantics: ``tokio::time::MissedTickBehavior``."""

    BURST = "burst"
    """The missed ticks follow at once, until the schedule is caught up."""
    DELAY = "delay"
    """The next tick is a period after the late one."""
    SKIP = "skip"
    """The next tick is the next multiple of the period."""


class Tick(Future):
    """The future of ``Interval.tick``."""

    __slots__ = ("_done", "_interval")

    def __init__(self, interval: Interval) -> None:
        self._interval = interval
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("tick() was polled after it completed: call it again for the next tick")
        answer = self._interval.poll_tick(cx)
        self._done = answer is not PENDING
        return answer

    def close(self) -> None:
        if not self._done:
            self._interval._sleep.close()  # the timer goes, the schedule stays


class Interval:
    """What ``interval`` makes; also an async iterator. Source of the semantics: ``tokio::time::Interval``."""

    def __init__(self, start_ns: int, period_ns: int, missed: MissedTickBehavior) -> None:
        self._period = period_ns
        self._next = start_ns
        self._sleep = Sleep(0, start_ns)
        self._missed = _checked(missed)

    @property
    def missed_tick_behavior(self) -> MissedTickBehavior:
        """What follows a tick that was taken late. Assign to change it."""
        return self._missed

    @missed_tick_behavior.setter
    def missed_tick_behavior(self, value: MissedTickBehavior) -> None:
        self._missed = _checked(value)

    def tick(self) -> Future:
        """Waits for the next tick; awaits to its scheduled ``Instant``. Cancel safe: no tick is lost."""
        return Tick(self)

    def poll_tick(self, cx: Context) -> Any:
        """``Poll.Ready(Instant)`` at the tick, else Pending."""
        if self._sleep.poll(cx) is PENDING:
            return PENDING
        scheduled = self._next
        now = now_ns()
        if now - scheduled > _LATE_NS and self._missed is not MissedTickBehavior.BURST:
            if self._missed is MissedTickBehavior.DELAY:
                following = now + self._period
            else:
                following = now + self._period - (now - scheduled) % self._period
        else:
            following = scheduled + self._period
        self._arm(following)
        return Poll.Ready(Instant(scheduled / 1e9))

    def _arm(self, deadline_ns: int) -> None:
        self._sleep.close()
        self._next = deadline_ns
        self._sleep = Sleep(0, deadline_ns)

    def reset(self) -> None:
        """The next tick is a period from now."""
        self._arm(now_ns() + self._period)

    def reset_immediately(self) -> None:
        """The next tick is now."""
        self._arm(now_ns())

    def reset_after(self, duration: Any) -> None:
        """The next tick is ``duration`` seconds from now."""
        self._arm(now_ns() + to_ns(duration))

    def reset_at(self, deadline: float) -> None:
        """The next tick is at ``deadline``, an ``Instant``."""
        self._arm(deadline_ns(deadline, "Interval.reset_at: the deadline"))

    def period(self) -> float:
        """Seconds between two ticks."""
        return self._period / 1e9

    def __aiter__(self) -> Interval:
        return self

    def __anext__(self) -> Future:
        return self.tick()


def _checked(missed: Any) -> MissedTickBehavior:
    if not isinstance(missed, MissedTickBehavior):
        raise TypeError(f"missed_tick_behavior is a MissedTickBehavior (BURST, DELAY or SKIP), not {missed!r}")
    return missed


def interval(
    period: Any, *, missed_tick_behavior: MissedTickBehavior = MissedTickBehavior.BURST
) -> Interval:
    """Ticks now and then every ``period`` seconds. Raises ``ValueError`` if that is 0.

    >>> import mezame
    >>> async def main():
    ...     ticks = mezame.time.interval(0.001)
    ...     first = await ticks.tick()
    ...     return round(await ticks.tick() - first, 6)
    >>> mezame.run(main())
    0.001

    Source of the semantics: ``tokio::time::interval``.
    """
    return _make(now_ns(), period, missed_tick_behavior)


def interval_at(
    start: float, period: Any, *, missed_tick_behavior: MissedTickBehavior = MissedTickBehavior.BURST
) -> Interval:
    """Ticks at ``start`` (an ``Instant``) and then every ``period`` seconds."""
    return _make(deadline_ns(start, "interval_at: the start"), period, missed_tick_behavior)


def _make(start_ns: int, period: Any, missed: MissedTickBehavior) -> Interval:
    ns = to_ns(period, "interval's period")
    if ns == 0:
        raise ValueError(f"interval's period must be above 0 seconds, not {period!r}")
    return Interval(start_ns, ns, missed)
