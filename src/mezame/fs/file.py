"""File: an open file as a stream of bytes with a position. What it does and when is in ``lane.py``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from io import FileIO
from typing import TYPE_CHECKING, Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.future import Future, ready
from ..core.poll import PENDING, make_ready
from ..io.async_read import READ_SIZE, AsyncRead
from ..io.async_seek import WHENCES, AsyncSeek
from ..io.async_write import AsyncWrite
from ..io.operation import as_bytes, byte_count
from ..io.read_buf import ReadBuf
from .descriptor import Descriptor
from .lane import Lane, closed_error
from .reading import Read, ReadExact, ReadInto, ReadToEnd
from .step import LATER, Call, Close, Detach, Flush, Seek, Sync
from .writing import Write, WriteAll

if TYPE_CHECKING:
    from .open_options import Opening, OpenOptions


class File(AsyncRead, AsyncWrite, AsyncSeek):
    """An open file.

    Get one with ``await File.open(path)``, ``File.create(path)``, ``mezame.fs.open(path, mode)``, or ``File.from_std``.
    Close it with ``close()`` or ``async with``; dropping the last reference closes it too.

    All operations run on the blocking pool, one at a time per file, in the order in which they were begun. A write is
    done when its bytes are queued: ``flush`` waits until they are in the file, and what failed is raised by the next
    ``write``, ``flush``, ``sync_all`` or ``close`` (if there is none, it is reported, like the failure of a task). A
    queued write is carried out also if the file is dropped or the runtime closed. Reads are buffered. Use a file from
    any number of tasks and threads; its position is one.

    >>> import mezame, os, tempfile
    >>> from mezame.fs import File
    >>> async def main(path):
    ...     async with await File.create(path) as file:
    ...         await file.write_all(b"hello, world")
    ...     async with await File.open(path) as file:
    ...         await file.seek(7)
    ...         return await file.read()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mezame.run(main(os.path.join(folder, "greeting")))
    b'world'

    Source of the semantics: ``tokio::fs::File``.
    """

    __slots__ = ("__weakref__", "_closed", "_flushing", "_lane", "_position", "_reading", "_seeking", "_token")

    _lane: Lane
    _closed: bool
    _token: object  # names this handle where it waits to write
    _position: int  # what poll_complete answers
    _reading: Read | None  # of poll_read
    _flushing: Flush | None
    _seeking: Seek | None

    def __init__(self) -> None:
        raise TypeError("a File is opened: await mezame.fs.File.open(path), File.create(path) or mezame.fs.open(...)")

    # --- opening --------------------------------------------------------------------------------------------

    @staticmethod
    def open(path: Any) -> Opening:
        """Opens a file for reading; awaits to a ``File``. ``async with File.open(path) as file:`` works too.

        Raises ``FileNotFoundError`` and other ``OSError``. Cancel safe.

        Source of the semantics: ``tokio::fs::File::open``.
        """
        return File.options().read(True).open(path)

    @staticmethod
    def create(path: Any) -> Opening:
        """Opens a file for writing; makes it if it does not exist, empties it if it does. Awaits to a ``File``.

        Source of the semantics: ``tokio::fs::File::create``.
        """
        return File.options().write(True).create(True).truncate(True).open(path)

    @staticmethod
    def create_new(path: Any) -> Opening:
        """Makes a file and opens it for reading and writing. Raises ``FileExistsError`` if it exists.

        Source of the semantics: ``tokio::fs::File::create_new``.
        """
        return File.options().read(True).write(True).create_new(True).open(path)

    @staticmethod
    def options() -> OpenOptions:
        """New ``OpenOptions``.

        Source of the semantics: ``tokio::fs::File::options``.
        """
        from .open_options import OpenOptions

        return OpenOptions()

    @staticmethod
    def from_std(file: Any) -> File:
        """Takes over a ``FileIO`` (what the builtin ``open(path, "rb", buffering=0)`` gives), or a descriptor.

        Raises ``TypeError`` for a buffered or a text file, which may hold bytes back: give its ``detach()``.

        Source of the semantics: ``tokio::fs::File::from_std``.
        """
        if isinstance(file, FileIO):
            mode = file.mode.replace("b", "").replace("a", "w").replace("x", "w").replace("w+", "r+")
            return make_file(Descriptor(file.fileno(), file.name, mode, file))
        if not isinstance(file, int) or isinstance(file, bool):
            raise TypeError(f"from_std needs an unbuffered file (FileIO) or a descriptor, not {file!r}; see detach()")
        os.fstat(file)  # raises OSError if it is not open
        return make_file(Descriptor(file, file, "r+"))

    # --- reading --------------------------------------------------------------------------------------------

    def read(self, limit: int = READ_SIZE) -> Future:
        """Awaits to between 1 and ``limit`` bytes; ``b""`` at the end of the file. Cancel safe: no byte is lost.

        Small reads of a plain file are served from a buffer.

        Source of the semantics: ``tokio::io::AsyncReadExt::read``.
        """
        lane = self._ready()
        return Read(lane, limit) if byte_count("read: limit", limit) else ready(b"")

    def read_into(self, buffer: Any) -> Any:
        """Reads into a writable buffer; awaits to the number of bytes, 0 at the end. Cancel safe."""
        if isinstance(buffer, ReadBuf):
            return AsyncRead.read_into(self, buffer)
        view = ReadBuf(buffer).unfilled()
        lane = self._ready()
        return ReadInto(lane, view) if len(view) else ready(0)

    def read_exact(self, size: int) -> Future:
        """Awaits to exactly ``size`` bytes; one job, whatever the size. Cancel safe: no byte is lost.

        Raises ``UnexpectedEof`` (with ``.partial``) if the file ends before.
        """
        lane = self._ready()
        return ReadExact(lane, size) if byte_count("read_exact: size", size) else ready(b"")

    def read_to_end(self) -> Future:
        """Awaits to all bytes up to the end; one job. Cancel safe: no byte is lost."""
        return ReadToEnd(self._ready())

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        step = self._reading
        if step is None:
            lane = self._ready()
            if not buf.remaining():
                return make_ready(None)
            step = Read(lane, buf.remaining())
        self._reading = None
        answer = step.poll(cx)
        if answer is PENDING:
            self._reading = step
            return PENDING
        data, room = answer.value, buf.remaining()
        buf.put_slice(data[:room])
        if len(data) > room:  # the buffer of the first poll was larger
            with self._lane.lock:
                step.give_back(self._lane, data[room:])
        return make_ready(None)

    # --- writing --------------------------------------------------------------------------------------------

    def write(self, data: Any) -> Future:
        """Queues ``data`` (bytes or any buffer), at most ``max_buf_size`` of it; awaits to the number of bytes.

        Waits while ``max_buf_size`` bytes are queued already. Raises what an earlier write failed with. Cancel safe:
        then nothing was queued.

        Source of the semantics: ``tokio::io::AsyncWriteExt::write``.
        """
        flat = as_bytes(data)
        lane = self._ready()
        return Write(lane, flat) if len(flat) else ready(0)

    def write_all(self, data: Any) -> Future:
        """Queues all of ``data``. Not cancel safe: of more than ``max_buf_size`` bytes a part may have been queued."""
        flat = as_bytes(data)
        return WriteAll(self._ready(), flat)

    def write_vectored(self, buffers: Iterable[Any]) -> Future:
        """``write`` of several buffers. Cancel safe."""
        return self.write(b"".join([as_bytes(data) for data in buffers]))

    def flush(self) -> Future:
        """Waits until all that was written is in the file (the system has it). Raises what a write failed with.

        Cancel safe. That it is on the disk is what ``sync_all`` waits for.

        Source of the semantics: ``tokio::io::AsyncWriteExt::flush``.
        """
        return Flush(self._ready())

    def shutdown(self) -> Future:
        """The same as ``flush``."""
        return self.flush()

    def poll_write(self, cx: Context, data: Any) -> Any:
        lane = self._ready()
        if not len(data):
            return make_ready(0)
        if not poll_proceed(cx):
            return PENDING
        size = lane.take_in(self._token, data, 0, cx)
        if size < 0:
            refund()
            return PENDING
        return make_ready(size)

    def poll_write_vectored(self, cx: Context, buffers: list[Any]) -> Any:
        return self.poll_write(cx, b"".join(buffers))

    def is_write_vectored(self) -> bool:
        """True."""
        return True

    def poll_flush(self, cx: Context) -> Any:
        step = self._flushing
        if step is None:
            step = Flush(self._ready())
        self._flushing = None
        answer = step.poll(cx)
        if answer is PENDING:
            self._flushing = step
        return answer

    def poll_shutdown(self, cx: Context) -> Any:
        return self.poll_flush(cx)

    # --- the position -----------------------------------------------------------------------------------------

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> Future:
        """Moves to ``offset`` bytes from the start (0), from here (1) or from the end (2); awaits to the new position.

        Raises ``ValueError`` for another ``whence`` or a negative position. Cancelling it stops the wait, not the move.

        Source of the semantics: ``tokio::io::AsyncSeekExt::seek``.
        """
        _check_seek(offset, whence)
        return Seek(self._ready(), offset, whence)

    def start_seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        _check_seek(offset, whence)
        lane = self._ready()
        if self._seeking is not None:
            raise OSError("a seek of this file is under way: poll_complete first")
        step = Seek(lane, offset, whence)
        step.begin()
        self._seeking = step

    def poll_complete(self, cx: Context) -> Any:
        step = self._seeking
        if step is not None:
            self._seeking = None
            answer = step.poll(cx)
            if answer is PENDING:
                self._seeking = step
                return PENDING
            self._position = answer.value
        return make_ready(self._position)

    # --- the file ---------------------------------------------------------------------------------------------

    def sync_all(self) -> Future:
        """Waits until all that was written, and what is known of the file, is on the disk (``fsync``).

        Raises what a write or the sync failed with. Cancelling it stops the wait, not the work.

        Source of the semantics: ``tokio::fs::File::sync_all``.
        """
        return Sync(self._ready(), os.fsync)

    def sync_data(self) -> Future:
        """The same without what is not needed to read the data again, such as its times (``fdatasync``).

        Source of the semantics: ``tokio::fs::File::sync_data``.
        """
        return Sync(self._ready(), getattr(os, "fdatasync", os.fsync))

    def set_len(self, size: int) -> Future:
        """Cuts the file, or fills it up with zeros, to ``size`` bytes, after the writes before it. The position stays.

        Cancelling it stops the wait, not the work.

        Source of the semantics: ``tokio::fs::File::set_len``.
        """
        byte_count("set_len: size", size)
        return Call(self._ready(), os.ftruncate, size, rest=True, reported=True)

    def metadata(self) -> Future:
        """Awaits to the ``os.stat_result`` of the file, after the writes before it.

        Source of the semantics: ``tokio::fs::File::metadata``.
        """
        return Call(self._ready(), os.fstat)

    def set_permissions(self, mode: int) -> Future:
        """Sets the permission bits, such as 0o644.

        Source of the semantics: ``tokio::fs::File::set_permissions``.
        """
        return Call(self._ready(), os.fchmod, permission_bits(mode), reported=True)

    def max_buf_size(self) -> int:
        """The most bytes of one system call, and the number of queued bytes at which writers wait; at first 2 MiB."""
        return self._lane.max_buf_size

    def set_max_buf_size(self, size: int) -> None:
        """Sets it, for all clones too. Raises ``ValueError`` below 1.

        Source of the semantics: ``tokio::fs::File::set_max_buf_size``.
        """
        if byte_count("set_max_buf_size: size", size) == 0:
            raise ValueError("set_max_buf_size: size must be at least 1, not 0")
        self._lane.max_buf_size = size

    # --- other handles ------------------------------------------------------------------------------------------

    def try_clone(self) -> Future:
        """Awaits to another ``File`` of the same open file: one position, one buffer, one queue of operations.

        The descriptor is closed with the last of them.

        Source of the semantics: ``tokio::fs::File::try_clone``.
        """
        lane = self._ready()
        with lane.lock:
            lane.handles += 1
        return ready(_file_on(lane))

    async def into_std(self) -> FileIO:
        """Waits for the operations before it, then gives the file away as a ``FileIO``; this ``File`` is closed then.

        If there are clones it is a duplicate, with the same position. Raises what a write failed with; the file stays
        ours then. Not cancel safe: the file may be closed.

        Source of the semantics: ``tokio::fs::File::into_std``.
        """
        await self.flush()
        lane = self._ready()
        with lane.lock:
            detach = Detach(lane, self._release())
        file: FileIO = await detach
        return file

    def try_into_std(self) -> FileIO:
        """``into_std`` without waiting. Raises ``BlockingIOError`` if an operation is under way.

        Source of the semantics: ``tokio::fs::File::try_into_std``.
        """
        lane = self._ready()
        with lane.lock:
            if lane.pending:
                raise BlockingIOError("operations of this file are under way: await into_std()")
            error = lane.take_error()
            if error is not None:
                raise error
            detach = Detach(lane, self._release())
        return detach.run(lane)

    def fileno(self) -> int:
        """The descriptor, -1 once closed."""
        return -1 if self._closed else self._lane.descriptor.fd

    @property
    def name(self) -> Any:
        """The path that it was opened with."""
        return self._lane.descriptor.name

    # --- closing ------------------------------------------------------------------------------------------------

    def close(self) -> Any:
        """Closes the file when the operations before it are done, and returns at once. Idempotent; from any thread.

        Awaiting what it returns is optional: it waits for that, and raises what a write failed with.
        """
        lane = self._lane
        with lane.lock:
            last = not self._closed and self._release()
        step = Close(lane, last)
        if step.begin() is LATER:
            return step
        if last:  # nothing is queued, and nothing can be any more: no job is needed
            step.close_now()
        return Close(lane, False)

    def _release(self) -> bool:
        """Under the lock: this handle takes no operations any more. True if it was the last one."""
        lane = self._lane
        self._closed = True
        lane.handles -= 1
        lane.closed = lane.handles == 0
        return lane.closed

    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._closed

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        closing = self.close()
        if kind is None:
            await closing
        else:  # what it failed with is not more important than what we leave with; it is reported
            closing.quiet = True
            await closing

    def _ready(self) -> Lane:
        """The lane, for a new operation. Raises ``OSError`` (EBADF) after the close."""
        if self._closed:
            raise closed_error()
        reading = self._reading
        if reading is not None:  # a poll_read that was given up: this operation begins where it would have begun
            self._reading = None
            waker = reading.drop()
            if waker is not None:  # or was it not given up? it begins again
                waker.wake()
        return self._lane

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):  # it may be half made
            with self._lane.lock:
                self._release()

    def __repr__(self) -> str:
        return f"<File {self.name!r}{' closed' if self._closed else ''}>"


def _file_on(lane: Lane) -> File:
    file = File.__new__(File)
    file._lane = lane
    file._closed = False
    file._token = object()
    file._position = 0
    file._reading = file._flushing = file._seeking = None
    return file


def make_file(descriptor: Descriptor) -> File:
    """A ``File`` that owns ``descriptor``."""
    return _file_on(Lane(descriptor))


def permission_bits(mode: Any) -> int:
    """``mode`` as permission bits. Raises ``TypeError`` or ``ValueError`` with it."""
    if not isinstance(mode, int) or isinstance(mode, bool):
        raise TypeError(f"permissions are a number such as 0o644, not {mode!r}")
    if not 0 <= mode <= 0o7777:
        raise ValueError(f"permissions are a number from 0 to 0o7777, not {oct(mode)}")
    return mode


def _check_seek(offset: Any, whence: Any) -> None:
    if whence not in WHENCES:
        raise ValueError(f"seek: whence must be 0 (start), 1 (here) or 2 (end), not {whence!r}")
    if not isinstance(offset, int) or isinstance(offset, bool):
        raise TypeError(f"seek: offset must be a number of bytes, not {offset!r}")
    if whence == os.SEEK_SET and offset < 0:
        raise ValueError(f"seek: {offset!r} is before the start of the file")
