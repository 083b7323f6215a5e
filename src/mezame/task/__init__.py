"""Tasks: spawn, handles, collections, cooperation, and the parts to build an executor of your own.

Tasks that belong together go into a ``JoinSet`` (``JoinQueue``, ``JoinMap``), or a ``TaskGroup``; tasks that a
server starts and forgets into a ``TaskTracker``. ``spawn`` alone is for tasks that outlive their parent.
"""

from ..core.abort_handle import AbortHandle
from ..core.atomic_waker import AtomicWaker
from ..core.coop import consume_budget, has_budget_remaining, poll_proceed, refund, unconstrained, yield_now
from ..core.runnable import Runnable, raw_spawn
from ..core.state import TaskState as State
from ..core.task import JoinHandle, Task
from ..errors import JoinError
from ..future.task_group import TaskGroup
from ..runtime.blocking import spawn_blocking
from ..runtime.spawn import spawn
from . import coop
from .abort_on_drop import AbortOnDropHandle
from .block_in_place import block_in_place
from .cooperative import cooperative
from .join_map import JoinMap
from .join_queue import JoinQueue
from .join_set import JoinSet
from .local_key import AccessError, LocalKey
from .local_pool import LocalPoolHandle
from .local_set import LocalEnterGuard, LocalSet, spawn_local
from .running import Id, current, id, try_current, try_id
from .spawner import Spawn
from .task_tracker import TaskTracker, TaskTrackerToken

__all__ = [
    "AbortHandle",
    "AbortOnDropHandle",
    "AccessError",
    "AtomicWaker",
    "Id",
    "JoinError",
    "JoinHandle",
    "JoinMap",
    "JoinQueue",
    "JoinSet",
    "LocalEnterGuard",
    "LocalKey",
    "LocalPoolHandle",
    "LocalSet",
    "Runnable",
    "Spawn",
    "State",
    "Task",
    "TaskGroup",
    "TaskTracker",
    "TaskTrackerToken",
    "block_in_place",
    "consume_budget",
    "coop",
    "cooperative",
    "current",
    "has_budget_remaining",
    "id",
    "poll_proceed",
    "raw_spawn",
    "refund",
    "spawn",
    "spawn_blocking",
    "spawn_local",
    "try_current",
    "try_id",
    "unconstrained",
    "yield_now",
]
