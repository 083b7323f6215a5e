"""Runs a few threads of real code in every order: each access under a guard is a point where another may go on.

The interpreted modules take the guard for each atomic step (``core/guard.py``, ``core/word.py``); here taking it
hands the turn back to the explorer, which tries one order after the other, depth first, by replaying the choices made
so far and taking the next one at the end. One thread runs at a time, so a run is decided by its choices alone.

    explore(make, check)    make() -> the functions to run, one per thread; check() after each run

A thread that cannot go on (``Gate.acquire``) is not chosen. If all that have not ended are such, the order is a
deadlock: a lost wake-up, and the report says which choices lead there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mezame.core import guard

_turn = threading.local()


def _closed_lock() -> Any:
    """A lock that is taken: acquire waits for the release of another thread."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class Deadlock(AssertionError):
    """No thread can go on, and not all have ended."""


class _Stop(BaseException):
    """Ends the threads of a run that failed."""


class _Runner:
    """One thread of a run."""

    def __init__(self, index: int, function: Callable[[], Any], back: Any) -> None:
        self.index = index
        self.go = _closed_lock()
        self.back = back
        self.ended = False
        self.stopped = False
        self.error: BaseException | None = None
        self.depth = 0  # guards held
        self.blocked: Callable[[], bool] | None = None  # says whether it is, still
        self.thread = threading.Thread(target=self._run, args=(function,), daemon=True)

    def _run(self, function: Callable[[], Any]) -> None:
        self.go.acquire()
        _turn.runner = self
        try:
            if not self.stopped:
                function()
        except _Stop:
            pass
        except BaseException as error:
            self.error = error
        finally:
            _turn.runner = None
            self.ended = True
            self.back.release()

    def pause(self, blocked: Callable[[], bool] | None = None) -> None:
        if self.stopped:
            raise _Stop
        self.blocked = blocked
        self.back.release()
        self.go.acquire()
        self.blocked = None
        if self.stopped:
            raise _Stop

    def can_go(self) -> bool:
        return not self.ended and (self.blocked is None or not self.blocked())


class Gate:
    """A lock as ``threading.Lock`` has it, for threads under the explorer."""

    def __init__(self, taken: bool = False) -> None:
        self.taken = taken

    def acquire(self) -> bool:
        _turn.runner.pause(lambda: self.taken)
        assert not self.taken
        self.taken = True
        return True

    def release(self) -> None:
        assert self.taken, "released twice"
        self.taken = False


def _run_once(functions: Sequence[Callable[[], Any]], choices: list[int], most_switches: int) -> list[tuple[int, int]]:
    """One run by ``choices`` (then always the first possible): (choice, number of possibilities) at each step."""
    back = _closed_lock()
    runners = [_Runner(index, function, back) for index, function in enumerate(functions)]
    for runner in runners:
        runner.thread.start()
    made: list[tuple[int, int]] = []
    order: list[int] = []
    last: _Runner | None = None
    switches = 0
    try:
        while True:
            able = [runner for runner in runners if runner.can_go()]
            if not able:
                if all(runner.ended for runner in runners):
                    return made
                waiting = [runner.index for runner in runners if not runner.ended]
                raise Deadlock(f"threads {waiting} wait for ever; the order was {order}")
            if last in able:  # going on with the same thread comes first: the fewest switches
                able.remove(last)
                able.insert(0, last)
                if switches >= most_switches:
                    able = able[:1]
            choice = choices[len(made)] if len(made) < len(choices) else 0
            made.append((choice, len(able)))
            runner = able[choice]
            if last is not None and runner is not last and last.can_go():
                switches += 1
            last = runner
            order.append(runner.index)
            runner.go.release()
            back.acquire()
            if runner.error is not None:
                raise AssertionError(f"thread {runner.index} failed; the order was {order}") from runner.error
    finally:
        for runner in runners:
            if not runner.ended:
                runner.stopped = True
                runner.go.release()
            runner.thread.join()


def explore(
    make: Callable[[], Sequence[Callable[[], Any]]],
    check: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    *,
    most_switches: int = 3,
) -> int:
    """All orders with at most ``most_switches`` switches away from a thread that could go on. How many they were.

    ``make models`` allows one more.
    """
    most_switches += int(os.environ.get("MEZAME_MODEL_SWITCHES", "0"))
    take = guard.Guard._lock
    leave = guard.Guard._unlock

    def lock(self: Any) -> None:
        runner = getattr(_turn, "runner", None)
        if runner is not None:
            if runner.depth == 0:  # a guarded block is one step: the lock under it is one for all objects
                runner.pause()
            runner.depth += 1
        take(self)

    def unlock(self: Any) -> None:
        leave(self)
        runner = getattr(_turn, "runner", None)
        if runner is not None:
            runner.depth -= 1

    monkeypatch.setattr(guard.Guard, "_lock", lock)
    monkeypatch.setattr(guard.Guard, "_unlock", unlock)
    choices: list[int] = []
    runs = 0
    while True:
        functions = make()
        made = _run_once(functions, choices, most_switches)
        runs += 1
        try:
            check()
        except AssertionError as error:
            raise AssertionError(f"after the choices {[choice for choice, _ in made]}: {error}") from error
        while made and made[-1][0] + 1 >= made[-1][1]:
            made.pop()
        if not made:
            return runs
        choices = [choice for choice, _ in made[:-1]] + [made[-1][0] + 1]
