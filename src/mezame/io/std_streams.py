"""stdin, stdout, stderr: the process's own streams, through threads of the blocking pool.

They may be files, terminals or pipes that other processes share; so they are not made non-blocking, and each call is a
blocking job. One job at a time per object:

    read    no bytes kept? start a job; wait for it. Its bytes stay here if the read was cancelled meanwhile.
    write   wait for the job before (it raises what that one met); start a job with a copy; return at once.
    flush   wait for the job.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from typing import Any

from ..core.context import Context
from ..core.future import into_future
from ..core.poll import PENDING, make_ready
from ..runtime.blocking import spawn_blocking
from .async_read import READ_SIZE, AsyncRead
from .async_write import AsyncWrite
from .read_buf import ReadBuf

MAX_JOB = 2 * 1024 * 1024  # bytes of one write job, as in tokio

_locks: dict[int, threading.Lock] = {}  # one write job at a time on a descriptor, so that pieces are not mixed


def _read_job(fd: int) -> bytes:
    while True:
        try:
            return os.read(fd, READ_SIZE)
        except BlockingIOError:  # somebody made it non-blocking: for us it blocks
            _wait(fd, select.POLLIN)


def _write_job(fd: int, data: bytes) -> None:
    with _locks.setdefault(fd, threading.Lock()), memoryview(data) as view:
        at = 0
        while at < len(data):
            try:
                at += os.write(fd, view[at:])
            except BlockingIOError:
                _wait(fd, select.POLLOUT)


def _wait(fd: int, events: int) -> None:
    poll = select.poll()
    poll.register(fd, events)
    poll.poll()


def whole_characters(data: Any, limit: int) -> Any:
    """``data`` cut to at most ``limit`` bytes, but not within a UTF-8 character (if it is UTF-8)."""
    if len(data) <= limit:
        return data
    end = limit
    while end > limit - 4 and end > 0 and data[end] & 0xC0 == 0x80:  # what follows the cut goes on with a character
        end -= 1
    return data[: end if end > limit - 4 and end > 0 else limit]


class _Job:
    """The job in progress of one stream, if there is one."""

    __slots__ = ("_join",)

    def __init__(self) -> None:
        self._join: Any = None

    def start(self, name: str, function: Any, *args: Any) -> None:
        self._join = into_future(spawn_blocking(function, *args, name=name))

    def is_there(self) -> bool:
        return self._join is not None

    def poll(self, cx: Context) -> Any:
        join, self._join = self._join, None
        if join is None:
            return make_ready(None)
        answer = join.poll(cx)
        if answer is PENDING:
            self._join = join
        return answer


class Stdin(AsyncRead):
    """The standard input. From ``stdin()``. Use one object for all reads: each has its own buffer.

    Source of the semantics: ``tokio::io::Stdin``.
    """

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd
        self._job = _Job()
        self._kept = memoryview(b"")

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        if buf.remaining() == 0:
            return make_ready(None)
        if not len(self._kept):
            if not self._job.is_there():
                self._job.start("stdin", _read_job, self._fd)
            answer = self._job.poll(cx)
            if answer is PENDING:
                return PENDING
            self._kept = memoryview(answer.value)
        part = self._kept[: buf.remaining()]
        buf.put_slice(part)
        self._kept = self._kept[len(part) :]
        return make_ready(None)


class StdWriter(AsyncWrite):
    """The standard output or error. From ``stdout()`` and ``stderr()``.

    Source of the semantics: ``tokio::io::Stdout``, ``tokio::io::Stderr``.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._job = _Job()

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def poll_write(self, cx: Context, data: Any) -> Any:
        if self._job.poll(cx) is PENDING:
            return PENDING
        part = bytes(whole_characters(data, MAX_JOB))
        if part:
            self._job.start("stdout" if self._fd == 1 else "stderr", _write_job, self._fd, part)
        return make_ready(len(part))

    def poll_flush(self, cx: Context) -> Any:
        answer = self._job.poll(cx)
        return PENDING if answer is PENDING else make_ready(None)

    def poll_shutdown(self, cx: Context) -> Any:
        return self.poll_flush(cx)


def stdin() -> Stdin:
    """The standard input, for ``read``, or ``BufReader(stdin()).lines()``.

    A thread does the reads. It cannot be cancelled: a runtime that is closed while a read waits, waits for the next
    line with it (``shutdown_timeout`` and ``shutdown_background`` do not). What it reads after its read was cancelled
    is given to the next one. Bytes that ``sys.stdin`` or ``input()`` have in their buffers are not seen here.

    >>> mezame.io.stdin().fileno()
    0

    Source of the semantics: ``tokio::io::stdin``.
    """
    return Stdin()


def stdout() -> StdWriter:
    """The standard output. A thread does the writes: a write returns when it is queued, and the error of one is raised
    by the next, or by ``flush``. **Flush it** before the runtime ends. Writes are not cut within a UTF-8 character.

    What ``print`` has in its buffer is flushed now; later, mind the order yourself.

    >>> mezame.io.stdout().fileno()
    1

    Source of the semantics: ``tokio::io::stdout``.
    """
    if sys.stdout is not None:
        sys.stdout.flush()
    return StdWriter(1)


def stderr() -> StdWriter:
    """The standard error; see ``stdout``.

    Source of the semantics: ``tokio::io::stderr``.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    return StdWriter(2)
