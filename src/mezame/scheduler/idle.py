"""Idle: who sleeps, who searches, and whom to wake when there is work.

    WORKING --nothing left--> SEARCHING --nothing found--> SLEEPING
       ^                          |                            |
       +-------- found -----------+ <----- woken for work -----+

A worker that made work for others (``_worker_to_notify``) wakes one sleeper, but only if nobody is searching: a
searcher will find it. And no more than half of the workers search at a time, so that a burst of wakes does not become
a crowd that fights for a few tasks. A searcher that finds something and was the last one wakes the next searcher
before it starts to work, so the wakes go on as long as there is work.

Why no wake is lost. A worker that queues a task and one that goes to sleep do this, each in this order:

    queues                                  goes to sleep
    --------------------------------        ---------------------------------------------
    write the task to its queue             sleeping + 1, searching - 1 (was it the last?)
    fence                                   fence
    read searching, sleeping                the last searcher reads all queues again

By the fences at least one of the two sees what the other wrote. If the first sees the second asleep and nobody
searching, it wakes one. If it still sees a searcher, then either that one has not looked at this queue yet, or, being
the last, looks again after its fence and finds the task (and wakes a sleeper for it). A worker goes to sleep without
searching only when it was refused to search because others do; one of these is the last.

Sleeping is counted before the worker sleeps, and its parker is sticky (``worker_park.py``): so whoever is notified
between the count and the sleep does not sleep.
"""

from __future__ import annotations

from ..core.guard import Guard
from ..core.word import Word, fence


class Idle(Guard):
    """The two counters and the list of sleepers of one set of workers."""

    __slots__ = ("_searching", "_sleepers", "_sleeping", "_workers")

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._searching = Word()  # written under the guard, read without
        self._sleeping = Word()
        self._sleepers = []

    def _worker_to_notify(self) -> int:
        """After work was queued: the worker to unpark (it counts as searching from now on), or -1."""
        fence()
        if self._searching._load() > 0 or self._sleeping._load() == 0:
            return -1
        index = -1
        self._lock()
        if self._searching._load() == 0 and self._sleeping._load() > 0:
            index = self._sleepers.pop()
            self._sleeping._store(self._sleeping._load() - 1)
            self._searching._store(1)
        self._unlock()
        return index

    def _start_searching(self) -> bool:
        """False: enough search already."""
        self._lock()
        searching = self._searching._load()
        allowed = 2 * searching < self._workers
        if allowed:
            self._searching._store(searching + 1)
        self._unlock()
        return allowed

    def _stop_searching(self) -> bool:
        """The searcher found something. True: it was the last; it has to notify another."""
        self._lock()
        searching = self._searching._load() - 1
        self._searching._store(searching)
        self._unlock()
        return searching == 0

    def _go_to_sleep(self, index: int, searching: bool) -> bool:
        """The worker is about to park. True: it was the last searcher; it has to look at all queues once more."""
        last = False
        self._lock()
        self._sleepers.append(index)
        self._sleeping._store(self._sleeping._load() + 1)
        if searching:
            left = self._searching._load() - 1
            self._searching._store(left)
            last = left == 0
        self._unlock()
        fence()
        return last

    def _is_asleep(self, index: int) -> bool:
        """False: somebody notified the worker, which now counts as searching."""
        self._lock()
        found = index in self._sleepers
        self._unlock()
        return found

    def _wake_up(self, index: int) -> bool:
        """The worker has work of its own. True: it had not been notified, and does not search."""
        self._lock()
        found = index in self._sleepers
        if found:
            self._sleepers.remove(index)
            self._sleeping._store(self._sleeping._load() - 1)
        self._unlock()
        return found
