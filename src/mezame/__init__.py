"""mezame (目覚め, "waking up"): a tokio-class async runtime for Python.

Rust's model of async as a library: futures that are *polled*, *wakers* that say when to poll again, *tasks*, an
*executor*, and a *runtime* with an I/O driver and timers. ``async def`` is the way to write a future; ``poll`` is
the way to write a leaf.

Reading order: ``core/poll.py``, ``core/waker.py``, ``core/future.py``, ``core/state.py``, ``core/task.py``,
``core/loop.py`` (the loop), ``driver/driver.py``, ``runtime/runtime.py``.

>>> import mezame
>>> async def main():
...     handle = mezame.spawn(answer())
...     await mezame.sleep(0.001)
...     return await handle
>>> async def answer():
...     return 42
>>> mezame.run(main())
42
"""

from typing import TYPE_CHECKING, Any

from . import core, future, runtime, time
from .core.abort_handle import AbortHandle
from .core.block_on import block_on
from .core.context import Context
from .core.coop import yield_now
from .core.executor import Executor
from .core.future import Future, into_future, pending, poll_fn, ready
from .core.hooks import Hooks
from .core.poll import Poll
from .core.task import JoinHandle, Task
from .core.waker import Waker
from .errors import CancelledError, EnterError, JoinError, RuntimeClosedError, SelectError, ShutdownError
from .future.join import join, join_all, try_join
from .future.select import branch, pin, race, select
from .future.task_group import TaskGroup
from .runtime.blocking import spawn_blocking
from .runtime.entry import main, run
from .runtime.handle import Handle
from .runtime.runtime import Runtime
from .runtime.spawn import spawn
from .time.sleep import sleep, sleep_until
from .time.timeout import timeout, timeout_at

if TYPE_CHECKING:
    from . import codec, fs, io, net, process, signal, stream, sync, task, trace

__version__ = "0.1.0"

core.prefer_functions()

# Imported when they are first asked for: a program pays for what it uses.
_LATER = ("codec", "fs", "io", "net", "process", "signal", "stream", "sync", "task", "trace")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


__all__ = [
    "AbortHandle",
    "CancelledError",
    "Context",
    "EnterError",
    "Executor",
    "Future",
    "Handle",
    "Hooks",
    "JoinError",
    "JoinHandle",
    "Poll",
    "Runtime",
    "RuntimeClosedError",
    "SelectError",
    "ShutdownError",
    "Task",
    "TaskGroup",
    "Waker",
    "block_on",
    "branch",
    "codec",
    "core",
    "fs",
    "future",
    "into_future",
    "io",
    "join",
    "join_all",
    "main",
    "net",
    "pending",
    "pin",
    "poll_fn",
    "process",
    "race",
    "ready",
    "run",
    "runtime",
    "select",
    "signal",
    "sleep",
    "sleep_until",
    "spawn",
    "spawn_blocking",
    "stream",
    "sync",
    "task",
    "time",
    "timeout",
    "timeout_at",
    "trace",
    "try_join",
    "yield_now",
]
