"""Descriptor: a file descriptor that somebody owns."""

from __future__ import annotations

import os
import stat
from typing import Any


class Descriptor:
    """Owns a file descriptor, as ``socket.socket`` does: what a ``Source`` wants of its owner."""

    __slots__ = ("_number",)

    KIND = "pipe"  # for errors

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        """Its number, -1 once closed or given away."""
        return self._number

    def setblocking(self, blocking: bool) -> None:
        """Whether calls wait. It is a property of the open file, which other descriptors may share."""
        os.set_blocking(self._number, blocking)

    def take(self) -> int:
        """Gives the number away."""
        number, self._number = self._number, -1
        return number

    def close(self) -> None:
        """Closes it. Idempotent."""
        number = self.take()
        if number >= 0:
            os.close(number)


def check_pipe(number: int, access: int, what: str) -> None:
    """Raises ``ValueError`` unless descriptor ``number`` is a pipe that was opened for ``access`` (or for both)."""
    import fcntl

    if not stat.S_ISFIFO(os.fstat(number).st_mode):
        raise ValueError(f"{what} needs a pipe, and descriptor {number} is none")
    mode = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
    if mode not in (access, os.O_RDWR):
        use = "reading" if access == os.O_RDONLY else "writing"
        raise ValueError(f"{what} needs the end of a pipe for {use}, and descriptor {number} is the other one")


def number_of(given: Any, what: str) -> int:
    """The descriptor in ``given``: a number, or an object with ``fileno()``."""
    number = given if isinstance(given, int) and not isinstance(given, bool) else None
    if number is None and hasattr(given, "fileno"):
        number = given.fileno()
    if number is None:
        raise TypeError(f"{what} needs a file descriptor, or an object with fileno(), not {given!r}")
    if number < 0:
        raise ValueError(f"{what} needs an open file descriptor, not {number!r}")
    return int(number)
