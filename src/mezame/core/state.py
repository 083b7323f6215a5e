# cython: nonecheck=False
"""TaskState: the state word of a task, and the only code that changes it.

                      wake / cancel                 start of poll
       +------------------------------------+   +-------------------+
       |                                    v   |                   v
    +------+                            +-----------+   Ready   +---------+      +----------+
    | IDLE | <------------------------- | SCHEDULED |           | RUNNING | ---> | COMPLETE |
    +------+      (only born here)      +-----------+           +---------+      +----------+
       ^                                    ^    ^                  |   |  ^            ^
       |            Pending                 |    |  deferred        |   |  | wake       |
       +----------------------------------------------+-------------+   |  v            |
                                            |                       +----------+ Ready  |
                                            +---- Pending --------- | NOTIFIED | -------+
                                                                    +----------+

    state      bits               means
    SCHEDULED  NOTIFIED           in exactly one queue, or in the hands of whoever queues it
    RUNNING    RUNNING            one thread polls it (or holds, or drops it); nobody queues it
    NOTIFIED   RUNNING|NOTIFIED   the same, and it was woken meanwhile: the poller queues it again
    IDLE       0                  waits for a wake; some leaf holds its waker
    COMPLETE   COMPLETE           for ever; wake and cancel do nothing

A task is born SCHEDULED. Who wants to look at an IDLE task while nobody polls it *holds* it (``mezame.trace.dump``): it
is RUNNING then, as if it were polled, and goes back by Pending. Who wants to *drop* it, IDLE or SCHEDULED, does the
same, and ends it. ``CANCEL`` is a bit beside the state: a cancellation was asked for and not yet delivered. It is set
by ``cancel`` in any state but COMPLETE, and taken by the start of the next poll.

Invariants:

1. One thread at a time is between ``_to_running`` (``_to_held``, ``_to_dropped``) and ``_to_idle``/``_to_complete``: it
   alone touches the coroutine.
2. Exactly the transitions IDLE -> SCHEDULED, NOTIFIED -> SCHEDULED and RUNNING -> SCHEDULED (deferred)
   put a task in a queue, and each is seen by exactly one caller, who does it. So a task is never in two
   queues, and n wakes before a poll make one poll.
3. A wake in RUNNING is kept as NOTIFIED: "woken between *found nothing* and *returned Pending*" is a
   transition, not a race.
4. COMPLETE is never left.

Each transition is one atomic step: a compare-and-exchange, tried again if the word changed in between (interpreted, and
with a GIL, it is as atomic without one: ``word.py``). The guard of the task has no part in it, so in a section under it
the task may become COMPLETE at any moment, and both orders have to be right: a join asks under the guard and parks
there, and the end of the task takes the parked wakers under the guard *after* it is COMPLETE.
"""

from __future__ import annotations

from .waker import Wakeable

try:
    import cython
except ImportError:
    from . import cython_shim as cython

_RUNNING = 1
_COMPLETE = 2
_NOTIFIED = 4
_CANCEL = 32

# What _to_idle answers: what the poller has to do with the task.
_REST = 0  # nothing: a leaf holds its waker
_AGAIN = 1  # queue it: it was woken while it ran
_LATER = 2  # put it on the deferred queue


# The machine as data, for the test that holds the code against it, and for whoever reads it as a table.
# (state, event) -> (state after, answer of the transition); a pair that is not here cannot occur.
TABLE: dict[tuple[str, str], tuple[str, int]] = {
    ("IDLE", "wake"): ("SCHEDULED", 1),
    ("SCHEDULED", "wake"): ("SCHEDULED", 0),
    ("RUNNING", "wake"): ("NOTIFIED", 0),
    ("NOTIFIED", "wake"): ("NOTIFIED", 0),
    ("COMPLETE", "wake"): ("COMPLETE", 0),
    ("IDLE", "cancel"): ("SCHEDULED+CANCEL", 1),
    ("SCHEDULED", "cancel"): ("SCHEDULED+CANCEL", 0),
    ("RUNNING", "cancel"): ("NOTIFIED+CANCEL", 0),
    ("NOTIFIED", "cancel"): ("NOTIFIED+CANCEL", 0),
    ("COMPLETE", "cancel"): ("COMPLETE", -1),
    ("SCHEDULED", "start"): ("RUNNING", 0),
    ("SCHEDULED+CANCEL", "start"): ("RUNNING", 1),
    ("RUNNING", "pending"): ("IDLE", 0),
    ("NOTIFIED", "pending"): ("SCHEDULED", 1),
    ("NOTIFIED+CANCEL", "pending"): ("SCHEDULED+CANCEL", 1),
    ("RUNNING", "deferred"): ("SCHEDULED", 2),
    ("NOTIFIED", "deferred"): ("SCHEDULED", 2),
    ("NOTIFIED+CANCEL", "deferred"): ("SCHEDULED+CANCEL", 2),
    ("RUNNING", "ready"): ("COMPLETE", 0),
    ("NOTIFIED", "ready"): ("COMPLETE", 0),
    ("NOTIFIED+CANCEL", "ready"): ("COMPLETE", 0),
    ("IDLE", "hold"): ("RUNNING", 1),
    ("SCHEDULED", "hold"): ("SCHEDULED", 0),
    ("RUNNING", "hold"): ("RUNNING", 0),
    ("NOTIFIED", "hold"): ("NOTIFIED", 0),
    ("COMPLETE", "hold"): ("COMPLETE", 0),
    ("SCHEDULED+CANCEL", "hold"): ("SCHEDULED+CANCEL", 0),
    ("IDLE", "drop"): ("RUNNING", 1),
    ("SCHEDULED", "drop"): ("RUNNING", 1),
    ("SCHEDULED+CANCEL", "drop"): ("RUNNING", 1),
    ("RUNNING", "drop"): ("RUNNING", 0),
    ("NOTIFIED", "drop"): ("NOTIFIED", 0),
    ("NOTIFIED+CANCEL", "drop"): ("NOTIFIED+CANCEL", 0),
    ("COMPLETE", "drop"): ("COMPLETE", 0),
    ("SCHEDULED+CANCEL", "wake"): ("SCHEDULED+CANCEL", 0),
    ("NOTIFIED+CANCEL", "wake"): ("NOTIFIED+CANCEL", 0),
    ("SCHEDULED+CANCEL", "cancel"): ("SCHEDULED+CANCEL", 0),
    ("NOTIFIED+CANCEL", "cancel"): ("NOTIFIED+CANCEL", 0),
}


class TaskState(Wakeable):
    """The state word; ``Task`` adds what the word speaks of."""

    __slots__ = ("_bits",)

    def __init__(self) -> None:
        self._start_state()

    def _start_state(self) -> None:
        """What ``__init__`` does, for subclasses (a C call when compiled): born SCHEDULED."""
        self._waker = None
        self._next = cython.NULL
        self._bits = _NOTIFIED

    if not cython.compiled:  # compiled, they are in the .pxd, so that they are inlined: one instruction each

        def _get_bits(self) -> int:
            """Acquire: what was written before the swap that it sees is visible after it."""
            self._lock()
            bits = self._bits
            self._unlock()
            return bits

        def _swap_bits(self, old: int, new: int) -> bool:
            """Acquire and release: writes ``new`` if the word is still ``old``; True if it was."""
            self._lock()
            same: bool = self._bits == old
            if same:
                self._bits = new
            self._unlock()
            return same

    # --- the transitions ---------------------------------------------------------------------------------

    def _to_notified(self) -> bool:
        """A wake. True: the caller must queue the task."""
        while True:
            bits = self._get_bits()
            if bits & _COMPLETE:
                return False
            # Swapped even if nothing changes: so the poll to come sees what was written before this wake, too.
            if self._swap_bits(bits, bits | _NOTIFIED):
                return not bits & (_NOTIFIED | _RUNNING)

    def _to_cancelled(self) -> int:
        """A request to cancel. 1: the caller must queue the task; 0: noted; -1: too late."""
        while True:
            bits = self._get_bits()
            if bits & _COMPLETE:
                return -1
            if self._swap_bits(bits, bits | _NOTIFIED | _CANCEL):
                return 0 if bits & (_RUNNING | _NOTIFIED) else 1

    def _forget_cancel(self) -> None:
        """Takes back a request that was not delivered (``uncancel`` down to zero)."""
        while True:
            bits = self._get_bits()
            if self._swap_bits(bits, bits & ~_CANCEL):
                return

    def _to_running(self) -> bool:
        """The start of a poll. True: a cancellation is to be delivered with it."""
        while True:
            bits = self._get_bits()
            if self._swap_bits(bits, _RUNNING):
                return bits & _CANCEL != 0

    def _to_held(self) -> bool:
        """Somebody wants to look at the task while nobody polls it. True: until ``_to_idle`` nobody does."""
        return self._swap_bits(0, _RUNNING)

    def _to_dropped(self) -> bool:
        """Somebody is going to end the task. False: it is polled, or held, right now; or it has ended."""
        while True:
            bits = self._get_bits()
            if bits & (_RUNNING | _COMPLETE):
                return False
            if self._swap_bits(bits, _RUNNING):
                return True

    def _to_idle(self, deferred: bool) -> int:
        """After Pending: what to do with the task (_REST, _AGAIN, _LATER)."""
        while True:
            bits = self._get_bits()
            if deferred:
                if self._swap_bits(bits, (bits & ~_RUNNING) | _NOTIFIED):
                    return _LATER
            elif self._swap_bits(bits, bits & ~_RUNNING):
                return _AGAIN if bits & _NOTIFIED else _REST

    def _to_complete(self) -> None:
        """After Ready or an exception. A wake or a request to cancel that comes now comes too late."""
        while True:
            bits = self._get_bits()
            if self._swap_bits(bits, _COMPLETE):
                return

    def _is_complete(self) -> bool:
        return self._get_bits() & _COMPLETE != 0

    def _is_scheduled(self) -> bool:
        return self._get_bits() & ~_CANCEL == _NOTIFIED

    def _is_running(self) -> bool:
        return self._get_bits() & _RUNNING != 0

    @property
    def state(self) -> str:
        """The state's name, for people and for the console: a snapshot, old when you read it."""
        bits = self._get_bits()
        if bits & _COMPLETE:
            return "COMPLETE"
        name = ("IDLE", "SCHEDULED", "RUNNING", "NOTIFIED")[
            (2 if bits & _RUNNING else 0) + (1 if bits & _NOTIFIED else 0)
        ]
        return name + "+CANCEL" if bits & _CANCEL else name


def transition(state: TaskState, event: str) -> int:
    """Performs one named event of ``TABLE``: how the model tests reach the transitions."""
    if event == "wake":
        return state._to_notified()
    if event == "cancel":
        return state._to_cancelled()
    if event == "start":
        return state._to_running()
    if event == "pending":
        return state._to_idle(False)
    if event == "deferred":
        return state._to_idle(True)
    if event == "hold":
        return state._to_held()
    if event == "drop":
        return state._to_dropped()
    if event == "ready":
        state._to_complete()
        return 0
    raise ValueError(f"no event {event!r}; the events are those of TABLE")
