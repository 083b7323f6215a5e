"""Runs a program of examples/ that serves, as a user runs it, and ends it with a signal: for test_example_*.py."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
LIMIT = 10.0  # seconds that anything here may take

# How each program is told on what to run.
FLAVOURS = {"current-thread": (), "multi-thread": ("--workers", "3")}


class ServerProcess:
    """A running program that printed ``listening on host:port`` first."""

    def __init__(self, process: subprocess.Popen[str], errors: IO[str]) -> None:
        self.process = process
        self._errors = errors
        first = self.read_line()
        assert first.startswith("listening on "), (first, process.wait(LIMIT), self.errors())
        self.port = int(first.rsplit(":", 1)[1])

    def connect(self, **options) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT, **options)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a small write does not wait for an ACK
        return sock

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def read_line(self) -> str:
        return self.process.stdout.readline().rstrip("\n")

    def wait(self) -> str:
        """Waits for its end; what else it printed."""
        rest = self.process.stdout.read()
        self.process.wait(LIMIT)
        return rest

    def errors(self) -> str:
        """What it has written to stderr."""
        self._errors.seek(0)
        return self._errors.read()


@contextlib.contextmanager
def serving(name: str, *arguments: str) -> Iterator[ServerProcess]:
    """The program ``examples.NAME`` on a free port. Ends it; it must have ended well and complained of nothing."""
    # The package is found where the tests found it; -X dev: what is never awaited or closed is printed.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,  # a pipe that nobody empties could fill
        subprocess.Popen(
            [sys.executable, "-X", "dev", "-X", "utf8", "-m", f"examples.{name}", "--port", "0", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        killer = threading.Timer(50, process.kill)  # a test must not wait for a program that hangs
        killer.daemon = True
        killer.start()
        try:
            server = ServerProcess(process, errors)
            yield server
            if process.poll() is None:
                server.signal()
                server.wait()
            errors = server.errors()
            assert process.returncode == 0 and not errors, f"{name} ended with {process.returncode}: {errors}"
        finally:
            killer.cancel()
            process.kill()
