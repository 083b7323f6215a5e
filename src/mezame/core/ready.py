"""ReadyTasks: the tasks of one executor that can go on, and the half of the executor that wakers reach.

    wake on the driving thread -----> local queue ------\\
    wake on another thread ---------> remote queue ------+--> next task to poll
    yielded, or out of budget ------> deferred queue ---/     (joins the local one after a turn of the driver)

A task refers to this object and not to the executor, which holds its tasks: so an executor that is dropped
goes at once, with all that it holds, and a waker that outlives it finds a closed door here.

Threads: the local and the deferred queue, the tick and ``_wakes`` belong to the thread that drives (the one
whose slot has this object as its ``scheduler``). The remote queue, ``_remote_wakes``, ``_closed``,
``_drive_waker`` and the root's flags are guarded. The root (what ``block_on`` drives) is in no queue: its wakes
are two flags.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .current import Scheduler, current
from .hooks import CHANGING, HookSet
from .park import Park
from .queue import RunQueue
from .task import Task
from .waker import Wakeable, Waker, wake_all

try:
    import cython
except ImportError:
    from . import cython_shim as cython


class ReadyTasks(Scheduler):
    """Where a woken task goes, and where the loop takes the next one from."""

    __slots__ = (
        "_choose",
        "_closed",
        "_deferred",
        "_deferred_wakers",
        "_drive_waker",
        "_global_interval",
        "_hook_set",
        "_hooks",
        "_local",
        "_park",
        "_remote",
        "_remote_root_woken",
        "_remote_wakes",
        "_root",
        "_root_woken",
        "_tick",
        "_wakes",
    )

    def __init__(self, park: Park, global_interval: int, choose: Callable[[int], int] | None) -> None:
        self._park = park
        self._global_interval = global_interval
        self._hook_set = HookSet()
        self._hooks = None  # or the set, if there is anybody in it
        self._choose = choose
        self._tick = 0
        self._local = RunQueue()
        self._remote = RunQueue()
        self._deferred = RunQueue()
        self._deferred_wakers = []
        self._root = None
        self._root_woken = False
        self._remote_root_woken = False
        self._drive_waker = None
        self._closed = False
        self._wakes = 0
        self._remote_wakes = 0
        self._forced = 0

    # --- in: any thread ----------------------------------------------------------------------------------

    @cython.nonecheck(False)
    def _schedule(self, item: Wakeable) -> None:
        if self._hooks is not None:
            try:
                self._hook("on_wake", item)
            finally:
                self._enqueue(item)
        else:
            self._enqueue(item)

    @cython.nonecheck(False)
    def _enqueue(self, item: Wakeable) -> None:
        task = cython.cast(Task, item)
        if current().scheduler is not self:
            self._enqueue_remote(task)
        else:
            self._wakes = self._wakes + 1
            if not task._root:
                self._local._push(task)
            elif task is self._root:
                self._root_woken = True

    def _enqueue_remote(self, task: Task) -> None:
        waker = None
        self._lock()
        if not self._closed:  # closed: the tasks are being dropped, and no link to one may stay
            self._remote_wakes = self._remote_wakes + 1
            if not task._root:
                self._remote._push(task)
            elif task is self._root:
                self._remote_root_woken = True
            waker = self._drive_waker
        self._unlock()
        if waker is not None:
            waker.wake()
        self._park.unpark()

    def _swap_drive_waker(self, waker: Any) -> Any:
        """Whom a wake from another thread wakes; what was there before, to be dropped by the caller."""
        self._lock()
        old = self._drive_waker
        self._drive_waker = waker
        self._unlock()
        return old

    def _enqueue_new(self, tasks: list[Task]) -> None:
        """``_enqueue`` of tasks that nobody knows yet: with one lock, and one wake of the thread that drives."""
        if not tasks:
            return
        waker = None
        here = current().scheduler is self
        if not here:
            self._lock()
        if not self._closed:
            if here:
                self._wakes += len(tasks)
            else:
                self._remote_wakes += len(tasks)
            for item in tasks:
                if here:
                    self._local._push(item)
                else:
                    self._remote._push(item)
        if not here:
            waker = self._drive_waker
            self._unlock()
            if waker is not None:
                waker.wake()
            self._park.unpark()

    def _defer(self, waker: Waker) -> None:
        self._deferred_wakers.append(waker)

    # --- out: the driving thread ------------------------------------------------------------------------

    @cython.nonecheck(False)
    def _next_task(self) -> Task | None:
        """The next task to poll: local first, remote every 31st tick and when local is empty."""
        self._tick = self._tick + 1
        if self._tick >= self._global_interval:
            self._tick = 0
            task = self._take_remote()
            if task is not None:
                return task
        if self._choose is not None and self._local._length > 1:
            self._rotate()
        if self._local._length > 0:
            return cython.cast(Task, self._local._pop_link())
        return self._take_remote()

    @cython.nonecheck(False)
    def _take_remote(self) -> Task | None:
        """The oldest of what other threads queued."""
        self._lock()
        item = self._remote._pop()
        self._unlock()
        return item  # type: ignore[return-value]

    def _rotate(self) -> None:
        """Lets ``choose`` decide: brings the chosen task to the front of the local queue."""
        length = self._local._length
        answer = self._choose(length)
        if not hasattr(answer, "__index__"):
            raise TypeError(f"choose({length}) must return an int from 0 to {length - 1}, not {answer!r}")
        if not 0 <= answer < length:
            raise ValueError(f"choose({length}) must return an int from 0 to {length - 1}, not {answer!r}")
        for _ in range(answer):
            item = self._local._pop()
            if item is not None:
                self._local._push(item)

    @cython.nonecheck(False)
    def _take_root_wake(self) -> bool:
        """True if the root was woken since its last poll."""
        self._lock()
        woken = self._root_woken or self._remote_root_woken
        self._root_woken = False
        self._remote_root_woken = False
        self._unlock()
        return woken

    @cython.nonecheck(False)
    def _wake_deferred(self) -> None:
        """After a turn of the driver: whoever gave way is ready again, in order."""
        if self._deferred._length > 0:
            self._local._append_all(self._deferred)
        if self._deferred_wakers:
            wakers = self._deferred_wakers
            self._deferred_wakers = []
            wake_all(wakers)

    @cython.nonecheck(False)
    def _nothing_deferred(self) -> bool:
        return self._deferred._length == 0 and not self._deferred_wakers

    def _has_work(self) -> bool:
        self._lock()
        remote = self._remote._length
        root_woken = self._root_woken or self._remote_root_woken
        self._unlock()
        return root_woken or remote > 0 or self._local._length > 0 or not self._nothing_deferred()

    def _hand_over(self) -> None:
        """The driving thread leaves: the next one finds what is woken but not polled in the remote queue."""
        self._lock()
        self._remote._append_all(self._local)
        self._unlock()

    # --- the root, the end -------------------------------------------------------------------------------

    def _set_root(self, root: Task) -> None:
        self._lock()
        self._root = root
        self._root_woken = True
        self._unlock()

    def _get_root(self) -> Task | None:
        self._lock()
        root = self._root
        self._unlock()
        return root  # type: ignore[no-any-return]

    def _clear_root(self) -> None:
        self._lock()
        self._root = None  # not the last reference: the caller has the root
        self._root_woken = False
        self._remote_root_woken = False
        self._unlock()

    def _close(self) -> None:
        """Forgets all, and takes nothing more from other threads. Hooks go too: they may refer to finished tasks."""
        self._lock()
        self._closed = True
        self._remote._clear()
        self._unlock()
        self._local._clear()
        self._deferred._clear()
        self._deferred_wakers.clear()
        self._hook_set.clear()
        self._hooks = None

    def _length(self) -> int:
        """How many tasks wait for a poll."""
        return self._local._length + self._remote._length + self._deferred._length  # type: ignore[no-any-return]

    def _hook(self, name: str, subject: Any) -> None:
        hooks = self._hooks
        if hooks is not None and not hooks.tell(name, subject):
            self._switch_hooks()

    def _switch_hooks(self) -> None:
        """After a change of the set: asks for the hooks, or not. The set itself is never replaced (``hooks.py``)."""
        with CHANGING:
            self._hooks = self._hook_set if self._hook_set.told else None


class RootAgain(Waker):
    """The deferred wake of a root: it is in no queue, so the loop keeps this in its place."""

    __slots__ = ("_ready",)

    def __init__(self, ready: ReadyTasks) -> None:
        self._ready = ready

    def wake(self) -> None:
        self._ready._root_woken = True
