"""Sleep: a future that is ready at a moment.

It is registered with the runtime's timers at its first poll, and deregistered when it is dropped. Its deadline
counts from its creation; created where there is no runtime, from its first poll.
"""

from __future__ import annotations

from typing import Any

from ..core.clock import nanoseconds
from ..core.context import Context
from ..core.current import Current, current
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..driver.timer import Timers
from ..driver.wheel import make_entry
from .duration import deadline_ns, to_ns
from .instant import Instant

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

_UNSET = -1


class Sleep(Future):
    """The future of ``sleep`` and ``sleep_until``. May be awaited again after it fired: it is ready at once.

    It has an ``_entry`` in the wheel as soon as it had to wait; dropping it removes that. From then on the collector
    need not look at it: it refers to its entry, and that to something only while it is in the wheel (``wheel.py``).

    Source of the semantics: ``tokio::time::Sleep``.
    """

    __slots__ = ("_deadline_ns", "_delay_ns", "_entry", "_timers")

    def __init__(self, delay_ns: int, deadline_ns: int) -> None:
        self._entry = None
        self._timers = None
        self._delay_ns = delay_ns
        self._deadline_ns = deadline_ns
        if deadline_ns == _UNSET:
            self._start(current())

    def _start(self, cur: Current) -> None:
        """Sets the deadline, if there is a clock to set it by."""
        timers = cur.timers
        if timers is not None:
            self._deadline_ns = timers.clock.now_ns() + self._delay_ns

    def poll(self, cx: Context) -> Any:
        cur = current()
        if not cur._take_budget(cx):
            return PENDING
        if self._is_due(cur):
            return make_ready(None)
        if not self._enlist(cx):
            return make_ready(None)
        cur._refund()
        return PENDING

    def _is_due(self, cur: Current) -> bool:
        if self._entry is not None:
            return self._timers.has_fired(self._entry)  # type: ignore[no-any-return]
        timers = self._timers
        if timers is None:
            timers = self._find_timers(cur)
            self._timers = timers
            if self._deadline_ns == _UNSET:
                self._start(cur)
        return timers.clock.now_ns() >= self._deadline_ns

    def _find_timers(self, cur: Current) -> Timers:
        if cur.timers is None:
            if cur.handle is None:
                raise RuntimeError("sleep needs a runtime: call this inside mezame.run(main()), or enter a runtime")
            raise RuntimeError("this runtime has no timers: make it with enable_time=True")
        return cur.timers

    def _enlist(self, cx: Context) -> bool:
        if self._entry is None:
            self._entry = make_entry()
            if cython.compiled and HIDES:  # type: ignore  # noqa: F821 - C, from the .pxd
                gc_untrack(self)  # type: ignore  # noqa: F821
        return self._timers.register(self._entry, self._deadline_ns, cx._get_waker())

    def deadline(self) -> Instant:
        """The moment at which it is ready."""
        return Instant(self._deadline_ns / 1e9)

    def is_elapsed(self) -> bool:
        """True once that moment came and the driver saw it."""
        return self._entry is not None and self._timers.has_fired(self._entry)

    def reset(self, deadline: float) -> None:
        """Gives it a new deadline (an ``Instant``); before and after it fired. Whoever awaits it is kept."""
        ns = deadline_ns(deadline, "Sleep.reset: the deadline")
        self._deadline_ns = ns
        timers = self._timers
        entry = self._entry
        self._timers = None
        self._entry = None
        if entry is None:
            return
        waker = timers.deregister(entry)
        if waker is not None:
            self._timers = timers
            self._entry = entry
            if not timers.register(entry, ns, waker):
                waker.wake()  # the new deadline has passed already

    def close(self) -> None:
        if self._entry is not None:
            self._timers.deregister(self._entry)
            self._entry = None
        self._timers = None

    def __dealloc__(self) -> None:
        """Dropped. (A cycle that is collected may have cleared the fields already.)"""
        if self._entry is not None and self._timers is not None:
            self._timers.deregister(self._entry)

    def __repr__(self) -> str:
        return f"<Sleep until {self._deadline_ns / 1e9:.3f}>"


if not cython.compiled:
    Sleep.__del__ = Sleep.__dealloc__  # type: ignore[attr-defined]


def sleep(duration: Any) -> Sleep:
    """Waits for ``duration``.

    Args:
        duration: seconds (float) or a timedelta; rounded up to the next millisecond, never early; negative
            is 0; overlong and infinite become about 30 years.

    Raises ``ValueError`` for NaN; when polled, ``RuntimeError`` outside of a runtime. Cancel safe.

    >>> import mezame
    >>> mezame.run(mezame.sleep(0.001))

    Source of the semantics: ``tokio::time::sleep``.
    """
    if type(duration) is float and 0.0 <= duration < 1e6:
        return Sleep(nanoseconds(duration), _UNSET)
    return Sleep(to_ns(duration, "sleep's duration"), _UNSET)


def sleep_until(deadline: float) -> Sleep:
    """Waits until ``deadline``, an ``Instant``; one in the past is ready at its first poll. Cancel safe.

    Source of the semantics: ``tokio::time::sleep_until``.
    """
    return Sleep(0, deadline_ns(deadline, "sleep_until: the deadline"))
