"""Park: a token is never lost, whatever a signal handler does in the middle of ``park``."""

import sys
import threading
import time

import pytest
from polling import PATIENCE

from mezame.core.park import Parker
from mezame.driver.driver import Bare

PARKS = pytest.mark.parametrize("make", [Parker, Bare], ids=["parker", "driver"])


class Parked:
    """A thread that parks, in which ``unpark`` is called at the ``step``-th step of Python in there.

    So does a signal handler: Python runs it between any two bytecodes. (Compiled, what the standard library does in
    Python is traced all the same.)
    """

    def __init__(self, make, step, timeout_ns):
        self.parker = make()
        self.park = getattr(self.parker, "park", None) or self.parker.wait
        self.unpark = getattr(self.parker, "unpark", None) or self.parker.notify
        self.step = step
        self.timeout_ns = timeout_ns
        self.steps = 0
        self.fired = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        sys.setprofile(self.trace)
        sys.settrace(self.trace)
        try:
            self.park(self.timeout_ns)
        finally:
            sys.settrace(None)
            sys.setprofile(None)

    def trace(self, frame, event, argument):
        self.steps += 1
        if self.steps == self.step:
            self.unpark()
            self.fired = True
        return self.trace


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
                parked.unpark()
        lost = parked.thread.is_alive()
        parked.unpark()
        parked.thread.join()
        assert not lost, f"an unpark at step {step} of {dry.steps} was lost"


@PARKS
def test_tokens_do_not_add_up(make):
    parker = make()
    park = getattr(parker, "park", None) or parker.wait
    unpark = getattr(parker, "unpark", None) or parker.notify
    for _ in range(3):
        unpark()
    park(-1)  # takes it
    started = time.monotonic_ns()
    park(1_000_000)
    assert time.monotonic_ns() - started >= 1_000_000


@PARKS
def test_a_look_takes_the_token(make):
    parker = make()
    park = getattr(parker, "park", None) or parker.wait
    unpark = getattr(parker, "unpark", None) or parker.notify
    unpark()
    park(0)
    started = time.monotonic_ns()
    park(1_000_000)
    assert time.monotonic_ns() - started >= 1_000_000


@PARKS
def test_no_unpark_of_many_threads_is_lost(make):
    """Each says what it did, then unparks: the parked thread sees all of it and ends."""
    parker = make()
    park = getattr(parker, "park", None) or parker.wait
    unpark = getattr(parker, "unpark", None) or parker.notify
    rounds, threads = 2000, 3
    done = [0] * threads

    def work(index):
        for _ in range(rounds):
            done[index] += 1
            unpark()

    seen = []

    def watch():
        while sum(done) < rounds * threads:
            park(-1)
        seen.append(sum(done))

    watcher = threading.Thread(target=watch)
    workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    for thread in [watcher, *workers]:
        thread.start()
    for thread in workers:
        thread.join()
    watcher.join(PATIENCE)
    stuck = watcher.is_alive()
    unpark()
    watcher.join()
    assert not stuck
