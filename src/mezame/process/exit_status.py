"""ExitStatus: how a process ended; and Output: that, with what it wrote."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..signal.kind import name_of


class ExitStatus:
    """How a child process ended. Equal if it ended in the same way.

    >>> from mezame.process import ExitStatus
    >>> ExitStatus(3), ExitStatus(-9)
    (<ExitStatus code 3>, <ExitStatus SIGKILL>)

    Source of the semantics: ``std::process::ExitStatus``, ``std::os::unix::process::ExitStatusExt``.
    """

    __slots__ = ("_core_dumped", "_returncode")

    def __init__(self, returncode: int, core_dumped: bool = False) -> None:
        self._returncode = returncode
        self._core_dumped = core_dumped

    @staticmethod
    def from_raw(status: int) -> ExitStatus:
        """From the 16 bits that ``os.waitpid`` gives."""
        return ExitStatus(os.waitstatus_to_exitcode(status), os.WCOREDUMP(status))

    @property
    def success(self) -> bool:
        """True for exit code 0."""
        return self._returncode == 0

    @property
    def code(self) -> int | None:
        """The exit code, or None if a signal ended it."""
        return self._returncode if self._returncode >= 0 else None

    @property
    def signal(self) -> int | None:
        """The number of the signal that ended it, or None."""
        return -self._returncode if self._returncode < 0 else None

    @property
    def core_dumped(self) -> bool:
        """True if a signal ended it and it left a core."""
        return self._core_dumped

    @property
    def returncode(self) -> int:
        """Both in one number, as ``subprocess`` has it: the code, or minus the signal."""
        return self._returncode

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExitStatus) and other._returncode == self._returncode

    def __hash__(self) -> int:
        return hash((ExitStatus, self._returncode))

    def __repr__(self) -> str:
        if self._returncode < 0:
            return f"<ExitStatus {name_of(-self._returncode)}{' (core dumped)' if self._core_dumped else ''}>"
        return f"<ExitStatus code {self._returncode}>"


@dataclass(frozen=True)
class Output:
    """What a child process left: from ``Command.output`` and ``Child.wait_with_output``.

    Source of the semantics: ``std::process::Output``.
    """

    status: ExitStatus
    """How it ended."""
    stdout: bytes
    """What it wrote to its standard output, if that was a pipe of ours."""
    stderr: bytes
    """What it wrote to its standard error, if that was a pipe of ours."""
