"""core: the model: what is polled, what wakes, what a task is, and the loop, with no I/O and no time.

``mezame`` has the same names. Each is looked up when it is asked for: the modules of this package import each other,
and nothing is imported in their place.

>>> from mezame.core import Executor, Future, Poll, ready
>>> Executor().run_until(ready(42))
42
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .abort_handle import AbortHandle
    from .block_on import block_on
    from .context import Context
    from .coop import yield_now
    from .executor import Executor
    from .future import Future, into_future, pending, poll_fn, ready
    from .hooks import Hooks
    from .poll import Poll
    from .task import JoinHandle, Task
    from .waker import Waker

_HOMES = {
    "AbortHandle": "abort_handle",
    "Context": "context",
    "Executor": "executor",
    "Future": "future",
    "Hooks": "hooks",
    "JoinHandle": "task",
    "Poll": "poll",
    "Task": "task",
    "Waker": "waker",
    "block_on": "block_on",
    "into_future": "future",
    "pending": "future",
    "poll_fn": "future",
    "ready": "future",
    "yield_now": "coop",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


def prefer_functions() -> None:
    """``block_on`` and ``ready`` are modules as well, which took these names when they were imported: gives them back.

    Called when ``mezame`` has imported them; a module that is there already takes no name again.
    """
    for name in ("block_on", "ready"):
        globals()[name] = getattr(sys.modules[f"{__name__}.{_HOMES[name]}"], name)


__all__ = [
    "AbortHandle",
    "Context",
    "Executor",
    "Future",
    "Hooks",
    "JoinHandle",
    "Poll",
    "Task",
    "Waker",
    "block_on",
    "into_future",
    "pending",
    "poll_fn",
    "ready",
    "yield_now",
]
