"""Builder: the options of a runtime as a chain of calls, as in Rust."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.hooks import Hooks
from .callbacks import TaskMeta
from .histogram_configuration import HistogramConfiguration
from .local_runtime import LocalRuntime
from .runtime import Runtime


class Builder:
    """Builds runtimes; each setter returns the builder, and ``build`` may be called again.

    The names are those of ``Runtime(**options)``. Drivers are on unless switched off.

    >>> import mezame
    >>> runtime = mezame.runtime.Builder.new_current_thread().enable_all().event_interval(31).build()
    >>> runtime.close()
    ShutdownReport(tasks=(), threads=())

    Source of the semantics: ``tokio::runtime::Builder``.
    """

    def __init__(self, flavor: str) -> None:
        self._options: dict[str, Any] = {"flavor": flavor}

    @staticmethod
    def new_current_thread() -> Builder:
        """For a runtime whose tasks run on the thread inside ``block_on``."""
        return Builder("current_thread")

    @staticmethod
    def new_multi_thread() -> Builder:
        """For a runtime whose tasks run on worker threads that steal from each other."""
        return Builder("multi_thread")

    def worker_threads(self, count: int) -> Builder:
        """How many workers; at least 1."""
        return self._set(worker_threads=count)

    def disable_lifo_slot(self) -> Builder:
        """A task that another one wakes goes to the back of the queue."""
        return self._set(disable_lifo_slot=True)

    def _set(self, **options: Any) -> Builder:
        self._options.update(options)
        return self

    def enable_all(self) -> Builder:
        """I/O and timers (the default)."""
        return self._set(enable_io=True, enable_time=True)

    def enable_io(self, on: bool = True) -> Builder:
        """The I/O driver; ``enable_io(False)`` switches it off."""
        return self._set(enable_io=on)

    def enable_time(self, on: bool = True) -> Builder:
        """The timers; ``enable_time(False)`` switches them off."""
        return self._set(enable_time=on)

    def driver(self, name: str) -> Builder:
        """"epoll" or "selectors"."""
        return self._set(driver=name)

    def name(self, name: str) -> Builder:
        """The runtime's name, shown in reports."""
        return self._set(name=name)

    def thread_name(self, name: str) -> Builder:
        """Prefix of the names of the worker and blocking threads."""
        return self._set(thread_name=name)

    def thread_name_fn(self, function: Callable[[], str]) -> Builder:
        """Function that returns the next thread's name."""
        return self._set(thread_name=function)

    def thread_stack_size(self, size: int) -> Builder:
        """Bytes of stack of the worker and blocking threads."""
        return self._set(thread_stack_size=size)

    def max_blocking_threads(self, limit: int) -> Builder:
        """Most threads of the blocking pool; at least 1."""
        return self._set(max_blocking_threads=limit)

    def thread_keep_alive(self, seconds: float) -> Builder:
        """Seconds after which an idle blocking thread ends."""
        return self._set(thread_keep_alive=seconds)

    def event_interval(self, polls: int) -> Builder:
        """Polls between two looks at the drivers; at least 1."""
        return self._set(event_interval=polls)

    def max_io_events_per_tick(self, limit: int) -> Builder:
        """Most events that one look at the I/O driver takes; at least 1. What is left is there at the next one."""
        return self._set(max_io_events_per_tick=limit)

    def global_queue_interval(self, polls: int) -> Builder:
        """Polls between two looks at what other threads queued; at least 1."""
        return self._set(global_queue_interval=polls)

    def unhandled_panic(self, policy: str) -> Builder:
        """"ignore" or "shutdown_runtime"."""
        return self._set(unhandled_panic=policy)

    def rng_seed(self, seed: int) -> Builder:
        """Seed of the runtime's random choices."""
        return self._set(rng_seed=seed)

    def start_paused(self, paused: bool) -> Builder:
        """Start with a paused clock."""
        return self._set(start_paused=paused)

    def hooks(self, hooks: Hooks) -> Builder:
        """Who is told what happens."""
        return self._set(hooks=hooks)

    def watchdog(self, seconds: float) -> Builder:
        """Report the stack of polls that take longer."""
        return self._set(watchdog=seconds)

    def enable_metrics_poll_time_histogram(self) -> Builder:
        """Measure each poll."""
        if not self._options.get("poll_time_histogram"):
            self._set(poll_time_histogram=True)
        return self

    def metrics_poll_time_histogram_configuration(self, configuration: HistogramConfiguration) -> Builder:
        """Measure each poll, and sort the times into these buckets."""
        return self._set(poll_time_histogram=configuration)

    def enable_metrics_schedule_latency_histogram(self) -> Builder:
        """Measure the time from each wake to the poll, for ``RuntimeMetrics.schedule_latency_histogram``."""
        if not self._options.get("schedule_latency_histogram"):
            self._set(schedule_latency_histogram=True)
        return self

    def metrics_schedule_latency_histogram_configuration(self, configuration: HistogramConfiguration) -> Builder:
        """Measure the time from each wake to the poll, and sort the times into these buckets."""
        return self._set(schedule_latency_histogram=configuration)

    def on_thread_start(self, hook: Callable[[], Any]) -> Builder:
        """Called in each new worker or blocking thread."""
        return self._set(on_thread_start=hook)

    def on_thread_stop(self, hook: Callable[[], Any]) -> Builder:
        """Called in each worker or blocking thread that ends."""
        return self._set(on_thread_stop=hook)

    def on_thread_park(self, hook: Callable[[], Any]) -> Builder:
        """Called before the driving thread sleeps."""
        return self._set(on_thread_park=hook)

    def on_thread_unpark(self, hook: Callable[[], Any]) -> Builder:
        """Called after it slept."""
        return self._set(on_thread_unpark=hook)

    def on_task_spawn(self, callback: Callable[[TaskMeta], Any]) -> Builder:
        """Called with the ``TaskMeta`` of each task that is spawned."""
        return self._set(on_task_spawn=callback)

    def on_before_task_poll(self, callback: Callable[[TaskMeta], Any]) -> Builder:
        """Called before each poll of a task."""
        return self._set(on_before_task_poll=callback)

    def on_after_task_poll(self, callback: Callable[[TaskMeta], Any]) -> Builder:
        """Called after each poll of a task."""
        return self._set(on_after_task_poll=callback)

    def on_task_terminate(self, callback: Callable[[TaskMeta], Any]) -> Builder:
        """Called when a task has completed, failed or been aborted."""
        return self._set(on_task_terminate=callback)

    def track_task_schedule_latency(self) -> Builder:
        """Measure the time from each wake to the poll, for ``TaskMeta.schedule_latency``."""
        return self._set(track_task_schedule_latency=True)

    def build(self) -> Runtime:
        """The runtime. Raises ``ValueError`` or ``TypeError`` for a bad option."""
        return Runtime(**self._options)

    def build_local(self) -> LocalRuntime:
        """The runtime, bound to this thread. Raises as ``build``, and for several workers."""
        return LocalRuntime(**self._options)

    def __repr__(self) -> str:
        return f"Builder({self._options!r})"
