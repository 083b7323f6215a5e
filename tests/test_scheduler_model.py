"""The lock-free and sleeping parts of the multi-thread scheduler, in all orders of their steps (see interleave.py).

Interpreted only: there each atomic step takes the guard, where the explorer can switch. The compiled modules are made
of the same source; ``test_multi_thread_stress.py`` tries these in parallel.
"""

import pytest
from conftest import COMPILED
from interleave import Deadlock, Gate, explore

from mezame.core.executor import Executor
from mezame.core.park import Park
from mezame.core.queue import RunQueue
from mezame.core.state import TaskState
from mezame.core.waker import Wakeable
from mezame.scheduler import steal_queue
from mezame.scheduler.steal_queue import StealQueue
from mezame.scheduler.worker_core import WorkerCore, WorkerGroup, notify_if_work, schedule_in
from mezame.scheduler.worker_park import DriverSeat, WorkerPark

pytestmark = pytest.mark.skipif(COMPILED, reason="the explorer switches threads inside of interpreted code")


class Item(Wakeable):
    """What is queued."""

    __slots__ = ("number",)

    def __init__(self, number):
        Wakeable.__init__(self)
        self.number = number

    def __repr__(self):
        return str(self.number)


def drain(queue):
    found = []
    while (item := queue._pop()) is not None:
        found.append(item.number)
    return found


class Queues:
    """An owner with its queue, thieves with theirs, and the overflow."""

    def __init__(self, thieves, filled=0, at=0):
        self.queue = StealQueue()
        self.queue._set_tail(at)
        self.queue._head = at << 32 | at
        self.stolen = [StealQueue() for _ in range(thieves)]
        self.overflow = RunQueue()
        self.popped = []
        for number in range(filled):
            self.queue._push(Item(number), self.overflow)
        self.pushed = filled

    def push(self, count):
        for _ in range(count):
            self.queue._push(Item(self.pushed), self.overflow)
            self.pushed += 1

    def pop(self, count):
        for _ in range(count):
            item = self.queue._pop()
            if item is not None:
                self.popped.append(item.number)

    def steal(self, thief):
        return lambda: self.queue._steal_into(self.stolen[thief])

    def check(self):
        left = drain(self.queue)
        stolen = [drain(queue) for queue in self.stolen]
        over = []
        while (item := self.overflow._pop()) is not None:
            over.append(item.number)
        everything = self.popped + left + over + [number for queue in stolen for number in queue]
        assert sorted(everything) == list(range(self.pushed)), (self.popped, left, stolen, over)
        for part in (self.popped, left, *stolen, over):
            assert part == sorted(part), "the order is kept within each part"


@pytest.fixture
def small(monkeypatch):
    """A ring of 4 places, so that it overflows and wraps in a few steps."""
    monkeypatch.setattr(steal_queue, "CAPACITY", 4)
    monkeypatch.setattr(steal_queue, "_MASK", 3)


@pytest.mark.parametrize("at", [0, 0xFFFFFFFE], ids=["from-0", "over-the-wrap"])
def test_owner_and_thief_take_each_task_once(monkeypatch, small, at):
    state = None

    def make():
        nonlocal state
        state = Queues(1, filled=2, at=at)
        return [lambda: (state.push(1), state.pop(3)), state.steal(0)]

    assert explore(make, lambda: state.check(), monkeypatch, most_switches=3) > 100


def test_overflow_against_a_thief(monkeypatch, small):
    state = None

    def make():
        nonlocal state
        state = Queues(1, filled=4)
        return [lambda: (state.push(2), state.pop(1)), state.steal(0)]

    assert explore(make, lambda: state.check(), monkeypatch, most_switches=3) > 100


def test_two_thieves_and_the_owner(monkeypatch, small):
    state = None

    def make():
        nonlocal state
        state = Queues(2, filled=3)
        return [lambda: (state.pop(1), state.push(1)), state.steal(0), state.steal(1)]

    assert explore(make, lambda: state.check(), monkeypatch, most_switches=2) > 500


class ModelDriver(Park):
    """A driver in which sleeping is waiting at a gate; sticky, as the real one."""

    def __init__(self):
        self.gate = Gate(taken=True)

    def park(self, timeout_ns):
        if timeout_ns != 0:
            self.gate.acquire()

    def unpark(self):
        if self.gate.taken:
            self.gate.release()


def parker(seat):
    park = WorkerPark(seat)
    park._semaphore = Gate(taken=True)
    return park


@pytest.mark.parametrize("place", ["driver", "semaphore"])
def test_an_unpark_is_never_lost(monkeypatch, place):
    """Two unparks and two sleeps: whatever the order, the first sleep ends, and no thread sleeps with a token."""
    ended = []

    def make():
        ended.clear()
        seat = DriverSeat(ModelDriver())
        if place == "semaphore":
            seat._take()
        park = parker(seat)
        told = []

        def sleeper():
            while not told:  # what a loop does: look, and sleep if there is nothing
                park._park()
            ended.append(True)

        return [sleeper, lambda: (told.append(1), park._unpark()), park._unpark]

    assert explore(make, lambda: None, monkeypatch, most_switches=3) > 50
    assert ended


class Group:
    """A group of real cores, with tasks that are only counted."""

    def __init__(self, workers):
        self.group = WorkerGroup(workers, DriverSeat(ModelDriver()))
        self.group.cores.extend([None] * workers)
        for index in range(workers):
            core = WorkerCore(index, self.group, index, True)
            core._park = parker(self.group.seat)
            self.group.cores[index] = core
        self.taken = []

    def search_then_sleep(self, index, want):
        """A worker as ``worker.py`` has it, until it has taken ``want`` tasks."""

        def run():
            core = self.group.cores[index]
            idle = self.group.idle
            mine = 0
            while mine < want and len(self.taken) < want:
                item = core._queue._pop() or core._steal()
                if item is not None:
                    if core._searching:
                        core._found()
                    self.taken.append(item.number)
                    mine += 1
                    continue
                searching = core._searching
                core._searching = False
                if idle._go_to_sleep(index, searching):
                    notify_if_work(self.group)
                while True:
                    core._park._park()
                    if core._has_tasks():
                        core._searching = not idle._wake_up(index)
                        break
                    if not idle._is_asleep(index):
                        core._searching = True
                        break

        return run


def test_a_task_queued_by_a_worker_that_stays_busy_is_found(monkeypatch):
    state = None

    def make():
        nonlocal state
        state = Group(2)
        busy = state.group.cores[0]
        return [lambda: (busy._push_back(Item(1)), busy._notify()), state.search_then_sleep(1, 1)]

    def check():
        assert state.taken == [1]

    assert explore(make, check, monkeypatch, most_switches=3) > 100


def test_a_task_queued_from_outside_is_found(monkeypatch):
    state = None

    def make():
        nonlocal state
        state = Group(2)
        return [lambda: schedule_in(state.group, Item(1)), state.search_then_sleep(1, 1)]

    def check():
        assert state.taken == [1]

    assert explore(make, check, monkeypatch, most_switches=3) > 100


def put_behind(core, *numbers):
    """What the end of a turn does with those who gave way while another one waited."""
    for number in numbers:
        core._deferred._push(Item(number))
    core._inject._push(Item(0))  # it waited already, so they go behind it
    core._wake_deferred()
    assert core._inject._pop().number == 0
    assert core._queue._length() == 0 and core._backlog._length._load() == len(numbers)


def test_a_task_in_the_backlog_of_a_worker_that_stays_busy_is_found(monkeypatch):
    state = None

    def make():
        nonlocal state
        state = Group(2)
        busy = state.group.cores[0]
        busy._deferred._push(Item(1))
        busy._inject._push(Item(0))
        return [lambda: (busy._wake_deferred(), busy._notify()), state.search_then_sleep(1, 2)]

    def check():
        assert sorted(state.taken) == [0, 1]

    assert explore(make, check, monkeypatch, most_switches=2) > 100


def test_owner_and_thief_share_a_backlog(monkeypatch):
    state = None

    def make():
        nonlocal state
        state = Group(2)
        owner, thief = state.group.cores
        put_behind(owner, 1, 2, 3)
        got = state.taken

        def take(core, next_task):
            def run():
                while (item := next_task()) is not None:
                    got.append(item.number)

            return run

        return [
            take(owner, lambda: owner._queue._pop() or owner._refill()),
            take(thief, lambda: thief._queue._pop() or thief._steal()),
        ]

    def check():
        left = [item.number for core in state.group.cores for item in drain(core._queue)]
        assert sorted(state.taken + left) == [1, 2, 3]

    assert explore(make, check, monkeypatch, most_switches=2) > 50


def test_the_only_worker_takes_from_both_queues_behind_by_phases(monkeypatch):
    """Its backlog, of which it takes one at a time, does not run dry: what comes from outside need not wait for it."""
    monkeypatch.setattr("mezame.scheduler.worker_core.Task", Item)
    state = Group(1)
    core = state.group.cores[0]
    busy = [Item(number) for number in range(300)]
    for item in busy:
        core._backlog._push(item)
    core._phase_polls = phase = 1000
    waited = 0
    while True:
        core._to_inject = 100  # the looks at each interval are not what is tested
        item = core._next_task(100)
        core.polls += 1
        waited += 1
        if item.number < 0:
            break
        assert item.number == busy[(waited - 1) % 300].number, "in order"
        core._backlog._push(item)
        if waited == 700:
            core._inject._push(Item(-1))
    assert 700 < waited <= 700 + phase
    assert core._queue._length() == 0, "no batch: nobody would steal from it"


def test_the_second_look_is_needed(monkeypatch):
    """The explorer finds the lost wake-up if the last searcher does not look again: so it would find others."""
    monkeypatch.setitem(globals(), "notify_if_work", lambda group: None)
    state = None

    def make():
        nonlocal state
        state = Group(2)
        busy = state.group.cores[0]
        return [lambda: (busy._push_back(Item(1)), busy._notify()), state.search_then_sleep(1, 1)]

    with pytest.raises(Deadlock):
        explore(make, lambda: None, monkeypatch, most_switches=3)


def test_wakes_from_two_threads_and_a_poller_queue_the_task_once(monkeypatch):
    """The real state word: at the end the task is queued, or it was polled after the last wake."""
    state = None

    def make():
        nonlocal state
        task = TaskState()
        state = {"task": task, "queued": 1, "woken": 0, "seen": []}

        def poller():
            for _ in range(2):
                if state["queued"] == 0:
                    return
                state["queued"] -= 1
                task._to_running()
                state["seen"].append(state["woken"])
                if task._to_idle(False):
                    state["queued"] += 1

        def waker():
            state["woken"] += 1
            if task._to_notified():
                state["queued"] += 1

        return [poller, waker, waker]

    def check():
        assert state["queued"] in (0, 1)
        assert state["queued"] == 1 or state["seen"][-1] == 2, state

    assert explore(make, check, monkeypatch, most_switches=3) > 100


def test_a_cancellation_is_not_forgotten_by_an_uncancel_of_another_thread(monkeypatch):
    """What is counted is also asked for: in every order of a ``cancel`` with the ``uncancel`` of one before."""
    task = None

    async def nothing():
        pass

    def make():
        nonlocal task
        if task is not None:
            task.get_coro().close()
        task = Executor().spawn(nothing())
        task.cancel("the first")
        return [task.uncancel, lambda: task.cancel("the second")]

    def check():
        assert task.cancelling() == 1
        assert task.state == "SCHEDULED+CANCEL"

    assert explore(make, check, monkeypatch, most_switches=3) > 3
    task.get_coro().close()
