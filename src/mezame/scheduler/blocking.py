"""BlockingPool: threads for calls that block, apart from the threads that poll.

A blocking job is a Task like any other, of a future that is complete after one poll: the poll *is* the call. So
its handle, its abort (only before it starts) and its contextvars are those of tasks. Its scheduler is this pool:
"schedule" means "some thread, take it".

Threads are made on demand up to ``limit`` and end after ``keep_alive`` seconds without a job; beyond the limit
jobs wait in a FIFO queue.

    submit      lock; queue; as many idle threads as queued jobs? notify one : below the limit? start one; unlock
    a thread    lock; no job -> idle += 1; wait keep_alive; idle -= 1; still none -> end; unlock; run the job
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ..core.context import loop_context
from ..core.current import Scheduler, current
from ..core.frames import spawn_site
from ..core.future import Future
from ..core.poll import make_ready
from ..core.report import report_exception
from ..core.task import Task, make_task
from ..core.waker import Wakeable

LIMIT = 512
KEEP_ALIVE = 10.0


class Call(Future):
    """A function call as a future: complete at its first poll."""

    __slots__ = ("_args", "_function", "_kwargs")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._function = function
        self._args = args
        self._kwargs = kwargs

    def poll(self, cx: Any) -> Any:
        slot = current()
        context = slot.context
        slot.context = None  # inside the call there is no poll: it may block, and drive futures of its own
        try:
            return make_ready(self._function(*self._args, **self._kwargs))
        finally:
            slot.context = context


class BlockingPool(Scheduler):
    """The pool.

    Args:
        limit: most threads at a time, at least 1.
        keep_alive: seconds without a job after which a thread ends.
        name: function of no arguments that names the next thread.
        enter: called in each new thread; makes the runtime current there.
        on_start, on_stop: hooks of the runtime, called in the thread, or None.
        on_change: called with +1 when a job is queued and -1 when it has ended, or None.
    """

    def __init__(
        self,
        limit: int = LIMIT,
        keep_alive: float = KEEP_ALIVE,
        *,
        name: Callable[[], str] | None = None,
        enter: Callable[[], Any] | None = None,
        on_start: Callable[[], Any] | None = None,
        on_stop: Callable[[], Any] | None = None,
        on_change: Callable[[int], Any] | None = None,
    ) -> None:
        if limit < 1:
            raise ValueError(f"max_blocking_threads must be at least 1, not {limit!r}")
        if not keep_alive >= 0:
            raise ValueError(f"thread_keep_alive must be a number of seconds from 0 on, not {keep_alive!r}")
        self._limit = limit
        self._keep_alive = keep_alive
        self._name = name
        self._enter = enter
        self._on_start = on_start
        self._on_stop = on_stop
        self._on_change = on_change
        self._condition = threading.Condition()
        self._queue: deque[Task] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._closed = False

    def submit(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], name: str | None
    ) -> Task:
        """Queues ``function(*args, **kwargs)``; its task. After ``close`` the task is already cancelled."""
        if not callable(function):
            raise TypeError(f"spawn_blocking needs a function, not {function!r}; for a coroutine use spawn")
        label = name or getattr(function, "__qualname__", None) or type(function).__name__
        task = make_task(Call(function, args, kwargs), self, label, None)
        code, lasti = spawn_site()
        task._set_site(code, lasti)
        self._schedule(task)
        return task

    def _schedule(self, item: Wakeable) -> None:
        if self._on_change is not None:
            self._on_change(1)
        with self._condition:
            refused = self._closed
            if not refused:
                self._queue.append(item)
                if self._idle >= len(self._queue):
                    self._condition.notify()
                elif len(self._threads) < self._limit:
                    self._start_thread()
        if refused:
            self._drop(item)

    def _start_thread(self) -> None:
        """Under the condition's lock."""
        name = self._name() if self._name is not None else None
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:
            # The system has no more threads: those that we have will come to the job; with none it fails.
            self._threads.discard(thread)
            if not self._threads:
                self._queue.pop()
                if self._on_change is not None:
                    self._on_change(-1)
                raise

    def _work(self) -> None:
        try:
            if self._enter is not None:
                self._enter()
            self._call_hook(self._on_start)
            while True:
                task = self._next()
                if task is None:
                    break
                self._run_job(task)
            self._call_hook(self._on_stop)
        finally:
            with self._condition:
                self._threads.discard(threading.current_thread())
                self._condition.notify_all()

    def _next(self) -> Any:
        with self._condition:
            while not self._queue:
                if self._closed:
                    return None
                self._idle += 1
                notified = self._condition.wait(self._keep_alive)
                self._idle -= 1
                if not notified and not self._queue:
                    return None
            return self._queue.popleft()

    def _run_job(self, task: Task) -> None:
        cx = loop_context()
        slot = current()
        outer, outer_loop = slot.context, slot.loop
        slot.context = slot.loop = cx
        try:
            task._run(cx, slot)
        except BaseException as error:
            report_exception(f"the blocking pool could not run {task!r}", error)
        finally:
            slot.context, slot.loop = outer, outer_loop
            if self._on_change is not None:
                self._on_change(-1)

    def _drop(self, task: Task) -> None:
        """A job that will not run: its handle is cancelled."""
        task.cancel()
        self._run_job(task)

    def _call_hook(self, hook: Any) -> None:
        if hook is not None:
            try:
                hook()
            except Exception as error:
                report_exception(f"thread hook {hook!r} raised", error)

    def close(self, timeout: float | None = None) -> list[str]:
        """Drops the queued jobs, waits for the running ones (seconds; None: no limit).

        Returns the names of the threads that still run a job then: they are left to themselves.
        """
        with self._condition:
            self._closed = True
            dropped = list(self._queue)
            self._queue.clear()
            self._condition.notify_all()
        for task in dropped:
            self._drop(task)
        deadline = None if timeout is None else time.monotonic() + timeout
        mine = threading.current_thread()
        with self._condition:
            while self._threads - {mine}:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._condition.wait(left)
            return sorted(thread.name for thread in self._threads - {mine})

    def stats(self) -> dict[str, int]:
        """Threads, idle threads and queued jobs of this moment."""
        with self._condition:
            return {"threads": len(self._threads), "idle": self._idle, "queued": len(self._queue)}
