"""Job: one call on the blocking pool, as a future: what every function of ``mezame.fs`` is.

    fresh --first poll--> submitted --thread--> done --poll--> taken
      |                       |
      close: nothing runs     close: the wait ends, the call goes on

A call only looks, or it changes something. What changes something is *mandatory*: once submitted it is run, also if
the await is cancelled or the runtime is closed meanwhile; and if it fails when nobody looks any more, the failure is
reported like that of a task. What only looks may be dropped by a closing runtime, and fails in silence then.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.future import Future
from ..core.poll import PENDING
from ..core.task import Task
from ..errors import JoinError, RuntimeClosedError


def submit(what: str, function: Callable[..., Any], args: tuple[Any, ...], mandatory: bool) -> Task:
    """Queues ``function(*args)`` on the pool of the current runtime. ``RuntimeError`` if there is none.

    ``what`` it is, in reports.
    """
    handle = current().handle
    if handle is None:
        raise RuntimeError(
            "mezame.fs needs a runtime: use it inside mezame.run(main()), or enter one first (with runtime.enter():)"
        )
    handle._check_fork()
    return handle.pool.submit(function, args, {}, f"fs.{what}", mandatory)


def runtime_closed() -> RuntimeClosedError:
    """What is raised for a call that no thread will run any more."""
    return RuntimeClosedError("the runtime was closed before this file operation had begun")


def path_of(what: str, path: Any) -> Any:
    """``path`` as ``str`` or ``bytes``. ``TypeError`` if it is no path: a descriptor, say."""
    try:
        return os.fspath(path)
    except TypeError:
        raise TypeError(f"{what} needs a path (str, bytes or os.PathLike), not {path!r}") from None


class Job(Future):
    """One blocking call: lazy, submitted at the first poll. Cancelling it stops the wait, not the call."""

    __slots__ = ("_args", "_changes", "_done", "_function", "_join", "_task")

    def __init__(self, function: Callable[..., Any], *args: Any, changes: bool = False) -> None:
        self._function = function
        self._args = args
        self._changes = changes
        self._done = False
        self._task: Task | None = None
        self._join: Any = None

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError(f"{self!r} was polled after it completed or was closed: call the function again")
        if self._join is None:
            self._task = submit(self._what(), self._function, self._args, self._changes)
            self._join = self._task.join_future()
        try:
            answer = self._join.poll(cx)
        except JoinError:
            self._finish()
            raise runtime_closed() from None
        except BaseException:
            self._finish()
            raise
        if answer is not PENDING:
            self._finish()
        return answer

    def _finish(self) -> None:
        self._done = True
        self._task = self._join = None
        self._args = ()

    def close(self) -> None:
        task, join = self._task, self._join
        self._finish()
        if join is not None:
            join.close()
            if not self._changes:
                task.add_done_callback(_look_away)  # type: ignore[union-attr]

    def _what(self) -> str:
        return self._function.__name__.lstrip("_")

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} of fs.{self._what()}>"


def _look_away(task: Task) -> None:
    """Nobody wants to know how a call that only looks has ended."""
    if not task.cancelled():
        task.exception()
