"""Script: what is to happen on a scripted byte stream, in order, and what both sides of it know.

    read b"..."      the reader gets these bytes, in pieces if it asks for less
    read_error e     the reader gets this error
    write b"..."     the writer must write these bytes, in pieces of any size
    write_error e    the writer gets this error
    wait d           nothing, for d seconds from the moment that it is reached

The reader takes what is first in the script, and waits while a write or a wait is first. The writer takes the first
write, over reads that were not read yet, for a peer may have sent before we read; but not over a wait.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from ...core.waker import Waker
from ...io.operation import as_bytes
from ...time.duration import to_ns

READ, WRITE, READ_ERROR, WRITE_ERROR, WAIT = "read", "write", "read_error", "write_error", "wait"


class Action:
    """One line of a script. ``value``: the bytes (what is left of them), the error, or the seconds."""

    __slots__ = ("deadline", "kind", "number", "value")

    def __init__(self, kind: str, value: Any, number: int) -> None:
        self.kind = kind
        self.value = value
        self.number = number
        self.deadline: float | None = None  # of a wait that was reached

    def __repr__(self) -> str:
        return f"{self.kind}({self.value!r})"


def checked(kind: str, value: Any) -> Any:
    """The value of an action, or ``TypeError``, ``ValueError`` for a bad one."""
    if kind in (READ, WRITE):
        return bytes(as_bytes(value))
    if kind == WAIT:
        return to_ns(value, "wait") / 1e9
    if not isinstance(value, BaseException):
        raise TypeError(f"{kind} needs an exception to raise, such as ConnectionResetError(), not {value!r}")
    return value


class Script:
    """The lines that are left. The guard is for the two sides, and a handle, in several threads."""

    def __init__(self, lines: list[tuple[str, Any]], name: str, grows: bool) -> None:
        self.guard = threading.Lock()
        self.actions: deque[Action] = deque()
        self.name = name
        self.grows = grows  # a handle may add to it
        self.failed = False  # it was said already
        self.reader: Waker | None = None
        self.writer: Waker | None = None
        self._count = 0
        for kind, value in lines:
            self.append(kind, value)

    def append(self, kind: str, value: Any) -> None:
        """Adds a line. Empty bytes are none."""
        self._count += 1
        if kind not in (READ, WRITE) or value:
            self.actions.append(Action(kind, value, self._count))

    def wake(self) -> None:
        """The script went on: both sides look again. Without the guard."""
        for waker in (self.reader, self.writer):
            if waker is not None:
                waker.wake()

    def fail(self, message: str) -> AssertionError:
        """The error of a program that does not keep to the script."""
        self.failed = True
        return AssertionError(f"{self.name}: {message}")

    def unused(self) -> list[Action]:
        """What should have happened and did not."""
        return [action for action in self.actions if action.kind != WAIT]
