"""Hooks: what happens, told as it happens. The seam that traces, consoles and the demo plug in to.

Two kinds of listeners: the hooks of one executor (``hooks=`` of an ``Executor`` or ``Runtime``, or its ``hooks``
attribute), and those of the whole process (``share``: ``mezame.trace`` has them), which also hear of what no executor
owns: roots, blocking jobs, tasks of a ``LocalSet``. With nobody there each place costs one branch. A hook is called in
the thread where the event is, must be quick, and must not raise: what it raises is reported and the hooks object is
removed. An interrupt (``report.py``) is not reported but raised: after what the hook was told of has happened.

Each executor has one ``HookSet``, for life; its field ``_hooks`` is this set while there is anybody in it, else None.
So any thread may change who is told while others look at the field: no object that they may have just loaded goes away.
What the set knows is a tuple that is replaced as a whole. ``CHANGING`` is held by whoever replaces it.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

from .report import pass_interrupt, report_exception

AFTER = ("on_pending", "on_again", "on_later", "on_complete")  # by what ``TaskCell._run`` answers

CHANGING = threading.RLock()  # re-entrant: a finaliser may run while it is held, and make or close an executor

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=getattr(CHANGING, "_at_fork_reinit"))  # noqa: B009 - not in the stubs


class Hooks:
    """Override what you want to hear of. ``task`` is the task, whose ``id`` and ``name`` name it."""

    def on_spawn(self, task: Any) -> None:
        """A task was made and queued (steps 1 and 2 of the cycle)."""

    def on_poll(self, task: Any) -> None:
        """The task is going to be polled (3 and 8)."""

    def on_pending(self, task: Any) -> None:
        """Its poll answered Pending (5)."""

    def on_again(self, task: Any) -> None:
        """The same, and it was woken while it was polled: it is queued again at once. Default: ``on_pending``."""
        self.on_pending(task)

    def on_later(self, task: Any) -> None:
        """The same, and it gave way: it is queued after a turn of the driver. Default: ``on_pending``."""
        self.on_pending(task)

    def on_register(self, task: Any, source: Any, interest: str) -> None:
        """The poll left the task's waker with a driver (5): ``interest`` is "read", "write" or "timer"."""

    def on_event(self, source: Any, interest: str) -> None:
        """The driver saw the event (6); the wakes that follow are its."""

    def on_wake(self, task: Any) -> None:
        """The task was queued by a wake (6 and 7)."""

    def on_complete(self, task: Any) -> None:
        """Its poll was Ready, or raised, or the task was aborted (9)."""

    def on_park(self) -> None:
        """Nothing to poll: the thread is going to sleep in the driver."""

    def on_unpark(self) -> None:
        """The thread is awake again."""


class Shared:
    """The hooks of the whole process: read without a lock, written by ``share``."""

    __slots__ = ("hooks",)

    def __init__(self) -> None:
        self.hooks = None


SHARED = Shared()
_kept: list[Any] = []  # all that were ever shared (it is one): another thread may be about to call them


class HookSet:
    """Who is told of the events of one executor. See the module."""

    __slots__ = ("own", "told")

    def __init__(self) -> None:
        self.own: Hooks | None = None
        self.told: tuple[Hooks, ...] = ()

    def refresh(self) -> None:
        """``own`` or the hooks of the process were replaced. The caller holds ``CHANGING``."""
        self.told = tuple(hooks for hooks in (self.own, SHARED.hooks) if hooks is not None)

    def clear(self) -> None:
        """Nobody is told any more."""
        with CHANGING:
            self.own = None
            self.told = ()

    def tell(self, name: str, subject: Any) -> bool:
        """Calls the hooks of that name; ``subject`` is their argument, if it is not None. False: nobody is left."""
        told = self.told
        interrupt: BaseException | None = None
        # At the end of a poll the process comes first: what it measures is the poll, and not the other's hook.
        for hooks in reversed(told) if name in AFTER else told:
            try:
                if subject is None:
                    getattr(hooks, name)()
                else:
                    getattr(hooks, name)(subject)
            except Exception as error:
                with CHANGING:
                    if self.own is hooks:
                        self.own = None
                    self.told = tuple(other for other in self.told if other is not hooks)
                report_exception(f"hook {name} of {hooks!r} raised; the hooks were removed", error)
            except BaseException as error:
                interrupt = error
        if interrupt is not None:
            pass_interrupt(interrupt)
        return bool(self.told)


def record_poll(histogram: Any, elapsed_ns: int) -> bool:
    """``histogram.record(elapsed_ns)``. False: it raised, which is reported; it is to be removed."""
    try:
        histogram.record(elapsed_ns)
    except Exception as error:
        report_exception(f"{histogram!r} raised; polls are not recorded any more", error)
        return False
    except BaseException as error:
        pass_interrupt(error)
    return True


def tell_shared(name: str, subject: Any) -> None:
    """Calls a hook of the whole process, if there are any, for what no executor owns."""
    hooks = SHARED.hooks
    if hooks is not None:
        try:
            getattr(hooks, name)(subject)
        except Exception as error:
            report_exception(f"hook {name} of {hooks!r} raised", error)
        except BaseException as error:
            pass_interrupt(error)


def check_hooks(hooks: Any) -> None:
    """Raises ``TypeError`` for what is neither a ``Hooks`` nor None: its first event would find no method."""
    if hooks is not None and not isinstance(hooks, Hooks):
        raise TypeError(f"hooks must be a mezame.Hooks or None, not {hooks!r}")


_executors: list[weakref.ref[Any]] = []
_prune_at = 16


def enrol(executor: Any, hooks: Hooks | None) -> None:
    """A new executor: from now on its ``rehook()`` is called when the hooks of the process change."""
    global _prune_at
    with CHANGING:
        if len(_executors) >= _prune_at:
            _executors[:] = [reference for reference in _executors if reference() is not None]
            _prune_at = 2 * len(_executors) + 16
        _executors.append(weakref.ref(executor))
        executor.hooks = hooks


def replace(executor: Any, hook_set: HookSet, hooks: Hooks | None) -> None:
    """Makes ``hooks`` the own ones of an executor, whose set is ``hook_set``."""
    check_hooks(hooks)
    with CHANGING:
        hook_set.own = hooks
        executor.rehook()


def share(hooks: Hooks | None) -> None:
    """Makes ``hooks`` those of the whole process (None: there are none), for each executor that is or will be."""
    with CHANGING:
        if hooks is not None and hooks not in _kept:
            _kept.append(hooks)
        SHARED.hooks = hooks
        for reference in list(_executors):
            executor = reference()
            if executor is not None:
                executor.rehook()
