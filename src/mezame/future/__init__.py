"""Combinators: several futures as one, and futures around others.

The macros of tokio are also at the top: ``mezame.select``, ``race``, ``join``, ``try_join``, ``TaskGroup``. Here are
they and those of the ``futures`` crate. Mind the two selects: ``mezame.select`` ends the losers before it returns;
``mezame.future.select`` (two futures), ``select_all`` and ``select_ok`` give them back alive.
"""

from ..core.future import into_future, pending, poll_fn, ready
from .abortable import Abortable, Aborted, AbortHandle, abortable
from .catch import catch
from .end import END
from .first import or_, select, select_all, select_ok, try_race
from .fuse import Fuse
from .futures_ordered import FuturesOrdered
from .futures_unordered import FuturesUnordered
from .join import join, join_all, try_join, try_join_all
from .maybe_done import MaybeDone
from .once import now_or_never, pending_once, poll, poll_immediate, poll_once
from .remote_handle import Remote, RemoteDroppedError, RemoteHandle, remote_handle
from .select import Branch, branch, pin, race
from .shared import Shared, WeakShared
from .task_group import TaskGroup
from .unwind import unwind
from .values import failed, lazy

__all__ = [
    "END",
    "AbortHandle",
    "Abortable",
    "Aborted",
    "Branch",
    "Fuse",
    "FuturesOrdered",
    "FuturesUnordered",
    "MaybeDone",
    "Remote",
    "RemoteDroppedError",
    "RemoteHandle",
    "Shared",
    "TaskGroup",
    "WeakShared",
    "abortable",
    "branch",
    "catch",
    "failed",
    "into_future",
    "join",
    "join_all",
    "lazy",
    "now_or_never",
    "or_",
    "pending",
    "pending_once",
    "pin",
    "poll",
    "poll_fn",
    "poll_immediate",
    "poll_once",
    "race",
    "ready",
    "remote_handle",
    "select",
    "select_all",
    "select_ok",
    "try_join",
    "try_join_all",
    "try_race",
    "unwind",
]
