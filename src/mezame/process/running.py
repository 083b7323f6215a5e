"""Running: a process of ours, from its start until it was reaped.

    RUNNING --exits--> ZOMBIE --try_reap--> REAPED: ``status`` is there, the number is the kernel's again
                              --try_reap--> LOST: somebody else has reaped it (or SIGCHLD is ignored); no status

Nobody but ``try_reap`` waits for the process, and it and ``send`` exclude each other: so a signal can never reach
another process that was given the number meanwhile. It holds no reference to the ``Child``: what waits for the exit
must not keep that alive.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from .exit_status import ExitStatus


class Running:
    """The process ``pid``; ``popen``, if somebody else has it too, is told when it is reaped."""

    __slots__ = ("_lock", "_popen", "lost", "pid", "status")

    def __init__(self, pid: int, popen: Any) -> None:
        self._popen = popen
        self.pid = pid
        self.status: ExitStatus | None = None
        self.lost = False
        self._lock = threading.RLock()  # re-entrant: a finaliser may come in between

    def try_reap(self) -> bool:
        """True if it has ended and is reaped. Never waits; any thread."""
        with self._lock:
            if self.status is None and not self.lost:
                try:
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                except ChildProcessError:
                    self.lost = True
                    self._tell(0)
                    return True
                if pid == 0:
                    return False
                self.status = ExitStatus.from_raw(status)
                self._tell(self.status.returncode)
            return True

    def _tell(self, returncode: int) -> None:
        if self._popen is not None:
            self._popen.returncode = returncode  # it knows then that there is nothing to do

    def get_status(self) -> ExitStatus:
        """Of a process that is reaped. Raises ``ChildProcessError`` if its status is lost."""
        if self.status is None:
            raise ChildProcessError(
                f"the exit status of process {self.pid} is lost: something else has waited for it (os.wait, a handler "
                f"of SIGCHLD), or SIGCHLD is ignored"
            )
        return self.status

    def send(self, number: int) -> None:
        """Sends it a signal, unless it is reaped."""
        with self._lock:
            if self.status is None and not self.lost:
                try:
                    os.kill(self.pid, number)
                except ProcessLookupError:
                    pass
