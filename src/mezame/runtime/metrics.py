"""Metrics: what a runtime counts anyway, as a snapshot.

The counters are fields that the loop's own thread increments, so they cost nothing measurable. A snapshot is
taken without stopping anything: its numbers may be a few events apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class WorkerMetrics:
    """A snapshot of one worker's counters. Times in seconds."""

    thread_id: int
    """The ident of the thread that polls with it, 0 if none does."""
    poll_count: int
    """Polls of tasks."""
    park_count: int
    """How often it went to sleep."""
    noop_count: int
    """How often it woke up and found nothing to do."""
    steal_count: int
    """Tasks that it took from other workers."""
    steal_operations: int
    """How often it did so."""
    local_schedule_count: int
    """Tasks that were queued with it by its own thread."""
    overflow_count: int
    """How often its queue was full, and half of it went to the injection queue."""
    local_queue_depth: int
    """Tasks that wait for a poll in its queue."""
    mean_poll_time: float
    """What a poll took, on average, of late (multi-thread only, and only if the interval is self-tuned)."""
    total_busy_duration: float
    """Seconds in which it did not sleep."""


@dataclass(frozen=True)
class RuntimeMetrics:
    """A snapshot of a runtime's counters. Times in seconds."""

    num_workers: int
    """Threads that poll tasks: 1, or ``worker_threads``."""
    num_alive_tasks: int
    """Spawned and not finished."""
    spawned_tasks_count: int
    """Spawned since the start."""
    global_queue_depth: int
    """Tasks that wait for a poll: all of them, or with several workers those in the injection queue."""
    polls_count: int
    """Polls of tasks and roots."""
    wakes_count: int
    """Wakes that queued a task, from the loop's own thread and from others."""
    remote_schedule_count: int
    """Those from other threads."""
    worker_park_count: int
    """How often the thread went to sleep."""
    worker_park_unpark_count: int
    """Twice that; odd while it sleeps."""
    driver_turns_count: int
    """How often the driver was looked at, sleeping or not."""
    worker_total_busy_duration: float
    """Seconds in which the thread did not sleep."""
    budget_forced_yield_count: int
    """How often a task had used up its budget and had to give way."""
    io_driver_fd_registered_count: int
    """Descriptors that were registered with the I/O driver since the start."""
    io_driver_fd_deregistered_count: int
    """Those that were taken out again."""
    io_driver_ready_count: int
    """Events that the I/O driver handed on."""
    worker_thread_id: int
    """The ident of the thread that drives, 0 if none does."""
    num_blocking_threads: int
    """Threads of the blocking pool."""
    num_idle_blocking_threads: int
    """Those without a job."""
    blocking_queue_depth: int
    """Blocking jobs that wait for a thread."""
    workers: tuple[WorkerMetrics, ...]
    """One for each worker."""
    poll_time_histogram: tuple[tuple[float, int], ...] = field(default=())
    """(upper bound in seconds, polls) per bucket, if the runtime was made with ``poll_time_histogram``."""
    schedule_latency_histogram: tuple[tuple[float, int], ...] = field(default=())
    """(upper bound in seconds, polls of tasks) per bucket, by the time from the wake or the spawn to the poll; if the
    runtime was made with ``schedule_latency_histogram``."""
