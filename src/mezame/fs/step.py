"""Step: one operation of a file as a future: queued in the file's lane at its first poll. See ``lane.py``.

    fresh --begin--> queued --the job: run, then settle--> done --poll--> taken
                        |                                   |
                        close: dropped                      close: dropped; what it kept is given back
"""

from __future__ import annotations

from collections.abc import Callable
from io import FileIO
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..core.report import report_exception
from ..core.waker import Waker
from .lane import Lane

_FRESH, _QUEUED, _DONE, _TAKEN, _DROPPED = range(5)
LATER: Any = object()  # what a step answers that cannot be done at once


class Step(Future):
    """An operation on a file that is awaited. A subclass defines ``run``, which the job calls."""

    __slots__ = ("_failure", "_lane", "_parked", "_phase", "_value")
    reported = False
    """True: its failure is reported if nobody looks at it."""
    after_close = False
    in_place = False  # may run on the caller's thread where there is no runtime
    """True: the lane takes it also when no ``File`` is open on it any more."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._phase = _FRESH
        self._parked: Waker | None = None
        self._value: Any = None
        self._failure: BaseException | None = None

    # --- what subclasses define -----------------------------------------------------------------------------

    def at_once(self, lane: Lane) -> Any:
        """Under the lock, nothing being queued: the value, if it takes no job, or ``LATER``."""
        return LATER

    def run(self, lane: Lane) -> Any:
        """In the job: does it."""
        raise TypeError(f"{type(self).__name__} must define run()")

    def keep(self, lane: Lane, value: Any) -> Any:
        """Under the lock, when it was done: what the step keeps of ``value``."""
        return value

    def give_back(self, lane: Lane, value: Any) -> None:
        """Under the lock: it was done, and nobody will take what it kept."""

    def unwrap(self, value: Any) -> Any:
        """What the await gives, or raises."""
        return value

    # --- the future -----------------------------------------------------------------------------------------

    def is_dropped(self) -> bool:
        """True if nobody awaits it any more."""
        return self._phase == _DROPPED

    def poll(self, cx: Context) -> Any:
        phase = self._phase
        if phase >= _TAKEN:
            raise RuntimeError(f"{self!r} was polled after it completed or was closed: call the method again")
        if not poll_proceed(cx):
            return PENDING
        if phase == _FRESH:
            value = self.begin()
            if value is not LATER:
                return make_ready(self.unwrap(value))
        with self._lane.lock:
            if self._phase != _DONE:
                self._parked = cx.waker
                refund()
                return PENDING
            self._phase = _TAKEN
            value, self._value = self._value, None
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return make_ready(self.unwrap(value))

    def begin(self) -> Any:
        """Queues it; or gives its value, if it can be had at once, else ``LATER``."""
        lane = self._lane
        with lane.lock:
            if lane.pending == 0:
                value = self.at_once(lane)
                if value is not LATER:
                    self._phase = _TAKEN
                    return value
            self._phase = _QUEUED
        try:
            lane.push(self)
        except BaseException:
            self._phase = _TAKEN
            raise
        return LATER

    def settle(self, lane: Lane, value: Any, failure: BaseException | None) -> list[Waker]:
        """Under the lock, when the job has done it. Returns whom to wake."""
        parked, self._parked = self._parked, None
        if failure is None:
            value = self.keep(lane, value)
        if self._phase == _DROPPED:
            if failure is None:
                self.give_back(lane, value)
            elif self.reported:
                self._report(failure)
            return []
        self._phase = _DONE
        self._value = value
        self._failure = failure
        return [] if parked is None else [parked]

    def close(self) -> None:
        self.drop()

    def drop(self) -> Waker | None:
        """``close``; returns the waker that waited for it."""
        lane = self._lane
        failure = None
        with lane.lock:
            phase = self._phase
            if phase >= _TAKEN:
                return None
            self._phase = _DROPPED
            parked, self._parked = self._parked, None
            value, self._value = self._value, None
            if phase == _DONE:
                failure, self._failure = self._failure, None
                if failure is None:
                    self.give_back(lane, value)
        if failure is not None and self.reported:
            self._report(failure)
        return parked

    def _report(self, failure: BaseException) -> None:
        report_exception(f"{self!r} failed and nobody looked at it", failure)

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} of the file {self._lane.descriptor.name!r}>"


class Call(Step):
    """``function(descriptor, *args)`` in the lane.

    Args:
        rest: the true position is needed, so the read-ahead is undone first.
        reported: see ``Step``.
    """

    __slots__ = ("_args", "_function", "_rest", "reported")

    def __init__(
        self, lane: Lane, function: Callable[..., Any], *args: Any, rest: bool = False, reported: bool = False
    ) -> None:
        Step.__init__(self, lane)
        self._function = function
        self._args = args
        self._rest = rest
        self.reported = reported

    def run(self, lane: Lane) -> Any:
        if self._rest:
            lane.rest_at()
        return self._function(lane.descriptor.fd, *self._args)

    def __repr__(self) -> str:
        return f"<{self._function.__name__} of the file {self._lane.descriptor.name!r}>"


class Seek(Step):
    """Moves the position; the value is the new one."""

    __slots__ = ("_offset", "_whence")

    def __init__(self, lane: Lane, offset: int, whence: int) -> None:
        Step.__init__(self, lane)
        self._offset = offset
        self._whence = whence

    def run(self, lane: Lane) -> int:
        ahead = lane.move()
        offset = self._offset - len(ahead) if self._whence == 1 else self._offset
        return lane.seek_or_put_back(ahead, offset, self._whence)


class Flush(Step):
    """Waits until all that was written before is in the file; raises what a write failed with, unless ``quiet``."""

    __slots__ = ("quiet",)

    def __init__(self, lane: Lane) -> None:
        Step.__init__(self, lane)
        self.quiet = False

    def at_once(self, lane: Lane) -> Any:
        return None

    def run(self, lane: Lane) -> None:
        return None

    def unwrap(self, value: Any) -> Any:
        error = None if self.quiet else self._lane.take_error()
        if error is not None:
            raise error
        return value


class Sync(Flush):
    """The same, and then ``function(descriptor)``, which makes it durable."""

    __slots__ = ("_function",)
    reported = True

    def __init__(self, lane: Lane, function: Callable[[int], Any]) -> None:
        Flush.__init__(self, lane)
        self._function = function

    def at_once(self, lane: Lane) -> Any:
        return LATER

    def run(self, lane: Lane) -> None:
        self._function(lane.descriptor.fd)


class Close(Flush):
    """The same, and then closes the descriptor, if no other ``File`` is open on it (``last``)."""

    __slots__ = ("_last",)
    after_close = True
    in_place = True

    def __init__(self, lane: Lane, last: bool) -> None:
        Flush.__init__(self, lane)
        self._last = last

    def run(self, lane: Lane) -> None:
        if self._last:
            lane.descriptor.close()

    def close_now(self) -> None:
        """``run``, where no job is needed."""
        lane = self._lane
        try:
            lane.descriptor.close()
        except OSError as error:
            self._spoil(lane, error)

    def settle(self, lane: Lane, value: Any, failure: BaseException | None) -> list[Waker]:
        if failure is not None:
            self._spoil(lane, failure)
        return Step.settle(self, lane, value, None)

    def _spoil(self, lane: Lane, failure: BaseException) -> None:
        """The failure of a close says that data was lost, as that of a write does."""
        if lane.error is None:
            lane.error = failure


class Detach(Step):
    """Gives the descriptor away, or a duplicate if it is not the ``last`` use of it."""

    __slots__ = ("_last",)
    after_close = True

    def __init__(self, lane: Lane, last: bool) -> None:
        Step.__init__(self, lane)
        self._last = last

    def run(self, lane: Lane) -> FileIO:
        lane.rest_at()
        return lane.descriptor.into_file() if self._last else lane.descriptor.duplicate()
