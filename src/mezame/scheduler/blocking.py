"""BlockingPool: threads for calls that block, apart from the threads that poll.

A blocking job is a Task like any other, of a future that is complete after one poll: the poll *is* the call. So
its handle, its abort (only before it starts) and its contextvars are those of tasks. Its scheduler is this pool:
"schedule" means "some thread, take it".

Threads are made on demand up to ``limit`` and end after ``keep_alive`` seconds without a job; beyond the limit
jobs wait in a FIFO queue.

    submit      lock; queue the job; nobody on the way? send one; unlock
    send one    an idle thread, the one that worked last: wake it; else, below the limit: start one
    a thread    lock; was I the one on the way? now nobody is; take a job; more jobs? send one; unlock; run the job
                no job: sleep on my seat for keep_alive; nobody sent me: end

Invariant, under the lock: if a job is queued, then a thread is on its way (``_on_the_way``), or all threads that there
may be are at work, and each looks at the queue after its job. One at a time is on its way, and sends the next before it
begins its job: so jobs that block have their threads soon, while many short ones are done by the few threads that are
awake, without a switch of threads for each.

A job is plain or mandatory. ``close`` drops the plain ones that are still queued (their handles are cancelled); the
mandatory ones stay in the queue, in order, and are run before the threads end: a write whose caller was told that it is
on its way. The invariant above holds for them after ``close`` too, so each has its thread. What is submitted after
``close`` is dropped, of either kind.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ..core.cell import run_traced
from ..core.check import check_int, check_seconds
from ..core.context import loop_context
from ..core.current import Scheduler, current
from ..core.frames import spawn_site
from ..core.future import Future, close_coroutine
from ..core.hooks import SHARED, tell_shared
from ..core.poll import make_ready
from ..core.report import report_exception
from ..core.task import Task, make_task
from ..core.waker import Wakeable
from .thread_start import start_thread

LIMIT = 512
KEEP_ALIVE = 10.0
END_OF_IDLE = 0.1  # seconds that a thread without a job is given at least to see that the pool is closed


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


class Seat:
    """Where an idle thread sleeps. Whoever takes it out of the list of idle ones wakes it; nobody else does."""

    __slots__ = ("_lock", "at_work")

    def __init__(self) -> None:
        self.at_work = False  # its thread has a job; under the pool's lock
        self._lock = threading.Lock()
        self._lock.acquire()

    def sleep(self, timeout: float) -> bool:
        """False: nobody came for ``timeout`` seconds."""
        return self._lock.acquire(timeout=min(timeout, threading.TIMEOUT_MAX))

    def wake(self) -> None:
        """Ends the one sleep that is, or begins."""
        self._lock.release()


class BlockingPool(Scheduler):
    """The pool.

    Args:
        limit: most threads at a time, at least 1.
        keep_alive: seconds without a job after which a thread ends.
        name: function of no arguments that names the next thread.
        enter: called in each new thread; makes the runtime current there.
        on_start, on_stop: hooks of the runtime, called in the thread, or None.
        on_change: called with +1 when a job is queued and -1 when it has ended, or None.
        stack_size: bytes of stack of each thread; 0: the system's size.
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
        stack_size: int = 0,
    ) -> None:
        self._limit = check_int("max_blocking_threads", limit, 1)
        self._keep_alive = check_seconds("thread_keep_alive", keep_alive)
        self._stack_size = stack_size
        self._forced = 0
        self._name = name
        self._enter = enter
        self._on_start = on_start
        self._on_stop = on_stop
        self._on_change = on_change
        self._condition = threading.Condition()
        self._queue: deque[Task] = deque()
        self._mandatory: set[Wakeable] = set()  # of those in the queue
        self._threads: dict[threading.Thread, Seat] = {}
        self._idle: list[Seat] = []  # of the threads without a job, who worked last at the end
        self._on_the_way = False
        self._closed = False

    def submit(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str | None,
        mandatory: bool = False,
    ) -> Task:
        """Queues ``function(*args, **kwargs)``; its task. After ``close`` the task is already cancelled.

        Args:
            mandatory: run it also if the pool is closed before a thread has come to it.
        """
        if not callable(function):
            close_coroutine(function)
            raise TypeError(f"spawn_blocking needs a function, not {function!r}; for a coroutine use spawn")
        label = name or getattr(function, "__qualname__", None) or type(function).__name__
        task = make_task(Call(function, args, kwargs), self, label, None)
        code, lasti = spawn_site()
        task._set_site(code, lasti)
        if SHARED.hooks is not None:
            tell_shared("on_spawn", task)
        self._enqueue(task, mandatory)
        return task

    def _schedule(self, item: Wakeable) -> None:
        self._enqueue(item, False)

    def _kind(self) -> str:
        return "blocking"

    def _enqueue(self, item: Wakeable, mandatory: bool) -> None:
        if self._on_change is not None:
            self._on_change(1)
        failure = None
        with self._condition:
            refused = self._closed
            if not refused:
                self._queue.append(item)
                if mandatory:
                    self._mandatory.add(item)
                if not self._on_the_way:
                    try:
                        self._send_one()
                    except RuntimeError as error:  # no thread, and none to be had: this job is the only one
                        failure = error
                        self._queue.pop()
                        self._mandatory.discard(item)
        if refused or failure is not None:
            self._drop(item)
        if failure is not None:
            raise failure

    def _send_one(self) -> None:
        """Under the condition's lock, if nobody is on the way."""
        if self._idle:
            self._on_the_way = True
            self._idle.pop().wake()
        elif len(self._threads) < self._limit:
            self._start_thread()

    def _start_thread(self) -> None:
        """Under the condition's lock."""
        name = self._name() if self._name is not None else None
        seat = Seat()
        thread = threading.Thread(target=self._work, args=(seat,), name=name, daemon=True)
        self._threads[thread] = seat
        self._on_the_way = True
        try:
            start_thread(thread, self._stack_size)
        except RuntimeError:
            # The system has no more threads: those that we have will come to the job; with none it fails.
            self._on_the_way = False
            del self._threads[thread]
            if not self._threads:
                raise

    def _work(self, seat: Seat) -> None:
        sent = True  # started for a job
        try:
            if self._enter is not None:
                self._enter()
            self._call_hook(self._on_start)
            while True:
                task = self._next(seat, sent)
                sent = False
                if task is None:
                    break
                self._run_job(task)
                task = None  # while the thread waits for the next one it keeps nothing of this one alive
            self._call_hook(self._on_stop)
        finally:
            with self._condition:
                del self._threads[threading.current_thread()]
                if sent:  # it failed before it came to the job, which waits for the next one
                    self._on_the_way = False
                self._condition.notify_all()

    def _arrive(self) -> None:
        """Under the lock: the one on the way is here, and sends the next if there is work."""
        self._on_the_way = False
        if self._queue:
            self._send_one()

    def _next(self, seat: Seat, sent: bool) -> Any:
        """The next job for this thread; None: it shall end."""
        while True:
            with self._condition:
                task = self._queue.popleft() if self._queue else None
                if sent:
                    self._arrive()
                if self._mandatory:
                    self._mandatory.discard(task)
                seat.at_work = task is not None
                if task is not None:
                    return task
                if self._closed:
                    return None
                self._idle.append(seat)
            if seat.sleep(self._keep_alive):
                sent = True
                continue
            with self._condition:
                if seat in self._idle:
                    self._idle.remove(seat)
                    return None
            seat.sleep(0)  # taken out between the end of the sleep and the lock: it was woken
            sent = True

    def _run_job(self, task: Task) -> None:
        cx = loop_context()
        slot = current()
        outer, outer_loop = slot.context, slot.loop
        slot.context = slot.loop = cx
        try:
            if SHARED.hooks is None:
                task._run(cx, slot)
            else:
                run_traced(task, cx, slot)
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
            except BaseException as error:  # an interrupt as well: a job waits for this thread
                report_exception(f"thread hook {hook!r} raised", error)

    def close(self, timeout: float | None = None) -> list[str]:
        """Drops the plain jobs that are queued; waits for the others (seconds; None: no limit).

        Returns the names of the threads that still run a job then: they are left to themselves.
        """
        with self._condition:
            self._closed = True
            dropped = [task for task in self._queue if task not in self._mandatory]
            kept = [task for task in self._queue if task in self._mandatory]
            self._queue.clear()
            self._queue.extend(kept)
            for seat in self._idle:
                seat.wake()
            self._idle.clear()
            self._condition.notify_all()
        for task in dropped:
            self._drop(task)
        deadline = None if timeout is None else time.monotonic() + timeout
        last = None if deadline is None else max(deadline, time.monotonic() + END_OF_IDLE)
        mine = threading.current_thread()
        with self._condition:
            while others := self._threads.keys() - {mine}:
                at_work = {thread for thread in others if self._threads[thread].at_work}
                until = deadline if at_work else last
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    # Who has no job has been woken just now, and ends by itself; unless it had its time.
                    had_time = last is not None and time.monotonic() >= last
                    return sorted(thread.name for thread in (others if had_time else at_work))
                self._condition.wait(left)
            return []

    def stats(self) -> dict[str, int]:
        """Threads, idle threads and queued jobs of this moment."""
        with self._condition:
            return {"threads": len(self._threads), "idle": len(self._idle), "queued": len(self._queue)}
