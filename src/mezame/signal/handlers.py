"""Handlers: which signals have our handler, since when, and for how many listeners.

There is one ``Record`` per signal and process:

    number of listeners    handler of the signal
    -------------------    ------------------------------------------------------------------------------
    0                      what it was (also: ours still, if the last listener went in a thread that may not
                           restore; then ours restores it at the next delivery, and passes that one on)
    1, 2, ...              ours

A delivery counts ``Record.count`` up and rings every *door* (door.py), one per runtime in which somebody waited. A
listener remembers the count that it saw last: so deliveries coalesce, each listener gets one, and none is lost while
nobody waits.

Python runs a handler in the main thread, between any two bytecodes: perhaps in the middle of a wait list, or while the
thread holds a guard. So it calls no waker: it counts, and writes a byte to the doors, which drivers watch. What it
needs is under a lock of its own, re-entrant because the interrupted code may hold it; and nobody takes another lock
under it.

Only the main thread can install a handler. Once there is one, any thread may listen.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from ..runtime import interrupt
from .kind import name_of

_lock = threading.RLock()
_records: dict[int, Record] = {}
_doors: tuple[Any, ...] = ()


class Record:
    """One signal of this process."""

    __slots__ = ("count", "installed", "listeners", "number", "old")

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = 0  # deliveries; written by the main thread only
        self.listeners = 0
        self.installed = False
        self.old: Any = signal.SIG_DFL


def listen(number: int) -> Record:
    """One more listener. Raises ``RuntimeError`` if a handler is to be installed and this is not the main thread."""
    with _lock:
        record = _records.get(number)
        if record is None:
            record = _records[number] = Record(number)
        record.listeners += 1  # first: from the installation on a delivery may come
        try:
            if not record.installed:
                _install(record)
        except BaseException:
            record.listeners -= 1
            raise
        return record


def _install(record: Record) -> None:
    try:
        old = signal.signal(record.number, deliver)
    except ValueError as error:
        name = name_of(record.number)
        raise RuntimeError(
            f"only the main thread can install a signal handler, and the first listener to {name} was wanted in "
            f"thread {threading.current_thread().name!r}: call mezame.signal.signal({name}) in the main thread (in the "
            f"coroutine that it gives to run(), or before that) and keep what it returns; any thread may wait on it, "
            f"and make further listeners"
        ) from error
    if old is None:  # set by C code that Python knows nothing of
        old = signal.SIG_DFL
    elif record.number == signal.SIGINT and interrupt.is_default(old):
        old = signal.default_int_handler  # and not that of a ``block_on``, which may be over by the time
    record.old = old
    record.installed = True


def unlisten(record: Record) -> None:
    """One listener less; with the last one the handler goes, here or, in another thread, at the next delivery."""
    with _lock:
        record.listeners -= 1
        if record.listeners == 0 and threading.get_ident() == threading.main_thread().ident:
            _restore(record)


def _restore(record: Record) -> None:
    """In the main thread: the handler that was before ours."""
    if not record.installed:
        return
    record.installed = False
    if signal.getsignal(record.number) is not deliver:
        return  # the program has set another one since: that stays
    old = record.old
    if record.number == signal.SIGINT and interrupt.is_default(old):
        old = interrupt.default_handler()  # of the ``block_on`` of now, not of the one of then
    signal.signal(record.number, old)


def deliver(number: int, frame: Any) -> None:
    """The handler. In the main thread, anywhere in its code; see above."""
    with _lock:
        record = _records.get(number)
        if record is not None and record.listeners > 0:
            record.count += 1
            for door in _doors:
                door.ring()
            return
        if record is not None:
            _restore(record)
    passed_on = signal.getsignal(number)
    if passed_on is deliver:
        return
    if callable(passed_on):
        passed_on(number, frame)
    elif passed_on == signal.SIG_DFL:
        signal.raise_signal(number)


def ring_all() -> None:
    """Has everybody who waits for a signal look again."""
    with _lock:
        for door in _doors:
            door.ring()


def add_door(door: Any) -> None:
    """``door.ring()`` is called at each delivery, under the lock."""
    global _doors
    with _lock:
        _doors = (*_doors, door)


def remove_door(door: Any) -> None:
    """Undoes ``add_door`` and closes its sockets: under the lock, so that no byte goes to who gets the number next."""
    global _doors
    with _lock:
        _doors = tuple(other for other in _doors if other is not door)
        door.close_sockets()


def _after_fork() -> None:
    """In a forked child: the listeners are the parent's, and so are the doors."""
    global _doors, _lock
    _lock = threading.RLock()
    _doors = ()
    for record in _records.values():
        record.listeners = 0
        _restore(record)
    _records.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
