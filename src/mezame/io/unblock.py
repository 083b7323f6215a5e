"""Unblock: any blocking file object as a stream: its calls are made by threads of the blocking pool, one at a time.

There is at most one *job*, a call of the file in a thread. Whoever needs another waits for that one first, then looks
at what it left behind; a job outlives the await that began it, and so nothing of it is lost:

    read     kept bytes? take of them. Else a job reads at most what was asked for, and ``capacity``; its bytes are kept
    write    a job writes a copy of at most ``capacity`` bytes; the write answers at once, when the job is queued
    flush    a job flushes the file, if anything was written since the last one
    seek     a job moves the position, from where the *user* stands: before the bytes that are kept
    shut     flush; a job closes the file

What is held is so at most ``capacity`` bytes that were read, or that are written. Bytes are kept, with nobody to take
them, only after a read that was cancelled. A write then has the file set back to where the user stands, if it can be
(a *rest* job); what cannot seek has two directions that do not know each other.

Failures: that of a read is raised by the next read, that of a write by the next write, flush, seek or shutdown.
Both sides (``split`` gives them to two tasks) wait for the one job, each with a waker of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.current import current
from ..core.future import poll_fn
from ..core.poll import PENDING, make_ready
from ..core.report import report_exception
from ..core.waker import Waker
from ..errors import JoinError, RuntimeClosedError
from .async_read import READ_SIZE, AsyncRead
from .async_seek import AsyncSeek
from .async_write import AsyncWrite
from .operation import byte_count
from .read_buf import ReadBuf

_READER, _WRITER = 0, 1  # who waits
_READ, _WRITE, _FLUSH, _SEEK, _REST, _SHUT, _CALL = range(7)  # what the job is
_MANDATORY = (_WRITE, _FLUSH, _SHUT)  # a closing runtime runs these


class Unblock(AsyncRead, AsyncWrite, AsyncSeek):
    """A blocking binary file object (``gzip.open``, ``popen.stdout``, a ``RawIOBase`` of yours) as a stream.

    Args:
        file: has ``read1`` or ``read``, ``write`` and ``flush``, ``seek``: what is asked for. A text file will not do.
        capacity: bytes that one call of it reads or writes at most, and that are held; at least 1.

    One call at a time: a read that waits keeps a write waiting. Use ``mezame.fs`` for files and ``mezame.net`` for
    sockets. Every operation is cancel safe but ``write_all``, ``read_exact`` and their like: what a cancelled read
    brings is there for the next, and a cancelled write has written nothing. **Flush** or ``shutdown`` in the end: a
    failed write is told by what comes after it. Needs a runtime.

    >>> import io, mezame
    >>> from mezame.io import Unblock
    >>> async def main():
    ...     file = Unblock(io.BytesIO())
    ...     await file.write_all(b"blocking no more")
    ...     await file.rewind()
    ...     return await file.read_to_end()
    >>> mezame.run(main())
    b'blocking no more'

    Raises ``TypeError`` for a text file.

    Source of the semantics: ``smol::Unblock``.
    """

    def __init__(self, file: Any, capacity: int = READ_SIZE) -> None:
        if byte_count("Unblock: capacity", capacity) == 0:
            raise ValueError("Unblock: capacity must be at least 1 byte")
        if hasattr(file, "encoding"):
            raise TypeError(f"Unblock takes a binary file, not the text file {file!r}: give its .buffer")
        self._file = file
        self._capacity = capacity
        self._task: Any = None  # the job
        self._kind = _CALL
        self._lock = threading.Lock()
        self._wakers: list[Waker | None] = [None, None]
        self._kept: bytes | None = None  # b"": the end, which nobody has seen yet
        self._at = 0  # what of it was taken
        self._read_error: BaseException | None = None
        self._write_error: BaseException | None = None
        self._dirty = False
        self._two_ways = False
        self._seek: tuple[int, int] | None = None
        self._position = 0
        self._shut = False
        self._closed = False
        self._closer = 0  # the thread that is in ``close``, while it leaves the closing to the job

    # --- the job --------------------------------------------------------------------------------------------

    def _start(self, kind: int, function: Callable[..., Any], *args: Any) -> Any:
        handle = current().handle
        if handle is None:
            raise RuntimeError("Unblock needs a runtime: use it inside mezame.run(main()), or enter a runtime first")
        handle._check_fork()
        self._kind = kind
        self._task = handle.pool.submit(function, args, {}, f"Unblock of {self._file!r}", kind in _MANDATORY)
        self._task.add_done_callback(self._ended)
        return self._task

    def _ended(self, task: Any) -> None:
        """In the thread of the job."""
        with self._lock:
            wakers, self._wakers = self._wakers, [None, None]
        for waker in wakers:
            if waker is not None:
                waker.wake()

    def _settled(self, cx: Context, who: int) -> bool:
        """True when there is no job (any more). What it left behind has its place then."""
        task = self._task
        if task is None:
            return True
        if not task.is_finished():
            with self._lock:
                self._wakers[who] = cx.waker
            if not task.is_finished():  # else _ended may have been there before
                return False
        self._task = None  # the other side keeps its waker: _ended wakes it, sooner or later
        try:
            self._done(task.result())
        except BaseException as error:
            failure = closed_error() if isinstance(error, JoinError) else error
            if self._kind == _READ:
                self._read_error = failure
            elif self._kind != _CALL:
                self._write_error = failure
        return True

    def _done(self, value: Any) -> None:
        """The job ended well."""
        kind = self._kind
        if kind == _READ:
            self._kept, self._at = value, 0
        elif kind == _SEEK:
            self._position = value
            self._kept = None
        elif kind == _REST:
            if value:
                self._kept = None
            else:
                self._two_ways = True
        elif kind == _FLUSH:
            self._dirty = False
        elif kind == _SHUT:
            self._shut = True

    def _raise_write_error(self) -> None:
        error, self._write_error = self._write_error, None
        if error is not None:
            self._seek = None
            raise error

    def _check(self) -> None:
        if self._closed:
            raise ValueError("this Unblock was closed")

    def _ahead(self) -> int:
        """How many bytes were read and not taken."""
        return 0 if self._kept is None else len(self._kept) - self._at

    # --- reading --------------------------------------------------------------------------------------------

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        self._check()
        if buf.remaining() == 0:
            return make_ready(None)
        if not poll_proceed(cx):
            return PENDING
        while True:
            if not self._settled(cx, _READER):
                refund()
                return PENDING
            if self._read_error is not None:
                error, self._read_error = self._read_error, None
                raise error
            if self._kept is not None:
                part = memoryview(self._kept)[self._at : self._at + buf.remaining()]
                buf.put_slice(part)
                self._at += len(part)
                if self._at == len(self._kept):
                    self._kept = None
                return make_ready(None)
            self._start(_READ, read_some, self._file, min(buf.remaining(), self._capacity))

    # --- writing --------------------------------------------------------------------------------------------

    def poll_write(self, cx: Context, data: Any) -> Any:
        self._check()
        if not poll_proceed(cx):
            return PENDING
        if not self._rests(cx):
            refund()
            return PENDING
        part = bytes(data[: self._capacity])
        if part:
            self._dirty = True
            self._start(_WRITE, write_whole, self._file, part)
        return make_ready(len(part))

    def _rests(self, cx: Context) -> bool:
        """True when there is no job, and the file stands where the user does. Raises the error of a write."""
        while True:
            if not self._settled(cx, _WRITER):
                return False
            self._raise_write_error()
            if self._two_ways or not self._ahead():
                return True
            self._start(_REST, set_back, self._file, self._ahead())

    def poll_flush(self, cx: Context) -> Any:
        self._check()
        while True:
            if not self._settled(cx, _WRITER):
                return PENDING
            self._raise_write_error()
            if not self._dirty:
                return make_ready(None)
            self._start(_FLUSH, flush, self._file)

    def poll_shutdown(self, cx: Context) -> Any:
        while not self._shut:
            if self.poll_flush(cx) is PENDING:
                return PENDING
            if not self._shut:
                self._start(_SHUT, self._file.close)
        return make_ready(None)

    # --- moving ---------------------------------------------------------------------------------------------

    def start_seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        self._check()
        if self._seek is not None:
            raise OSError("a seek of this Unblock is under way: wait for it with poll_complete")
        self._seek = (offset, whence)

    def poll_complete(self, cx: Context) -> Any:
        self._check()
        if not self._settled(cx, _WRITER):
            return PENDING
        self._raise_write_error()
        seek = self._seek
        if seek is None:
            return make_ready(self._position)
        offset, whence = seek
        self._start(_SEEK, move, self._file, offset - self._ahead() if whence == os.SEEK_CUR else offset, whence)
        self._seek = None
        return self.poll_complete(cx)

    # --- the file -------------------------------------------------------------------------------------------

    async def with_mut(self, function: Callable[[Any], Any]) -> Any:
        """Calls ``function(file)`` in a thread, after what was written; awaits to what it returns.

        Cancelled, it ends the wait; the call goes on, and what follows waits for it.

        >>> import io, mezame
        >>> from mezame.io import Unblock
        >>> mezame.run(Unblock(io.BytesIO(b"abc")).with_mut(lambda file: file.getbuffer().nbytes))
        3

        Source of the semantics: ``smol::Unblock::with_mut``.
        """
        await poll_fn(lambda cx: make_ready(None) if self._rests(cx) else PENDING)
        self._check()
        self._start(_CALL, function, self._file)
        task = self._task
        try:
            return await task
        except JoinError as error:
            raise closed_error() from error

    async def into_inner(self) -> Any:
        """Awaits to the file object, when no call of it is under way and all is written: this object is closed then.

        Cancel safe.

        Source of the semantics: ``smol::Unblock::into_inner``.
        """
        await self.flush()
        await poll_fn(lambda cx: make_ready(None) if self._rests(cx) else PENDING)
        self._closed = True
        return self._file

    def close(self) -> None:
        """Gives the file up: a thread closes it, after the call that is under way.

        Await ``shutdown`` instead where it matters when, and whether what was written has arrived. Idempotent.
        """
        if self._closed:
            return
        self._closed = True
        self._kept = None
        if self._shut:
            return
        if self._task is None or self._task.is_finished():
            self._close_in_a_thread()
            return
        self._closer = threading.get_ident()
        self._task.add_done_callback(self._close_after)
        self._closer = 0

    def _close_after(self, task: Any) -> None:
        """In the thread of the job; in that of ``close``, if the job ended just before it could leave this behind."""
        if self._closer == threading.get_ident():
            self._close_in_a_thread()
        else:
            close_file(self._file)

    def _close_in_a_thread(self) -> None:
        if current().handle is None or self._start(_SHUT, close_file, self._file).cancelled():
            close_file(self._file)

    def __del__(self) -> None:
        error = getattr(self, "_write_error", None)
        if error is not None:
            report_exception(f"a write to {self._file!r} failed, and nobody looked", error)

    def __repr__(self) -> str:
        return f"<Unblock of {self._file!r}>"


# --- in a thread ------------------------------------------------------------------------------------------------------


def read_some(file: Any, size: int) -> bytes:
    """At most ``size`` bytes, with one call to the system if the file can do that; ``b""`` at the end."""
    read: Any = getattr(file, "read1", None) or file.read
    data = read(size)
    if data is None:
        raise BlockingIOError(f"reading {file!r} would block: use AsyncFd for what is non-blocking")
    if len(data) > size:
        raise OSError(f"{file!r} was asked for {size} bytes and gave {len(data)}")
    return bytes(data)


def write_whole(file: Any, data: bytes) -> None:
    """All of ``data``: a raw file may take less at a time."""
    view = memoryview(data)
    while len(view):
        count = file.write(view)
        if count is None:
            raise BlockingIOError(f"writing to {file!r} would block: use AsyncFd for what is non-blocking")
        if count == 0:
            raise OSError(f"{file!r} takes no more bytes")
        view = view[count:]


def flush(file: Any) -> None:
    """Flushes what can be flushed."""
    function = getattr(file, "flush", None)
    if function is not None:
        function()


def move(file: Any, offset: int, whence: int) -> int:
    """Seeks; the new position."""
    position = file.seek(offset, whence)
    return int(file.tell() if position is None else position)


def set_back(file: Any, count: int) -> bool:
    """Undoes the reading of ``count`` bytes. False: this file cannot seek."""
    seekable = getattr(file, "seekable", None)
    if seekable is None or not seekable():
        return False
    file.seek(-count, os.SEEK_CUR)
    return True


def close_file(file: Any) -> None:
    """Closes it; a failure is reported."""
    try:
        file.close()
    except Exception as error:
        report_exception(f"closing {file!r} failed", error)


def closed_error() -> RuntimeClosedError:
    """What is raised for a call that no thread will run any more."""
    return RuntimeClosedError("the runtime was closed before this call of the file had begun")
