"""Combinators: several futures as one. ``select``, ``race``, ``join``, ``try_join``, ``join_all``, ``TaskGroup``."""

from ..core.future import into_future, pending, poll_fn, ready
from .join import join, join_all, try_join
from .select import Branch, branch, pin, race, select
from .task_group import TaskGroup
from .unwind import unwind

__all__ = [
    "Branch",
    "TaskGroup",
    "branch",
    "into_future",
    "join",
    "join_all",
    "pending",
    "pin",
    "poll_fn",
    "race",
    "ready",
    "select",
    "try_join",
    "unwind",
]
