"""Tracer: the hooks of the whole process (``core/hooks.py``), told on to those who subscribed here.

It is installed while anybody listens, and only then: without it nothing is called and no clock is read.

A poll in progress is an entry of ``polls``, by task and thread: with several workers the next poll of a task may begin
on another thread before the end of the last one has been told. The clock is read after the callbacks at the begin, and
before those at the end: what they take is not counted.

>>> import mezame
>>> from mezame import trace
>>> async def work(): return 1
>>> async def main(): return await mezame.spawn(work(), name="worker")
>>> seen = []
>>> with trace.on_poll_end(lambda task, seconds, outcome: seen.append((task.name, outcome))):
...     _ = mezame.run(main())
>>> seen
[('root', 'pending'), ('worker', 'ready'), ('root', 'ready')]
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from time import perf_counter
from typing import Any

from ..core.cell import ending_of
from ..core.current import current
from ..core.hooks import Hooks, share
from .subscription import Subscribers, Subscription


class PollInProgress:
    """A poll that has begun, or has just ended."""

    __slots__ = ("_unreported", "began", "first", "outer", "task", "thread")

    def __init__(self, task: Any, thread: int, first: bool, outer: PollInProgress | None) -> None:
        self.outer = outer  # the poll that this one is part of: of the task that drives a LocalSet, say
        self.task = task
        self.thread = thread
        self.first = first  # of a task whose spawn was told
        self._unreported = [True]
        self.began = perf_counter()

    def take_report(self) -> bool:
        """True once: for whoever reports this poll."""
        try:
            return self._unreported.pop()
        except IndexError:
            return False


class Tracer(Hooks):
    """See the module. One per process."""

    def __init__(self) -> None:
        self.polls: dict[tuple[int, int], PollInProgress] = {}
        self.innermost: dict[int, PollInProgress] = {}  # by thread
        self.fresh: set[int] = set()  # ids of tasks that were spawned and not polled yet

    def start(self) -> None:
        """Nothing is known of what happened while nobody listened."""
        self.polls = {}
        self.innermost = {}
        self.fresh = set()

    def on_spawn(self, task: Any) -> None:
        """A task, a root, a blocking call."""
        self.fresh.add(task.id)
        if SPAWNS.all:
            SPAWNS.tell(task)

    def on_wake(self, task: Any) -> None:
        """It was queued by a wake, on this thread."""
        if WAKES.all:
            # A task that completes wakes who awaits it at the end of its poll, when the slot names it no more.
            poll = self.innermost.get(get_ident())
            WAKES.tell(task, current().task if poll is None else poll.task)

    def on_poll(self, task: Any) -> None:
        """A poll begins."""
        number = task.id
        first = number in self.fresh
        if first:
            self.fresh.discard(number)
        if STARTS.all:
            STARTS.tell(task)
        thread = get_ident()
        poll = PollInProgress(task, thread, first, self.innermost.get(thread))
        self.polls[number, thread] = self.innermost[thread] = poll
        if not _installed:  # the last subscriber went meanwhile, perhaps just above: its end will not be told
            self.polls.pop((number, thread), None)
            self.innermost.pop(thread, None)

    def on_pending(self, task: Any) -> None:
        """It waits for a wake."""
        self._end(task, "pending")

    def on_again(self, task: Any) -> None:
        """It was woken while it was polled."""
        self._end(task, "woken")
        if WAKES.all:
            WAKES.tell(task, task)

    def on_later(self, task: Any) -> None:
        """It gave way."""
        self._end(task, "yielded")

    def on_complete(self, task: Any) -> None:
        """It has ended."""
        self._end(task, ending_of(task))
        self.fresh.discard(task.id)

    def _end(self, task: Any, outcome: str) -> None:
        now = perf_counter()
        thread = get_ident()
        poll = self.polls.pop((task.id, thread), None)
        if poll is None:  # it began before we listened
            return
        if poll.outer is None:
            self.innermost.pop(thread, None)  # so that a thread that ends leaves nothing behind
        else:
            self.innermost[thread] = poll.outer
        seconds = now - poll.began
        if ENDS.all:
            ENDS.tell(task, seconds, outcome)
        if POLLS.all:
            POLLS.tell(poll, seconds, outcome)


def _changed() -> None:
    """Somebody came or went: installs the tracer, or takes it out. ``CHANGING`` is held."""
    global _installed
    wanted = any(listeners.all for listeners in (SPAWNS, WAKES, STARTS, ENDS, POLLS))
    if wanted != _installed:
        _installed = wanted
        TRACER.start()
        share(TRACER if wanted else None)


TRACER = Tracer()
_installed = False
SPAWNS = Subscribers("on_spawn", _changed)
WAKES = Subscribers("on_wake", _changed)
STARTS = Subscribers("on_poll_start", _changed)
ENDS = Subscribers("on_poll_end", _changed)
POLLS = Subscribers("the end of a poll", _changed)  # with what we know of it: for the other files of this package


def on_spawn(callback: Callable[[Any], Any]) -> Subscription:
    """Calls ``callback(task)`` for each task that is spawned in any runtime or executor of the process.

    ``task.id``, ``task.name``, ``task.kind`` ("task", "local", "blocking", "block_on") and ``task.spawned_at`` say
    what it is: also the future that ``block_on`` is given and each call of ``spawn_blocking`` are told. In the thread
    that spawns, before the first poll. Keep the id, not the task: whoever holds it holds its result.

    Returns the ``Subscription``. Raises ``TypeError`` if ``callback`` cannot be called. From any thread, before and
    while runtimes run; so do all functions of this module.

    >>> import mezame
    >>> async def work(): pass
    >>> async def main(): await mezame.spawn(work(), name="worker")
    >>> with mezame.trace.on_spawn(lambda task: print(task.kind, task.name)):
    ...     mezame.run(main())
    block_on root
    task worker

    Source of the semantics: the ``runtime.spawn`` span of tokio.
    """
    return SPAWNS.add(callback)


def on_wake(callback: Callable[[Any, Any], Any]) -> Subscription:
    """Calls ``callback(task, by)`` when a wake queues a task.

    ``by`` is the task that was being polled by the thread that woke it; None: the driver (I/O, a timer), or a thread
    that polls nothing. A task that is woken while it is polled is told after that poll, with itself as ``by``: it may
    have been another thread's wake too. Many wakes before one poll are told once. In the thread that wakes.

    Arguments and result as for ``on_spawn``.

    Source of the semantics: the ``tokio::task::waker`` events of tokio.
    """
    return WAKES.add(callback)


def on_poll_start(callback: Callable[[Any], Any]) -> Subscription:
    """Calls ``callback(task)`` before each poll, in the thread that polls. Arguments and result as for ``on_spawn``."""
    return STARTS.add(callback)


def on_poll_end(callback: Callable[[Any, float, str], Any]) -> Subscription:
    """Calls ``callback(task, seconds, outcome)`` after each poll, in the thread that polled.

    ``seconds`` is what the poll took. ``outcome``: "pending" (it waits), "woken" (it waits, and was woken while it was
    polled), "yielded" (it gave way to the others), "ready", "failed" (it raised) or "cancelled". A poll that began
    before the subscription is not told. With several workers the next poll of the task may have begun elsewhere.

    Arguments and result as for ``on_spawn``.
    """
    return ENDS.add(callback)


