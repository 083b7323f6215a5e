"""Shutdown: how a runtime ends, in this order (``semantics.md`` 14):

1. the list of tasks closes: a late spawn is born cancelled;
2. every task is cancelled at its await and driven until it has unwound; async generators are closed;
3. the blocking pool drops what is queued and waits for what runs;
4. the driver goes: whoever still waits for I/O or a timer gets an error.

Each step is bounded by the timeout, and what refused to stop is returned and logged, never forgotten. Each step is
taken, whatever the one before it raised: a ``SystemExit`` of a task that unwinds leaves ``close`` at the end of it. So
does Ctrl-C, but it ends the waiting: after it there is no time left for any step.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.report import report_exception
from ..core.task import Task
from ..errors import EnterError
from .handle import RuntimeFlavor

if TYPE_CHECKING:
    from .runtime import Runtime


class ShutdownReport(NamedTuple):
    """What refused to stop in time when a runtime was closed. Empty, and false, if nothing did."""

    tasks: tuple[Task, ...] = ()
    """Tasks that had not unwound; they were dropped where they stood."""
    threads: tuple[str, ...] = ()
    """Names of the blocking and worker threads that still run a call."""

    def __bool__(self) -> bool:
        return bool(self.tasks or self.threads)


class _Shutdown:
    """One shutdown, in progress."""

    def __init__(self, runtime: Runtime, timeout: float | None) -> None:
        self.runtime = runtime
        self.timeout = timeout
        self.deadline = None if timeout is None else time.monotonic() + timeout
        self.tasks: list[Task] = []
        self.threads: list[str] = []
        self.fatal: BaseException | None = None

    def take(self, step: Any) -> None:
        """Takes a step; the first error is kept, later ones are reported."""
        try:
            step()
        except BaseException as error:
            if self.fatal is None:
                self.fatal = error
            else:
                report_exception("another failure, while a runtime was closed", error)
            if isinstance(error, KeyboardInterrupt):
                self.deadline = time.monotonic()

    def close_executor(self) -> None:
        runtime = self.runtime
        old_hooks = runtime._asyncgens.install()
        try:
            with runtime._handle.enter():
                self.tasks = runtime._executor.close(self.timeout, runtime._asyncgens.closing)
        finally:
            runtime._asyncgens.restore(old_hooks)

    def close_pool(self) -> None:
        left = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
        pool = self.runtime._pool
        try:
            self.threads = pool.close(left)
        except BaseException:
            self.threads = pool.close(0.0)  # who still runs
            raise

    def close_resolver(self) -> None:
        self.runtime._resolver.close(0.0)

    def stop_watchdog(self) -> None:
        if self.runtime._watchdog is not None:
            self.runtime._watchdog.stop()


def close_parts(runtime: Runtime, timeout: float | None) -> tuple[ShutdownReport, BaseException | None]:
    """Takes all the steps. What refused to stop, and the error that is to leave ``close``, or None.

    Raises ``EnterError``, and nothing is closed then, while a thread is in ``block_on``.
    """
    shutdown = _Shutdown(runtime, timeout)
    shutdown.take(shutdown.close_executor)
    if isinstance(shutdown.fatal, EnterError):
        raise EnterError(
            "the runtime cannot be closed while a thread is in its block_on: let that return first"
        ) from shutdown.fatal
    shutdown.take(shutdown.close_pool)
    shutdown.take(shutdown.close_resolver)
    shutdown.take(runtime._driver.shutdown)
    shutdown.take(runtime._handle.close_belongings)
    shutdown.take(shutdown.stop_watchdog)
    threads = shutdown.threads
    if runtime._handle.runtime_flavor() is RuntimeFlavor.MULTI_THREAD:
        threads = threads + runtime._executor.stuck_threads()
    return ShutdownReport(tuple(shutdown.tasks), tuple(threads)), shutdown.fatal


def log_refusals(report: ShutdownReport) -> None:
    """One warning that names what refused to stop."""
    import logging

    lines = [f"thread {name!r}" for name in report.threads]
    lines += [f"task {task.name!r} spawned at {task.spawned_at}" for task in report.tasks]
    if len(lines) > 20:  # the report has them all
        lines[20:] = [f"and {len(lines) - 20} more"]
    logging.getLogger("mezame").warning("the runtime was closed, but these refused to stop: %s", "; ".join(lines))
