"""Testing: async tests on a runtime of their own, futures polled by hand, scripted streams, all orders of tasks.

With pytest: ``@pytest.mark.mezame`` on ``async def`` tests; see ``plugin.py``. Without: ``@mezame.testing.test``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import io, stream_mock, task
    from .assertions import (
        assert_elapsed,
        assert_pending,
        assert_raises_ready,
        assert_ready,
        assert_ready_eq,
        assert_stream_done,
        assert_stream_next,
        assert_stream_pending,
    )
    from .case import block_on, seed, start_paused, test
    from .explorer import Deadlock, ScheduleFailed, TooManyPolls, explore, replay
    from .leaks import LeakedTasks, LeakedTaskWarning
    from .pending import interleave_pending, pending_once
    from .spawner import RecordSpawner
    from .stacks import task_stacks
    from .time_limit import TimeLimitExceeded
    from .wakers import AwokenCount, count_waker, noop_context, panic_context

# Imported when first asked for: pytest loads the plugin, and so this, in each of its runs.
_HOMES = {
    "assert_elapsed": "assertions",
    "assert_pending": "assertions",
    "assert_raises_ready": "assertions",
    "assert_ready": "assertions",
    "assert_ready_eq": "assertions",
    "assert_stream_done": "assertions",
    "assert_stream_next": "assertions",
    "assert_stream_pending": "assertions",
    "block_on": "case",
    "seed": "case",
    "start_paused": "case",
    "test": "case",
    "Deadlock": "explorer",
    "ScheduleFailed": "explorer",
    "TooManyPolls": "explorer",
    "explore": "explorer",
    "replay": "explorer",
    "LeakedTaskWarning": "leaks",
    "LeakedTasks": "leaks",
    "interleave_pending": "pending",
    "pending_once": "pending",
    "RecordSpawner": "spawner",
    "task_stacks": "stacks",
    "TimeLimitExceeded": "time_limit",
    "AwokenCount": "wakers",
    "count_waker": "wakers",
    "noop_context": "wakers",
    "panic_context": "wakers",
}
_MODULES = ("io", "stream_mock", "task")


def __getattr__(name: str) -> Any:
    import importlib

    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})


__all__ = [
    "AwokenCount",
    "Deadlock",
    "LeakedTaskWarning",
    "LeakedTasks",
    "RecordSpawner",
    "ScheduleFailed",
    "TimeLimitExceeded",
    "TooManyPolls",
    "assert_elapsed",
    "assert_pending",
    "assert_raises_ready",
    "assert_ready",
    "assert_ready_eq",
    "assert_stream_done",
    "assert_stream_next",
    "assert_stream_pending",
    "block_on",
    "count_waker",
    "explore",
    "interleave_pending",
    "io",
    "noop_context",
    "panic_context",
    "pending_once",
    "replay",
    "seed",
    "start_paused",
    "stream_mock",
    "task",
    "task_stacks",
    "test",
]
