"""Tasks: spawn, handles, cooperation."""

from ..core.coop import consume_budget, has_budget_remaining, poll_proceed, unconstrained, yield_now
from ..core.state import TaskState as State
from ..core.task import AbortHandle, JoinHandle, Task
from ..errors import JoinError
from ..runtime.blocking import spawn_blocking
from ..runtime.spawn import spawn

__all__ = [
    "AbortHandle",
    "JoinError",
    "JoinHandle",
    "State",
    "Task",
    "consume_budget",
    "has_budget_remaining",
    "poll_proceed",
    "spawn",
    "spawn_blocking",
    "unconstrained",
    "yield_now",
]
