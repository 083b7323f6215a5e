"""Park: a token is never lost, whatever a signal handler does in the middle of ``park``."""

import sys
import threading
import time

import pytest
from polling import PATIENCE

from mezame.core.clock import Clock
from mezame.core.park import Parker
from mezame.driver.driver import Driver

PARKS = pytest.mark.parametrize("make", [Parker, lambda: Driver(Clock(), None, None)], ids=["parker", "driver"])


class Parked:
    """A thread that parks, in which ``unpark`` is called at the ``step``-th step of Python in there.

    So does a signal handler, or a finaliser: Python runs them where something is called or returns. (Compiled, what the
    standard library does in Python is traced all the same.)
    """

    def __init__(self, make, step, timeout_ns):
        self.parker = make()
        self.step = step
        self.timeout_ns = timeout_ns
        self.steps = 0
        self.fired = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        sys.setprofile(self.trace)
        try:
            self.parker.park(self.timeout_ns)
        finally:
            sys.setprofile(None)

    def trace(self, frame, event, argument):
        self.steps += 1
        if self.steps == self.step:
            self.parker.unpark()
            self.fired = True


@PARKS
def test_an_unpark_in_the_middle_of_park_ends_it(make):
    dry = Parked(make, 0, 1_000_000)
    dry.thread.join(PATIENCE)
    assert dry.steps > 0
    for step in range(1, dry.steps + 1):
        parked = Parked(make, step, -1)
        deadline = time.monotonic() + PATIENCE
        while parked.thread.is_alive() and time.monotonic() < deadline:
            parked.thread.join(0.02)
            if not parked.fired:  # that step comes after the sleep
                parked.parker.unpark()
        lost = parked.thread.is_alive()
        parked.parker.unpark()
        parked.thread.join()
        assert not lost, f"an unpark at step {step} of {dry.steps} was lost"


@PARKS
@pytest.mark.parametrize("taken_by", [-1, 0], ids=["a sleep", "a look"])
def test_tokens_do_not_add_up(make, taken_by):
    parker = make()
    for _ in range(3):
        parker.unpark()
    parker.park(taken_by)
    started = time.monotonic_ns()
    parker.park(1_000_000)
    assert time.monotonic_ns() - started >= 1_000_000


@PARKS
def test_no_unpark_of_many_threads_is_lost(make):
    """Each says what it did, then unparks: the parked thread sees all of it and ends."""
    parker = make()
    rounds, threads = 2000, 3
    done = [0] * threads

    def work(index):
        for _ in range(rounds):
            done[index] += 1
            parker.unpark()

    def watch():
        while sum(done) < rounds * threads:
            parker.park(-1)

    watcher = threading.Thread(target=watch)
    workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    for thread in [watcher, *workers]:
        thread.start()
    for thread in workers:
        thread.join()
    watcher.join(PATIENCE)
    stuck = watcher.is_alive()
    parker.unpark()
    watcher.join()
    assert not stuck
