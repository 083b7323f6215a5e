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
    RUNNING    RUNNING            one thread polls it; nobody queues it
    NOTIFIED   RUNNING|NOTIFIED   the same, and it was woken meanwhile: the poller queues it again
    IDLE       0                  waits for a wake; some leaf holds its waker
    COMPLETE   COMPLETE           for ever; wake and cancel do nothing

A task is born SCHEDULED. Who wants to look at an IDLE task while nobody polls it *holds* it (``mezame.trace.dump``): it
is RUNNING then, as if it were polled, and goes back by Pending. ``CANCEL`` is a bit beside the state: a cancellation
was asked for and not yet delivered. It is set by ``cancel`` in any state but COMPLETE, and taken by the start of the
next poll.

Invariants:

1. One thread at a time is between ``_to_running`` (``_to_held``) and ``_to_idle``/``_to_complete``: it alone touches
   the coroutine.
2. Exactly the transitions IDLE -> SCHEDULED, NOTIFIED -> SCHEDULED and RUNNING -> SCHEDULED (deferred)
   put a task in a queue, and each is seen by exactly one caller, who does it. So a task is never in two
   queues, and n wakes before a poll make one poll.
3. A wake in RUNNING is kept as NOTIFIED: "woken between *found nothing* and *returned Pending*" is a
   transition, not a race.
4. COMPLETE is never left.

Each transition is one guarded block, so that the word changes atomically on every build (``guard.py``).
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

    def _to_notified(self) -> bool:
        """A wake. True: the caller must queue the task."""
        self._lock()
        bits = self._bits
        queue_it = False
        if not bits & (_NOTIFIED | _COMPLETE):
            self._bits = bits | _NOTIFIED
            queue_it = not bits & _RUNNING
        self._unlock()
        return queue_it

    def _to_cancelled(self) -> int:
        """A request to cancel. 1: the caller must queue the task; 0: noted; -1: too late."""
        self._lock()
        bits = self._bits
        answer = -1
        if not bits & _COMPLETE:
            answer = 0 if bits & (_RUNNING | _NOTIFIED) else 1
            self._bits = bits | _NOTIFIED | _CANCEL
        self._unlock()
        return answer

    def _forget_cancel(self) -> None:
        """Takes back a request that was not delivered (``uncancel`` down to zero)."""
        self._lock()
        self._bits &= ~_CANCEL
        self._unlock()

    def _to_running(self) -> bool:
        """The start of a poll. True: a cancellation is to be delivered with it."""
        self._lock()
        bits = self._bits
        self._bits = _RUNNING
        self._unlock()
        return bits & _CANCEL != 0

    def _to_held(self) -> bool:
        """Somebody wants to look at the task while nobody polls it. True: until ``_to_idle`` nobody does."""
        self._lock()
        idle = self._bits == 0
        if idle:
            self._bits = _RUNNING
        self._unlock()
        return idle

    def _to_idle(self, deferred: bool) -> int:
        """After Pending: what to do with the task (_REST, _AGAIN, _LATER)."""
        self._lock()
        bits = self._bits
        if deferred:
            self._bits = (bits & ~_RUNNING) | _NOTIFIED
            answer = _LATER
        else:
            self._bits = bits & ~_RUNNING
            answer = _AGAIN if bits & _NOTIFIED else _REST
        self._unlock()
        return answer

    def _to_complete(self) -> None:
        """After Ready or an exception."""
        self._lock()
        self._bits = _COMPLETE
        self._unlock()

    def _is_complete(self) -> bool:
        self._lock()
        complete = self._bits & _COMPLETE != 0
        self._unlock()
        return complete

    def _is_scheduled(self) -> bool:
        self._lock()
        scheduled = self._bits == _NOTIFIED or self._bits == _NOTIFIED | _CANCEL
        self._unlock()
        return scheduled

    def _is_running(self) -> bool:
        return self._bits & _RUNNING != 0

    @property
    def state(self) -> str:
        """The state's name, for people and for the console: a snapshot, old when you read it."""
        bits = self._bits
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
    if event == "ready":
        state._to_complete()
        return 0
    raise ValueError(f"no event {event!r}; the events are those of TABLE")
