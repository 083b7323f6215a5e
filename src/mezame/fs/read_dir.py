"""ReadDir: the entries of a folder, 32 a job.

    waiting: a job fetches 32 entries, or as many as there are, and perhaps an error behind them
    filled:  they are given out one by one, then the error
    ended:   the job saw the end, or an error was raised, or it was closed

``_job`` is the fetch under way; a ``next_entry`` that is dropped leaves it there, and the next one goes on with it: so
no entry is lost. What the job works on, the system's handle, is used by one job at a time; a close while one is at
work is done by that job.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.future import Future, ready
from ..core.poll import PENDING, make_ready
from .job import Job, path_of

if TYPE_CHECKING:
    from .path import Path

BATCH = 32


class FileType:
    """What an entry is. Links are not followed.

    Source of the semantics: ``std::fs::FileType``.
    """

    __slots__ = ("_kind",)

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def is_file(self) -> bool:
        """True for a plain file."""
        return self._kind == "file"

    def is_dir(self) -> bool:
        """True for a folder."""
        return self._kind == "dir"

    def is_symlink(self) -> bool:
        """True for a symbolic link."""
        return self._kind == "symlink"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileType) and other._kind == self._kind

    def __hash__(self) -> int:
        return hash(self._kind)

    def __repr__(self) -> str:
        return f"<FileType {self._kind}>"


def type_of(entry: os.DirEntry[Any]) -> FileType | OSError:
    """Blocks, but rarely: most file systems say it with the name."""
    try:
        if entry.is_symlink():
            return FileType("symlink")
        if entry.is_dir(follow_symlinks=False):
            return FileType("dir")
        return FileType("file" if entry.is_file(follow_symlinks=False) else "other")
    except OSError as error:
        return error


class DirEntry:
    """One entry of a folder; an ``os.PathLike``.

    Source of the semantics: ``tokio::fs::DirEntry``.
    """

    __slots__ = ("_entry", "_type")

    def __init__(self, entry: os.DirEntry[Any], kind: FileType | OSError) -> None:
        self._entry = entry
        self._type = kind

    @property
    def path(self) -> Path:
        """The folder's path, as it was given, with the name."""
        from .path import Path

        return Path(os.fsdecode(self._entry.path))

    @property
    def file_name(self) -> str:
        """The name alone."""
        return os.fsdecode(self._entry.name)

    @property
    def ino(self) -> int:
        """The number of the inode."""
        return self._entry.inode()

    def file_type(self) -> Future:
        """Awaits to the ``FileType``, which is known already. Raises ``OSError`` if it could not be found out."""
        if isinstance(self._type, OSError):
            raise self._type
        return ready(self._type)

    def metadata(self) -> Job:
        """Awaits to the ``os.stat_result`` of the entry; a link is not followed."""
        return Job(os.lstat, self._entry.path)

    def __fspath__(self) -> Any:
        return self._entry.path

    def __repr__(self) -> str:
        return f"<DirEntry {self._entry.name!r}>"


class Scan:
    """The system's side of a ``ReadDir``: blocks."""

    __slots__ = ("_busy", "_closed", "_iterator", "_lock")

    def __init__(self, path: Any) -> None:
        self._lock = threading.Lock()
        self._busy = self._closed = False
        self._iterator = os.scandir(path)

    def fetch(self) -> tuple[list[DirEntry], bool, OSError | None]:
        """(entries, was it the end, the error behind them)."""
        with self._lock:
            if self._closed:
                return [], True, None
            self._busy = True
        found: list[DirEntry] = []
        end, failure = False, None
        try:
            while len(found) < BATCH:
                entry = next(self._iterator, None)
                if entry is None:
                    end = True
                    break
                found.append(DirEntry(entry, type_of(entry)))
        except OSError as error:
            end, failure = True, error
        with self._lock:
            self._busy = False
            close = self._closed or end
        if close:
            self._iterator.close()
        return found, end, failure

    def close(self) -> None:
        """Now, or at the end of the fetch that is at work."""
        with self._lock:
            self._closed = True
            busy = self._busy
        if not busy:
            self._iterator.close()

    def __del__(self) -> None:
        iterator = getattr(self, "_iterator", None)
        if iterator is not None:
            iterator.close()


def open_scan(path: Any) -> Any:
    """The first job: opens the folder and fetches the first entries."""
    scan = Scan(path)
    return scan, scan.fetch()


class ReadDir(Future):
    """The entries of a folder, in no particular order: an async iterator; made by ``read_dir``.

    Awaiting it opens the folder and gives the object itself; ``async for`` and ``next_entry`` do so by themselves. One
    task at a time. Close it with ``close()`` or ``async with``, or read it to its end.

    Source of the semantics: ``tokio::fs::ReadDir``.
    """

    __slots__ = ("_closed", "_ended", "_entries", "_failure", "_job", "_path", "_scan")

    def __init__(self, path: Any) -> None:
        self._path = path
        self._entries: deque[DirEntry] = deque()
        self._scan: Scan | None = None
        self._job: Job | None = None
        self._failure: OSError | None = None
        self._ended = False
        self._closed = False

    def poll(self, cx: Context) -> Any:
        """``Poll.Ready(self)`` once the folder is open. It may be awaited again."""
        self._check()
        if self._scan is None and not self._ended and self._poll_fetch(cx) is PENDING:
            return PENDING
        return make_ready(self)

    def _check(self) -> None:
        if self._closed:
            raise OSError(errno.EBADF, "this read_dir was closed")

    def _poll_fetch(self, cx: Context) -> Any:
        job = self._job
        if job is None:
            job = Job(open_scan, self._path) if self._scan is None else Job(self._scan.fetch)
            self._job = job
        try:
            answer = job.poll(cx)
        except BaseException:
            self._job = None
            self._ended = True
            raise
        if answer is PENDING:
            return PENDING
        self._job = None
        if self._scan is None:
            self._scan, batch = answer.value
        else:
            batch = answer.value
        found, self._ended, self._failure = batch
        self._entries.extend(found)
        return answer

    def poll_next_entry(self, cx: Context) -> Any:
        """``Poll.Ready(DirEntry)``, ``Poll.Ready(None)`` at the end, or Pending.

        Source of the semantics: ``tokio::fs::ReadDir::poll_next_entry``.
        """
        self._check()
        if not poll_proceed(cx):
            return PENDING
        while not self._entries:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            if self._ended:
                return make_ready(None)
            if self._poll_fetch(cx) is PENDING:
                refund()
                return PENDING
        return make_ready(self._entries.popleft())

    def next_entry(self) -> NextEntry:
        """Awaits to the next ``DirEntry``, or None at the end. Cancel safe: no entry is lost.

        Source of the semantics: ``tokio::fs::ReadDir::next_entry``.
        """
        return NextEntry(self)

    def __aiter__(self) -> ReadDir:
        return self

    async def __anext__(self) -> DirEntry:
        entry: DirEntry | None = await self.next_entry()
        if entry is None:
            raise StopAsyncIteration
        return entry

    async def __aenter__(self) -> ReadDir:
        await self
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def close(self) -> None:
        """Gives the folder up; what is asked of it later raises ``OSError``. Idempotent."""
        self._closed = True
        self._entries.clear()
        self._failure = None
        job, self._job = self._job, None
        if job is not None:
            job.close()
        if self._scan is not None:
            self._scan.close()

    def __repr__(self) -> str:
        return f"<ReadDir {self._path!r}>"


class NextEntry(Future):
    """The future of ``next_entry``."""

    __slots__ = ("_done", "_folder")

    def __init__(self, folder: ReadDir) -> None:
        self._folder = folder
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("next_entry() was polled after it completed or was closed: call it again")
        self._done = True
        answer = self._folder.poll_next_entry(cx)
        if answer is PENDING:
            self._done = False
        return answer

    def close(self) -> None:
        self._done = True


def read_dir(path: Any) -> ReadDir:
    """The entries of a folder, without "." and "..": ``async for entry in mezame.fs.read_dir(path):``.

    ``await`` it to have the errors of opening before the loop. 32 entries are fetched by one job.

    >>> import mezame, tempfile
    >>> async def main(folder):
    ...     for name in ("a", "b", "c"):
    ...         await mezame.fs.write(f"{folder}/{name}", name)
    ...     return sorted([entry.file_name async for entry in mezame.fs.read_dir(folder)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mezame.run(main(folder))
    ['a', 'b', 'c']

    Source of the semantics: ``tokio::fs::read_dir``.
    """
    return ReadDir(path_of("read_dir", path))
