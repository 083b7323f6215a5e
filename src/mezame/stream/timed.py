"""Adapters with a clock: timeout, timeout_repeating, throttle, chunks_timeout, delay.

They need a runtime with timers. Their timers go with the stream: ``drop`` takes them out.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING
from ..future.end import END
from ..time.duration import to_ns
from ..time.instant import now_ns
from ..time.interval import Interval, MissedTickBehavior
from ..time.sleep import Sleep
from ..time.timeout import Elapsed
from .adapter import Adapter
from .chunks import Gathering


class Timed(Adapter):
    """Base: ``_sleep`` is the timer that runs, or None."""

    __slots__ = ("_ns", "_sleep")

    def __init__(self, source: Any, ns: int, sleep: Sleep | None) -> None:
        super().__init__(source)
        self._ns = ns
        self._sleep = sleep

    def _restart(self) -> None:
        self._stop()
        self._sleep = Sleep(self._ns, -1)

    def _stop(self) -> None:
        sleep, self._sleep = self._sleep, None
        if sleep is not None:
            sleep.close()

    def drop(self) -> None:
        self._stop()
        self._source.drop()

    async def aclose(self) -> None:
        self._stop()
        await self._source.aclose()


class Timeout(Timed):
    """The stream of ``Stream.timeout``. The timer is None after it fired, until the next item."""

    __slots__ = ()

    def __init__(self, source: Any, duration: Any) -> None:
        ns = to_ns(duration, "timeout's duration")
        super().__init__(source, ns, Sleep(ns, -1))

    def poll_next(self, cx: Context) -> Any:
        answer = self._source.poll_next(cx)
        if answer is not PENDING:
            if answer.value is END:
                self._stop()
            else:
                self._restart()
            return answer
        if self._sleep is None or self._sleep.poll(cx) is PENDING:
            return PENDING
        self._stop()
        raise Elapsed("no item came in time; the stream goes on")


class TimeoutRepeating(Adapter):
    """The stream of ``Stream.timeout_repeating``."""

    __slots__ = ("_interval",)

    def __init__(self, source: Any, interval: Any) -> None:
        super().__init__(source)
        if not isinstance(interval, Interval):
            ns = to_ns(interval, "timeout_repeating's interval")
            if ns == 0:
                raise ValueError(f"timeout_repeating's interval must be above 0 seconds, not {interval!r}")
            interval = Interval(now_ns() + ns, ns, MissedTickBehavior.BURST)
        self._interval = interval

    def poll_next(self, cx: Context) -> Any:
        answer = self._source.poll_next(cx)
        if answer is not PENDING:
            if answer.value is not END:
                self._interval.reset()
            return answer
        if self._interval.poll_tick(cx) is PENDING:
            return PENDING
        raise Elapsed("no item came in time; the stream goes on")

    def drop(self) -> None:
        self._interval._sleep.close()
        super().drop()

    async def aclose(self) -> None:
        self._interval._sleep.close()
        await super().aclose()


class Throttle(Timed):
    """The stream of ``Stream.throttle``. The timer runs from an item on until the next may come."""

    __slots__ = ()

    def __init__(self, source: Any, duration: Any) -> None:
        super().__init__(source, to_ns(duration, "throttle's duration"), None)

    def poll_next(self, cx: Context) -> Any:
        if self._sleep is not None:
            if self._sleep.poll(cx) is PENDING:
                return PENDING
            self._stop()
        answer = self._source.poll_next(cx)
        if answer is not PENDING and answer.value is not END and self._ns > 0:
            self._restart()
        return answer

    def size_hint(self) -> tuple[int, int | None]:
        return self._source.size_hint()  # type: ignore[no-any-return]


class Delay(Timed):
    """The stream of ``Stream.delay``: the timer runs until the source is polled for the first time."""

    __slots__ = ()

    def __init__(self, source: Any, duration: Any) -> None:
        ns = to_ns(duration, "delay's duration")
        super().__init__(source, ns, Sleep(ns, -1))

    def poll_next(self, cx: Context) -> Any:
        if self._sleep is not None:
            if self._sleep.poll(cx) is PENDING:
                return PENDING
            self._stop()
        return self._source.poll_next(cx)

    def size_hint(self) -> tuple[int, int | None]:
        return self._source.size_hint()  # type: ignore[no-any-return]


class ChunksTimeout(Gathering):
    """The stream of ``Stream.chunks_timeout``. ``_sleep`` runs while a chunk is being made."""

    __slots__ = ("_ns", "_sleep")

    def __init__(self, source: Any, size: int, duration: Any) -> None:
        super().__init__(source, "chunks_timeout", size)
        self._ns = to_ns(duration, "chunks_timeout's duration")
        self._sleep: Sleep | None = None

    def poll_next(self, cx: Context) -> Any:
        pending = self._gather(cx)
        if pending:
            if not self._items:
                return PENDING
            if self._sleep is None:
                self._sleep = Sleep(self._ns, -1)
            if self._sleep.poll(cx) is PENDING:
                return PENDING
        return self._chunk()

    def into_remainder(self) -> list[Any]:
        """Takes out the items that were gathered and were not given yet."""
        self._stop()
        return super().into_remainder()

    def _stop(self) -> None:
        sleep, self._sleep = self._sleep, None
        if sleep is not None:
            sleep.close()

    def drop(self) -> None:
        self._stop()
        super().drop()

    async def aclose(self) -> None:
        self._stop()
        await super().aclose()
