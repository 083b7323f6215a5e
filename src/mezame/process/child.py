"""Child: a process that was spawned."""

from __future__ import annotations

import signal
import sys
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..errors import RuntimeClosedError
from ..future.join import try_join
from ..signal.kind import SignalKind
from . import orphans
from .child_io import ChildStderr, ChildStdin, ChildStdout
from .exit_status import ExitStatus, Output
from .exit_watch import PidfdWatch, ThreadWatch
from .running import Running


class Child:
    """A process that was spawned, from ``Command.spawn``.

    Dropping it (or ``close``, or leaving ``async with``) does not wait. The process goes on, unless
    ``Command.kill_on_drop`` was set, which kills it; either way it is reaped when it ends.

    Attributes:
        stdin, stdout, stderr: a ``ChildStdin``, ``ChildStdout`` and ``ChildStderr`` if they are piped, else None. Take
            one out (and set the attribute to None) to give it to another task.

    Source of the semantics: ``tokio::process::Child``.
    """

    def __init__(
        self,
        running: Running,
        watch: PidfdWatch | ThreadWatch,
        stdin: ChildStdin | None,
        stdout: ChildStdout | None,
        stderr: ChildStderr | None,
        kill_on_drop: bool,
        reap_on_drop: bool,
    ) -> None:
        self._running = running
        self._watch = watch
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self._kill_on_drop = kill_on_drop
        self._reap_on_drop = reap_on_drop
        self._closed = False

    @property
    def id(self) -> int | None:
        """The process's number; None once it was reaped: then the number may be another's."""
        running = self._running
        return None if running.lost or running.status is not None else running.pid

    def wait(self) -> Wait:
        """Waits until the process has ended; awaits to its ``ExitStatus``.

        First it closes ``stdin``, so that it does not wait for a process that waits for input. It can be repeated, and
        gives the same then. Cancel safe. Raises ``ChildProcessError`` if something else has reaped the process.

        A process that writes more to a pipe than fits must be read from meanwhile: see ``wait_with_output``.

        Source of the semantics: ``tokio::process::Child::wait``.
        """
        return Wait(self)

    def try_wait(self) -> ExitStatus | None:
        """Its ``ExitStatus`` if it has ended, else None. ``stdin`` stays open."""
        if not self._running.try_reap():
            return None
        self._watch.close()
        return self._running.get_status()

    def start_kill(self) -> None:
        """Sends SIGKILL, and does not wait. Nothing happens if it was reaped already."""
        self._running.send(signal.SIGKILL)

    def send_signal(self, kind: Any) -> None:
        """Sends a signal: a ``SignalKind`` or ``signal.Signals`` member, a number. Does nothing once it was reaped."""
        self._running.send(kind.as_raw_value() if isinstance(kind, SignalKind) else kind)

    async def kill(self) -> None:
        """``start_kill``, then ``wait``. Killing a process that has ended is fine. Cancel safe.

        Source of the semantics: ``tokio::process::Child::kill``.
        """
        self.start_kill()
        await self.wait()

    async def wait_with_output(self) -> Output:
        """Closes ``stdin``, reads the pipes ``stdout`` and ``stderr`` to their ends and waits; awaits to an ``Output``.

        All at the same time, so that a full pipe stops nobody. A stream that is no pipe, or was taken out, gives
        ``b""``. A grandchild that holds a pipe open is waited for. Not cancel safe: what was read is lost.

        Source of the semantics: ``tokio::process::Child::wait_with_output``.
        """
        stdout, self.stdout = self.stdout, None
        stderr, self.stderr = self.stderr, None
        try:
            status, out, err = await try_join(self.wait(), _read(stdout), _read(stderr))
        finally:
            for stream in (stdout, stderr):
                if stream is not None:
                    stream.close()
        return Output(status, out, err)

    def close(self) -> None:
        """Lets the process go, as dropping this does: closes the pipes, and kills it if ``kill_on_drop`` is set.

        It does not wait; the process is reaped when it ends. ``wait`` is possible still. Idempotent.
        """
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._kill_on_drop:
            self._running.send(signal.SIGKILL)
        if self._reap_on_drop:
            orphans.adopt(self._running, self._watch)
        else:
            self._watch.close()

    async def __aenter__(self) -> Child:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self, _is_finalizing: Any = sys.is_finalizing, _sigkill: int = signal.SIGKILL) -> None:
        if not _is_finalizing():
            self._let_go()
        elif self._kill_on_drop and not self._closed:
            try:
                self._running.send(_sigkill)
            except Exception:  # the modules that we are made of may be gone already
                pass

    def __repr__(self) -> str:
        running = self._running
        if running.status is not None:
            return f"<Child {running.status!r}>"
        return "<Child of lost status>" if running.lost else f"<Child {running.pid}>"


async def _read(stream: Any) -> bytes:
    return b"" if stream is None else await stream.read_to_end()


class Wait(Future):
    """The future of ``Child.wait``."""

    __slots__ = ("_child", "_done", "_wait")

    def __init__(self, child: Child) -> None:
        self._child = child
        self._wait: Future | None = None
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("wait() was polled after it completed: call it again")
        child = self._child
        stdin, child.stdin = child.stdin, None
        if stdin is not None:
            stdin.close()
        running = child._running
        if self._wait is None:
            self._wait = child._watch.wait()
        try:
            if self._wait.poll(cx) is PENDING:
                return PENDING
        except (OSError, RuntimeClosedError):
            # The watch is closed, because the process is reaped. But who waits takes a unit of the budget.
            if not running.try_reap():
                raise
            if not poll_proceed(cx):
                return PENDING
        self._done = True
        self.close()
        child._watch.close()
        return make_ready(running.get_status())

    def close(self) -> None:
        wait, self._wait = self._wait, None
        if wait is not None:
            wait.close()
