"""Runtime: executor + I/O driver + timers + blocking pool + signals, under one roof.

    mezame.run(main())  =  with Runtime() as runtime: runtime.block_on(main())

How it ends: ``shutdown.py``.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import warnings
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.check import check_callables, check_time_limit
from ..core.clock import Clock
from ..core.current import current
from ..core.future import close_coroutine
from ..core.hooks import Hooks, check_hooks
from ..core.loop import EVENT_INTERVAL, GLOBAL_QUEUE_INTERVAL
from ..core.report import report_exception
from ..core.task import Task
from ..driver.driver import Driver
from ..driver.timer import Timers
from ..errors import EnterError, RuntimeClosedError
from ..scheduler.blocking import KEEP_ALIVE, LIMIT, BlockingPool
from ..scheduler.current_thread import CurrentThread
from ..scheduler.thread_start import check_stack_size
from . import nested
from .asyncgens import AsyncGens
from .callbacks import TaskMeta, combine
from .handle import EnterGuard, Handle, RuntimeFlavor
from .histogram import Histogram
from .histogram_configuration import HistogramConfiguration, configuration_of
from .interrupt import Interrupt
from .options import make_poller, make_rng, refuse_options, worker_count
from .shutdown import ShutdownReport, close_parts, log_refusals
from .watchdog import Watchdog

if TYPE_CHECKING:
    from .metrics import RuntimeMetrics

RESOLVER_THREADS = 8  # for name lookups only: they must not queue behind the user's blocking calls

_live: weakref.WeakSet[Runtime] = weakref.WeakSet()


class Runtime:
    """The environment in which futures run.

    Use it as a context manager; leaving it closes it. Most programs need only ``mezame.run``.

    Args:
        flavor: "current_thread": tasks run on the thread that is inside ``block_on``. "multi_thread": on
            ``worker_threads`` threads that steal from each other; in parallel where Python has no GIL.
        worker_threads: how many workers ("multi_thread" only); default ``MEZAME_WORKER_THREADS``, else one per CPU
            that the process may use.
        name: shown in reports.
        enable_io, enable_time: which drivers to have; both are on unless switched off.
        driver: "epoll" or "selectors"; default epoll where there is one (``MEZAME_DRIVER`` overrides).
        max_blocking_threads: most threads of the blocking pool.
        thread_keep_alive: seconds after which an idle blocking thread ends.
        thread_name: prefix of the names of the worker and blocking threads, or a function that returns the next name.
        thread_stack_size: bytes of stack of these threads; default what the system gives.
        event_interval: polls between two looks at the drivers.
        max_io_events_per_tick: most events that one look at the I/O driver takes; default 1024 ("selectors": all).
        global_queue_interval: polls between two looks at what other threads queued; default 31 for
            "current_thread", tuned by what a poll takes for "multi_thread".
        disable_lifo_slot: a task that another one wakes does not run next ("multi_thread" only).
        unhandled_panic: "ignore" (a failed task is reported when nobody looks at it) or
            "shutdown_runtime" (any failed task ends ``block_on`` with ``ShutdownError``).
        rng_seed: seed of the runtime's random choices (``select``, whom to steal from), for reproducible runs.
        start_paused: start with a paused clock (see ``mezame.time.pause``).
        hooks: a ``mezame.Hooks`` that is told what happens.
        choose: the scheduler's choice, see ``Executor``.
        poll_time_histogram: measure each poll (two clock readings per poll); a ``HistogramConfiguration`` gives the
            buckets, True takes the usual ones, which double from a microsecond on.
        schedule_latency_histogram: likewise for the time from each wake of a task to its poll (as slow as hooks are).
        watchdog: seconds above 0; a thread reports the stack of any poll that takes longer.
        shutdown_timeout: seconds that leaving the ``with`` block waits for tasks and blocking calls; None or infinite:
            no limit.
        on_thread_start, on_thread_stop: called in each worker and blocking thread.
        on_thread_park, on_thread_unpark: called around each sleep of a thread that polls tasks.
        on_task_spawn, on_before_task_poll, on_after_task_poll, on_task_terminate: called with a ``TaskMeta``.
        track_task_schedule_latency: measure the time from each wake to the poll, for ``TaskMeta`` (off: None there).

    Raises ``ValueError`` or ``TypeError`` for a bad option, naming it and its value.

    >>> import mezame
    >>> async def hello(): return "hello"
    >>> with mezame.Runtime() as runtime:
    ...     runtime.block_on(hello())
    'hello'

    Source of the semantics: ``tokio::runtime::Runtime``.
    """

    _closed = True  # until it is whole: __del__ may run on a half-made runtime

    def __init__(
        self,
        flavor: str = "current_thread",
        *,
        worker_threads: int | None = None,
        name: str | None = None,
        enable_io: bool = True,
        enable_time: bool = True,
        driver: str | None = None,
        max_blocking_threads: int = LIMIT,
        thread_keep_alive: float = KEEP_ALIVE,
        thread_name: str | Callable[[], str] = "mezame-rt-worker",
        thread_stack_size: int | None = None,
        event_interval: int = EVENT_INTERVAL,
        max_io_events_per_tick: int | None = None,
        global_queue_interval: int | None = None,
        disable_lifo_slot: bool = False,
        unhandled_panic: str = "ignore",
        rng_seed: int | None = None,
        start_paused: bool = False,
        hooks: Hooks | None = None,
        choose: Callable[[int], int] | None = None,
        poll_time_histogram: bool | HistogramConfiguration = False,
        schedule_latency_histogram: bool | HistogramConfiguration = False,
        watchdog: float | None = None,
        shutdown_timeout: float | None = None,
        on_thread_start: Callable[[], Any] | None = None,
        on_thread_stop: Callable[[], Any] | None = None,
        on_thread_park: Callable[[], Any] | None = None,
        on_thread_unpark: Callable[[], Any] | None = None,
        on_task_spawn: Callable[[TaskMeta], Any] | None = None,
        on_before_task_poll: Callable[[TaskMeta], Any] | None = None,
        on_after_task_poll: Callable[[TaskMeta], Any] | None = None,
        on_task_terminate: Callable[[TaskMeta], Any] | None = None,
        track_task_schedule_latency: bool = False,
    ) -> None:
        if flavor not in ("current_thread", "multi_thread"):
            raise ValueError(f"flavor must be 'current_thread' or 'multi_thread', not {flavor!r}")
        parallel = flavor == "multi_thread"
        if parallel:
            refuse_options(unhandled_panic=unhandled_panic != "ignore", start_paused=start_paused, choose=choose)
        elif worker_threads is not None or disable_lifo_slot:
            raise ValueError("worker_threads and disable_lifo_slot need flavor='multi_thread'")
        if unhandled_panic not in ("ignore", "shutdown_runtime"):
            raise ValueError(
                f"unhandled_panic must be 'ignore' or 'shutdown_runtime', not {unhandled_panic!r}"
            )
        if start_paused and not enable_time:
            raise ValueError("start_paused needs enable_time=True: there is no clock to pause")
        stack_size = check_stack_size(thread_stack_size)
        self._shutdown_timeout = check_time_limit("shutdown_timeout", shutdown_timeout)
        if not isinstance(thread_name, str) and not callable(thread_name):
            raise TypeError(f"thread_name must be a str, or a function that returns one, not {thread_name!r}")
        check_hooks(hooks)
        check_callables(
            on_thread_start=on_thread_start,
            on_thread_stop=on_thread_stop,
            on_thread_park=on_thread_park,
            on_thread_unpark=on_thread_unpark,
            on_task_spawn=on_task_spawn,
            on_before_task_poll=on_before_task_poll,
            on_after_task_poll=on_after_task_poll,
            on_task_terminate=on_task_terminate,
        )
        self._clock = Clock()
        self._driver = Driver(
            self._clock,
            make_poller(driver, max_io_events_per_tick) if enable_io else None,
            Timers(self._clock) if enable_time else None,
        )
        try:
            numbers = itertools.count()
            namer = thread_name if callable(thread_name) else lambda: f"{thread_name}-blocking-{next(numbers)}"
            rng = make_rng(rng_seed)
            buckets = configuration_of(poll_time_histogram, "poll_time_histogram")
            histogram = None if buckets is None else Histogram(buckets)
            buckets = configuration_of(schedule_latency_histogram, "schedule_latency_histogram")
            latencies = None if buckets is None else Histogram(buckets)
            all_hooks = combine(
                hooks,
                spawn=on_task_spawn,
                before_poll=on_before_task_poll,
                after_poll=on_after_task_poll,
                terminate=on_task_terminate,
                park=on_thread_park,
                unpark=on_thread_unpark,
                latency=track_task_schedule_latency,
                latencies=latencies,
            )
            self._executor: Any
            if parallel:
                from ..scheduler.multi_thread import MultiThread  # here: most programs have one thread

                workers = itertools.count()
                self._executor = MultiThread(
                    self._driver,
                    worker_count(worker_threads),
                    event_interval=event_interval,
                    global_queue_interval=global_queue_interval,
                    hooks=all_hooks,
                    lifo=not disable_lifo_slot,
                    seed=rng.randrange(1 << 32),
                    thread_name=thread_name if callable(thread_name) else lambda: f"{thread_name}-{next(workers)}",
                    on_start=on_thread_start,
                    on_stop=on_thread_stop,
                    stack_size=stack_size,
                )
            else:
                self._executor = CurrentThread(
                    self._driver,
                    event_interval=event_interval,
                    global_queue_interval=(
                        GLOBAL_QUEUE_INTERVAL if global_queue_interval is None else global_queue_interval
                    ),
                    hooks=all_hooks,
                    choose=choose,
                    shutdown_on_failure=unhandled_panic == "shutdown_runtime",
                )
            if enable_time:
                self._driver.timers.unpark = self._driver.unpark
            self._executor.histogram = histogram
            entered: list[Handle] = []  # a thread must not refer to the runtime, which it would keep alive

            def enter() -> None:
                EnterGuard(entered[0]).__enter__()

            self._pool = BlockingPool(
                max_blocking_threads,
                thread_keep_alive,
                name=namer,
                enter=enter,
                on_start=on_thread_start,
                on_stop=on_thread_stop,
                on_change=self._driver.blocking_job,
                stack_size=stack_size,
            )
            self._resolver = BlockingPool(RESOLVER_THREADS, thread_keep_alive, name=lambda: "mezame-resolver")
            self._handle = Handle(
                self._executor,
                self._driver,
                self._pool,
                self._resolver,
                name=name,
                io_enabled=enable_io,
                rng=rng,
                histogram=histogram,
                latencies=latencies,
                flavor=RuntimeFlavor(flavor),
            )
            entered.append(self._handle)
            if start_paused:
                self._clock.pause()
            self._asyncgens = AsyncGens(self._executor)
            self._closing = threading.Lock()
            if parallel:
                asyncgens = self._asyncgens  # and not self: the threads do not keep the runtime

                def begin() -> None:
                    enter()
                    asyncgens.install()

                self._executor.start(begin)
            self._watchdog = None if watchdog is None else Watchdog(self._executor, watchdog)
        except BaseException:  # an option was refused, or the system gave no thread
            if parallel and hasattr(self, "_executor"):
                self._executor.close(0.0)
            self._driver.shutdown()
            raise
        self._closed = False
        _live.add(self)

    # --- running --------------------------------------------------------------------------------------------

    def block_on(self, future: Any) -> Any:
        """Drives ``future`` and all spawned tasks until the future is complete.

        Returns its value or raises what it raises; the other tasks stay, and go on at the next
        ``block_on``. In the main thread Ctrl-C cancels the future, and ``KeyboardInterrupt`` is raised when
        it has unwound; a second Ctrl-C raises at once.

        Raises ``EnterError`` inside a task or another loop, ``RuntimeClosedError`` after ``close``, and
        ``RuntimeError`` in a forked child.
        """
        self._handle._check_fork(future)
        if self._closed:
            close_coroutine(future)
            raise RuntimeClosedError("this runtime was closed: make a new one")
        if current().scheduler is not None:
            close_coroutine(future)
            raise EnterError(
                "a runtime is already running on this thread: inside a task use await, from a sync function "
                "spawn_blocking, or start the other runtime in a thread of its own"
            )
        old_hooks = self._asyncgens.install()
        try:
            with self._handle.enter(), Interrupt(self._driver, self._executor.poke_roots) as interrupt:
                return self._executor.block_on(future, interrupt.attach)
        finally:
            self._asyncgens.restore(old_hooks)

    def fileno(self) -> int:
        """A descriptor that is readable when there is something to do, for another loop around this one: see ``turn``.

        The first call prepares for it: wakes from other threads and timers make it readable too, and it is readable at
        first, for what was queued before. Raises ``io.UnsupportedOperation`` if the driver has none
        (``enable_io=False``; some selectors), ``ValueError`` for a multi-thread runtime.

        Source of the semantics: ``async_io::os::unix::reactor_fd``.
        """
        return nested.fileno(self)

    def turn(self) -> float | None:
        """Polls what can go on, without waiting: for another loop, that waits until ``fileno()`` is readable.

        Returns the seconds after which to call it again, if the descriptor is not readable before: 0.0 if there is
        more to do right now, else until the next timer; None if there is no timer.

        At most two rounds of ``event_interval`` polls, with a look at the driver after each. Ctrl-C is the other
        loop's. Raises as ``block_on`` does.

        >>> import mezame, select
        >>> async def work():
        ...     await mezame.sleep(0.001)
        ...     return "slept"
        >>> with mezame.Runtime() as runtime:
        ...     outer = select.poll()
        ...     outer.register(runtime.fileno(), select.POLLIN)
        ...     task = runtime.spawn(work())
        ...     while (seconds := runtime.turn()) is not None or not task.is_finished():
        ...         _ = outer.poll(None if seconds is None else seconds * 1000)
        ...     task.result()
        'slept'
        """
        return nested.turn(self)

    def spawn(self, future: Any, *, name: str | None = None) -> Task:
        """Spawns a task, from any thread. It makes progress while some thread is in ``block_on``."""
        return self._handle.spawn(future, name=name)

    def spawn_blocking(self, function: Callable[..., Any], *args: Any, name: str | None = None, **kwargs: Any) -> Task:
        """Runs a blocking call on the pool; see ``mezame.spawn_blocking``."""
        return self._handle.spawn_blocking(function, *args, name=name, **kwargs)

    def handle(self) -> Handle:
        """The handle, for other threads. It does not keep the runtime open."""
        return self._handle

    def enter(self) -> EnterGuard:
        """A context manager in which this is the current runtime of the thread."""
        return self._handle.enter()

    def metrics(self) -> RuntimeMetrics:
        """A snapshot of the counters."""
        return self._handle.metrics()

    # --- closing --------------------------------------------------------------------------------------------

    def close(self, timeout: float | None = None) -> ShutdownReport:
        """Cancels every task and drives it until it has unwound, waits for blocking calls, closes the drivers.

        Args:
            timeout: seconds in all; None or infinite: no limit.

        Returns what refused to stop in time (also logged). Idempotent. Raises ``EnterError`` inside a task, and
        ``ValueError`` or ``TypeError`` for a timeout that is no number of seconds from 0 on; nothing is closed then.
        Ctrl-C ends the waiting; it, or a ``SystemExit`` of a task that unwinds, is raised when all is closed.
        """
        if current().scheduler is not None:
            raise EnterError("a runtime cannot be closed from inside a task: use shutdown_background()")
        return self._close(check_time_limit("timeout", timeout))

    def shutdown_timeout(self, duration: float) -> ShutdownReport:
        """``close`` with a limit: waits at most ``duration`` seconds, then leaves threads to themselves."""
        return self.close(check_time_limit("duration", duration))

    def shutdown_background(self) -> None:
        """Closes without waiting for anything; may be called inside a task of another runtime."""
        if self._executor.thread:
            raise EnterError("the runtime cannot be closed while a thread is in its block_on: let that return first")
        thread = threading.Thread(target=self._close, args=(0.0,), name="mezame-shutdown", daemon=True)
        thread.start()
        thread.join()

    def _close(self, timeout: float | None) -> ShutdownReport:
        with self._closing:
            if self._closed:
                return ShutdownReport()
            self._closed = True
            if os.getpid() != self._handle._pid:
                return ShutdownReport()  # a forked child: nothing here is ours
            try:
                report, fatal = close_parts(self, timeout)
            except EnterError:
                self._closed = False
                raise
            _live.discard(self)
        if report:
            log_refusals(report)
        if fatal is not None:
            raise fatal
        return report

    def __enter__(self) -> Runtime:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        try:
            self.close(self._shutdown_timeout)
        except (KeyboardInterrupt, SystemExit) as another:
            if not isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            # of two that are to leave the first does, as in ``block_on``: it must not depend on which worker is quicker
            report_exception("another failure, while one leaves the runtime", another)

    # Bound here: at the end of Python the modules may be gone. No thread can be started then, so nothing is shut down.
    def __del__(self, getpid: Any = os.getpid, warn: Any = warnings.warn, ending: Any = sys.is_finalizing) -> None:
        if not self._closed and getpid() == self._handle._pid:
            warn(f"{self!r} was not closed: use it in a with statement", ResourceWarning, 2, self)
            if not ending():
                self.shutdown_background()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<Runtime {self._handle.name or self._handle.id} {state}>"


def live_runtimes() -> list[Runtime]:
    """The runtimes of the process that are not closed."""
    while True:
        try:
            return sorted(_live, key=lambda runtime: runtime.handle().id)
        except RuntimeError:  # one was made or went while we looked
            continue


def _after_fork() -> None:
    """In a forked child the parent's runtimes are of no use: a loop that goes on there ends with an error.

    And it must not touch what is in both processes: the parent goes on with that. A new runtime works here.
    """
    for runtime in list(_live):
        runtime._executor.forsake(
            RuntimeError(
                "the process was forked inside a running runtime; the child cannot go on with it: "
                "exec, make a new runtime, or use a new process (subprocess, multiprocessing 'spawn')"
            )
        )
        runtime._driver.forsake()
        runtime._closed = True
    if _live:
        _live.clear()
        current().forsake()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
