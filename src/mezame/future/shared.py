"""Shared: one run of a future, its outcome for all who await it.

Whoever polls first polls the future inside, with a waker that wakes all who wait. One at a time polls:

    an await                                         the waker of the future inside
    --------------------------------------------     -----------------------------------------
    lock; done? take the outcome                     lock; woken = True; take all wakers
    store own waker; somebody polls? Pending         unlock; wake them
    polling = True; woken = False; unlock
    poll the future inside
    lock; polling = False; done, or woken
        meanwhile? take all wakers; unlock; wake

The second look at ``woken`` is for an await that stored its waker while another polled, and whose poller is cancelled
before it polls again: it must not sleep on.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Generator
from types import TracebackType
from typing import Any

from ..core.context import Context
from ..core.future import Future, into_future
from ..core.poll import PENDING, Poll
from ..core.report import report_exception
from ..core.waker import Waker, wake_all


class _Run:
    """The one run. Held by the handles and the awaits; when the last goes, the future inside is dropped."""

    __slots__ = (
        "__weakref__", "cx", "done", "error", "future", "lock", "polling", "traceback", "value", "wakers", "woken",
    )  # fmt: skip

    def __init__(self, future: Any) -> None:
        self.future: Any = into_future(future)
        self.lock = threading.RLock()  # a finaliser may drop an await at any point of ours
        self.wakers: dict[int, Waker] = {}
        self.polling = False
        self.woken = False
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.traceback: TracebackType | None = None
        reference = weakref.ref(self)  # the leaf inside keeps the waker: it must not keep the run

        def wake() -> None:
            run = reference()
            if run is not None:
                run.wake()

        self.cx = Context(Waker.from_callable(wake))

    def take_wakers(self) -> list[Waker]:
        """Under the lock."""
        wakers = list(self.wakers.values())
        self.wakers.clear()
        return wakers

    def wake(self) -> None:
        with self.lock:
            self.woken = True
            wakers = self.take_wakers()
        wake_all(wakers)

    def advance(self) -> None:
        """Polls the future inside; ``polling`` is ours."""
        done = True
        value: Any = None
        failure: BaseException | None = None
        try:
            answer = self.future.poll(self.cx)
            done = answer is not PENDING
            value = answer.value if done else None
        except BaseException as error:
            failure = error
        with self.lock:
            self.polling = False
            if done:
                self.done = True
                self.value = value
                self.error = failure
                self.traceback = None if failure is None else failure.__traceback__
                self.future = None
            wakers = self.take_wakers() if done or self.woken else []
        wake_all(wakers)

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error.with_traceback(self.traceback)  # who awaited before appended to it
        return self.value

    def __del__(self) -> None:
        future = getattr(self, "future", None)
        if future is not None:
            try:
                future.close()
            except BaseException as error:
                report_exception(f"{future!r} failed while it was dropped", error)


class SharedFuture(Future):
    """One await of a ``Shared``. Closing it leaves the run and the other awaits alone."""

    __slots__ = ("_finished", "_run")

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._finished = False

    def poll(self, cx: Context) -> Any:
        if self._finished:
            raise RuntimeError("this await of a Shared was polled after it completed: await the Shared again")
        run = self._run
        key = id(self)
        with run.lock:
            if not run.done:
                run.wakers[key] = cx.waker
                if run.polling:
                    return PENDING
                run.polling = True
                run.woken = False
        if not run.done:
            run.advance()
        if not run.done:
            return PENDING
        self.close()
        self._finished = True
        return Poll.Ready(run.outcome())

    def close(self) -> None:
        with self._run.lock:
            old = self._run.wakers.pop(id(self), None)
        del old


class Shared:
    """A future that any number of tasks, in any threads, may await; it runs once.

    Args:
        future: a coroutine, or anything that ``into_future`` takes. It starts when it is first awaited, and makes
            progress while somebody awaits it.

    Each await gives the same value, or raises the same exception; before the end and after it, any number of times.
    Cancel safe: cancelling an await leaves the others, and the run. When the last handle and await are gone, an
    unfinished future is dropped (closed; its ``finally`` blocks cannot await).

    >>> import mezame
    >>> async def fetch():
    ...     print("once")
    ...     await mezame.yield_now()
    ...     return 42
    >>> async def main():
    ...     shared = mezame.future.Shared(fetch())
    ...     return await mezame.join(shared, shared.clone()), await shared
    >>> mezame.run(main())
    once
    ((42, 42), 42)

    Source of the semantics: ``futures::FutureExt::shared``.
    """

    __slots__ = ("__weakref__", "_run")

    def __init__(self, future: Any) -> None:
        self._run = _Run(future)

    def __await__(self) -> Generator[Any, Any, Any]:
        return SharedFuture(self._run).__await__()

    def join_future(self) -> SharedFuture:
        """A new Future of the outcome: what ``into_future(shared)`` gives."""
        return SharedFuture(self._run)

    def clone(self) -> Shared:
        """Another handle of the same run."""
        return _handle(self._run)

    def peek(self, default: Any = None) -> Any:
        """The value if it is there (raises the failure), else ``default``. Starts nothing."""
        return self._run.outcome() if self._run.done else default

    def downgrade(self) -> WeakShared:
        """A handle that does not keep the run alive."""
        return WeakShared(self)

    def __repr__(self) -> str:
        return f"<Shared {'completed' if self._run.done else repr(self._run.future)}>"


class WeakShared:
    """What ``Shared.downgrade`` gives."""

    __slots__ = ("_reference",)

    def __init__(self, shared: Shared) -> None:
        self._reference = weakref.ref(shared._run)

    def upgrade(self) -> Shared | None:
        """A handle, or None if the run was dropped."""
        run = self._reference()
        return None if run is None else _handle(run)


def _handle(run: _Run) -> Shared:
    shared = Shared.__new__(Shared)
    shared._run = run
    return shared
