"""Waker: tells whoever polls that a task can go on.

    leaf.poll(cx)  -> Pending      the leaf has left ``cx.waker`` with a driver, a channel, a timer
    ...            -> waker.wake() that one calls, from any thread, any number of times
    executor       -> leaf.poll(cx) again, once

Three kinds share one class: the waker of a task (or of a ``block_on`` root), a waker made of a
callable, and the no-op. A task's waker is an object of its own, so that keeping it keeps neither the
task's result nor its runtime alive: when the task completes the link is cut, and ``wake`` does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .guard import Guard
from .report import pass_interrupt, report_exception

try:
    import cython
except ImportError:
    from . import cython_shim as cython


class Wakeable(Guard):
    """Whatever can be woken: a task, the root of ``block_on``, a member of ``join_all``.

    ``_next`` links it into a run queue; it is in at most one, which its state word guarantees.
    """

    __slots__ = ("_next", "_waker")

    def __init__(self) -> None:
        self._waker = None
        self._next = cython.NULL

    def _wake(self) -> None:
        """Makes sure that there will be a poll after this call. Called from any thread."""
        raise TypeError(f"{type(self).__name__} must define _wake()")

    def _make_waker(self) -> Waker:
        """The waker of this object, made at first use. Called only while it is being polled."""
        waker = self._waker
        if waker is None:
            waker = TaskWaker.__new__(TaskWaker)
            waker._target = self
            self._waker = waker
        return waker

    def _cut_waker(self) -> None:
        """After completion: wakers that someone still keeps do nothing and keep nothing alive."""
        waker = self._waker
        if waker is not None:
            self._waker = None
            waker._lock()
            waker._target = None  # not the last reference: our caller holds one
            waker._unlock()


class Waker(Guard):
    """Handle with which a leaf future has its task polled again.

    Get it from a ``Context`` inside ``poll``, make one with ``Waker.from_callable``, or take
    ``Waker.noop()``. All methods may be called from any thread, any number of times, also after the
    task ended, and never raise.

    >>> from mezame import Waker
    >>> calls = []
    >>> waker = Waker.from_callable(lambda: calls.append("woken"))
    >>> waker.wake(); waker.wake_by_ref()
    >>> calls
    ['woken', 'woken']

    Source of the semantics: ``core::task::Waker``, ``futures::task::ArcWake``.
    """

    __slots__ = ()

    def wake(self) -> None:
        """Has the task polled again. Many wakes before a poll make one poll."""

    def wake_by_ref(self) -> None:
        """The same as ``wake``: there is nothing to consume in Python."""
        self.wake()

    def will_wake(self, other: Waker) -> bool:
        """True if both wake the same task, so that a leaf may keep the waker that it has."""
        return self is check_waker(other)

    def clone(self) -> Waker:
        """A waker of the same task: this object, for it can be shared and kept."""
        return self

    @staticmethod
    def noop() -> Waker:
        """The waker that does nothing; one shared instance."""
        return NOOP

    @staticmethod
    def from_callable(function: Callable[[], Any]) -> Waker:
        """A waker that calls ``function()`` at each wake, in the thread that wakes.

        What ``function`` raises is reported, never raised into the caller of ``wake``; but KeyboardInterrupt and
        SystemExit leave ``block_on`` (and the like), or ``wake``, if it is called where no task is driven.
        Raises ``TypeError`` if ``function`` is not callable.
        """
        if not callable(function):
            raise TypeError(f"Waker.from_callable needs a callable, not {function!r}")
        return CallbackWaker(function)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {id(self):#x}>"


class TaskWaker(Waker):
    """The waker of a ``Wakeable``. ``_target`` is cut by another thread: under the guard, to read it and to cut it."""

    __slots__ = ("_target",)

    def wake(self) -> None:
        self._lock()
        target = self._target
        self._unlock()
        if target is not None:
            target._wake()

    def __repr__(self) -> str:
        self._lock()
        target = self._target
        self._unlock()
        return f"<Waker of {target!r}>" if target is not None else "<Waker of a finished task>"


class CallbackWaker(Waker):
    """A waker that calls a function."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function

    def wake(self) -> None:
        try:
            self._function()
        except Exception as error:
            report_exception("exception in the callable of a waker", error)
        except BaseException as error:
            pass_interrupt(error)

    def will_wake(self, other: Waker) -> bool:
        if isinstance(other, CallbackWaker):
            callback: CallbackWaker = other
            return callback._function is self._function
        return self is check_waker(other)

    def __repr__(self) -> str:
        return f"<Waker of {self._function!r}>"


class NoopWaker(Waker):
    """The waker that does nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<Waker.noop()>"


NOOP = NoopWaker()


def check_waker(other: Any) -> Waker:
    """``other``, or ``TypeError`` if it is no waker: the same one interpreted and compiled."""
    if not isinstance(other, Waker):
        raise TypeError(f"will_wake needs a Waker, not {other!r}")
    return other


def wake_all(wakers: list[Waker]) -> None:
    """Wakes each of ``wakers``, in order; a bad one cannot keep the others asleep."""
    interrupt = None
    for waker in wakers:
        try:
            waker.wake()
        except Exception as error:
            report_exception("exception in Waker.wake", error)
        except BaseException as error:
            interrupt = error
    if interrupt is not None:
        pass_interrupt(interrupt)
