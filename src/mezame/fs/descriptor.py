"""Descriptor: an open file of the system, owned: it is closed once, at the latest when nobody refers to it."""

from __future__ import annotations

import os
import stat
from io import FileIO
from typing import Any

CLOSED = -1


class Descriptor:
    """A file descriptor with what ``File`` has to know of it. Its methods block: call them from a job."""

    __slots__ = ("_regular", "fd", "mode", "name", "owner")

    def __init__(self, fd: int, name: Any, mode: str, owner: FileIO | None = None) -> None:
        self.fd = fd
        self.name = name
        self.mode = mode  # as FileIO has it
        self.owner = owner  # a FileIO that was taken over, and that closes the descriptor
        self._regular: bool | None = None

    def is_regular(self) -> bool:
        """True for a plain file: one with a position that can be set back."""
        if self._regular is None:
            self._regular = stat.S_ISREG(os.fstat(self.fd).st_mode)
        return self._regular

    def into_file(self) -> FileIO:
        """Gives the descriptor away, as a ``FileIO``."""
        if self.owner is not None:
            file, self.fd = self.owner, CLOSED
            return file
        file = FileIO(self.fd, self.mode)
        self.fd = CLOSED
        return file

    def duplicate(self) -> FileIO:
        """A ``FileIO`` of the same file and position, with a descriptor of its own."""
        fd = os.dup(self.fd)
        try:
            return FileIO(fd, self.mode)
        except BaseException:
            os.close(fd)
            raise

    def close(self) -> None:
        """Closes it. Idempotent."""
        fd, self.fd = self.fd, CLOSED
        if fd == CLOSED:
            return
        if self.owner is not None:
            self.owner.close()
        else:
            os.close(fd)

    def __del__(self) -> None:
        try:
            self.close()
        except OSError:
            pass
