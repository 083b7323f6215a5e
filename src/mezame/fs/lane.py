"""Lane: the operations of one file, in call order, one at a time, on the blocking pool.

Each call on a ``File`` is a ``Step``. It is queued in the file's lane, and one job of the pool (mandatory: a closing
runtime runs it) does one step after the other until the queue is empty. So what depends on order, a write and the seek
after it, keeps its order without anybody waiting, and many short steps are one visit to a thread.

    idle  --push--> working (a job is submitted) --the queue is empty--> idle

    step: fresh --push--> queued --the job--> done --poll--> taken
                            |                   |
                            close: dropped      close: dropped; a read gives its bytes back

Under the lane's lock, which is held for a few field accesses and never during a system call or a wake:

* ``pending`` counts the steps that are queued or at work. It is 0 exactly if the file's position and its read-ahead
  are at rest: then a read may be served from the read-ahead at once.
* the read-ahead is what was read from the file and given to nobody; the system's position is behind it. A step that
  needs the true position first sets it back by that length (``rest_at``).
* a step that ends is marked done and ``pending`` falls in one go; its waker is called after the unlock.

Writing: ``take_in`` copies the data and answers at once; the bytes wait in a ``WriteStep`` at the end of the queue,
which takes more of them as long as no other step is behind it and the job has not come to it: so small writes become
few large ones. At ``max_buf_size`` unwritten bytes writers wait. If a write fails, ``error`` is set, and the writes
that are already queued are dropped: nothing is written behind a gap. The next write, flush, sync or close raises it;
if there is none, it is reported when the lane goes.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.report import report_exception
from ..core.waker import Waker
from .descriptor import Descriptor
from .job import runtime_closed, submit

MAX_BUF_SIZE = 2 * 1024 * 1024  # bytes of one system call, as in tokio
READ_AHEAD = 128 * 1024  # bytes that a small read takes from a plain file: the kernel reads that much ahead, too


class Lane:
    """The queue of one open file, shared by its ``File`` and all clones of that."""

    def __init__(self, descriptor: Descriptor) -> None:
        self.error: BaseException | None = None
        self.lock = threading.RLock()  # a finaliser may drop a File, or a step, at any point of ours
        self.descriptor = descriptor
        self.max_buf_size = MAX_BUF_SIZE
        self.handles = 1  # Files that are open on it
        self.pending = 0
        self.changes = 0  # counts what moved the position
        self.closed = False  # nothing is queued any more
        self.unwritten = 0
        self.room: dict[Any, Waker] = {}  # who waits to write
        self._queue: deque[Any] = deque()
        self._working = False
        self._ahead: bytes = b""
        self._at = 0

    # --- the queue ------------------------------------------------------------------------------------------

    def push(self, step: Any) -> bool:
        """Queues ``step``. False: it is over already, because the runtime is closed.

        Raises ``OSError`` (EBADF) after the close, and ``RuntimeError`` where a job is needed and there is no runtime;
        nothing is queued then. A close needs none: outside of a runtime this thread may block, and does the work.
        """
        with self.lock:
            if self.closed and not step.after_close:
                raise closed_error()
            self._queue.append(step)
            self.pending += 1
            if self._working:
                return True
            self._working = True
        return self._start(step)

    def _start(self, step: Any) -> bool:
        if step.in_place and current().handle is None:
            self._work()
            return True
        try:
            task = submit("File", self._work, (), True)
        except BaseException as error:
            with self.lock:
                self._queue.remove(step)
                self.pending -= 1
            self._fail_all(error)  # those that others queued meanwhile, trusting in this job
            raise
        if task.cancelled():  # refused: the pool is closed
            self._fail_all(runtime_closed())
            return False
        return True

    def _work(self) -> None:
        """The job: one step after the other."""
        while True:
            with self.lock:
                if not self._queue:
                    self._working = False
                    return
                step = self._queue.popleft()
            value = failure = None
            try:
                value = step.run(self)
            except BaseException as error:
                failure = error
            self._settle(step, value, failure)

    def _settle(self, step: Any, value: Any, failure: BaseException | None) -> None:
        with self.lock:
            self.pending -= 1
            wakers = step.settle(self, value, failure)
        for waker in wakers:
            waker.wake()

    def _fail_all(self, failure: BaseException) -> None:
        with self.lock:
            steps = list(self._queue)
            self._queue.clear()
            self._working = False
        for step in steps:
            self._settle(step, None, failure)

    # --- the read-ahead: under the lock -----------------------------------------------------------------------

    def ahead(self) -> int:
        """How many bytes were read and given to nobody."""
        return len(self._ahead) - self._at

    def take_ahead(self, size: int) -> bytes:
        """At most ``size`` of them, taken out."""
        at = self._at
        data = self._ahead[at : at + size]
        if at + size >= len(self._ahead):
            self._ahead, self._at = b"", 0
        else:
            self._at = at + size
        return data

    def store(self, data: bytes, at: int) -> None:
        """``data`` was read, and is given away up to ``at``: the rest is the read-ahead, which was empty."""
        if at < len(data):
            self._ahead, self._at = data, at

    def put_back(self, data: bytes) -> None:
        """Puts bytes in front of it."""
        if data:
            self._ahead = data + self._ahead[self._at :] if self.ahead() else data
            self._at = 0

    # In the job, without the lock:

    def move(self) -> bytes:
        """The position is about to change: all of the read-ahead, taken out."""
        with self.lock:
            self.changes += 1
            return self.take_ahead(self.ahead())

    def rest_at(self) -> None:
        """The system's position becomes the one that the user knows."""
        ahead = self.move()
        if ahead:
            self.seek_or_put_back(ahead, -len(ahead), os.SEEK_CUR)

    def seek_or_put_back(self, ahead: bytes, offset: int, whence: int) -> int:
        """Sets the system's position; if it cannot, ``ahead`` is what comes next as before."""
        try:
            return os.lseek(self.descriptor.fd, offset, whence)
        except BaseException:
            with self.lock:
                self.put_back(ahead)
            raise

    # --- writing ----------------------------------------------------------------------------------------------

    def take_in(self, key: Any, data: Any, start: int, cx: Context) -> int:
        """Queues some of ``data`` (bytes or a flat view) from ``start`` on; how many bytes. -1: no room, wait.

        Raises what an earlier write failed with. ``key`` names the writer, for ``leave``.
        """
        step = None
        with self.lock:
            error = self._take_error()
            if error is None:
                if self.unwritten >= self.max_buf_size:
                    self.room[key] = cx.waker
                    return -1
                self.room.pop(key, None)
                size = min(len(data) - start, self.max_buf_size)
                piece = data
                if type(data) is not bytes:
                    piece = bytes(data[start : start + size])
                elif size < len(data):
                    piece = memoryview(data)[start : start + size]
                self.unwritten += size
                last = self._queue[-1] if self._queue else None
                if type(last) is WriteStep:
                    last.add(piece, size)
                    return size
                step = WriteStep(piece, size)
        if error is not None:
            raise error
        assert step is not None
        try:
            taken = self.push(step)
        except BaseException:
            with self.lock:
                self.unwritten -= size
            raise
        if not taken:
            self.take_error()
            raise runtime_closed()
        return size

    def leave(self, key: Any) -> None:
        """The writer waits no more."""
        with self.lock:
            self.room.pop(key, None)

    def _take_error(self) -> BaseException | None:
        error, self.error = self.error, None
        return error

    def take_error(self) -> BaseException | None:
        """The failure of a write that nobody has seen yet; from now on it is seen."""
        with self.lock:
            return self._take_error()

    def drop_writes(self) -> None:
        """Under the lock, after a failed write: those behind it are not written."""
        for step in self._queue:
            if type(step) is WriteStep:
                step.drop(self)

    def __del__(self) -> None:
        error = self.error
        if error is not None:
            report_exception(
                f"a queued write to the file {self.descriptor.name!r} failed and nobody looked at it", error
            )


def closed_error() -> OSError:
    """What an operation on a closed file raises."""
    return OSError(errno.EBADF, "the file was closed")


class WriteStep:
    """Bytes that ``take_in`` has promised to write. Nobody awaits it: its failure is the lane's ``error``."""

    __slots__ = ("_pieces", "_size")
    after_close = False
    in_place = False

    def __init__(self, piece: Any, size: int) -> None:
        self._pieces = [piece]
        self._size = size

    def add(self, piece: Any, size: int) -> None:
        """Under the lock, while it is queued."""
        self._pieces.append(piece)
        self._size += size

    def drop(self, lane: Lane) -> None:
        """Under the lock: writes nothing."""
        lane.unwritten -= self._size
        self._pieces = []
        self._size = 0

    def run(self, lane: Lane) -> None:
        """In the job."""
        pieces = self._pieces
        if not pieces:
            return
        lane.rest_at()
        view = memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        fd, most = lane.descriptor.fd, lane.max_buf_size
        done = 0
        while done < len(view):
            done += os.write(fd, view[done : done + most])

    def settle(self, lane: Lane, value: Any, failure: BaseException | None) -> list[Waker]:
        """Under the lock, when it is over."""
        lane.unwritten -= self._size
        self._pieces = []
        if failure is not None:
            if lane.error is None:
                lane.error = failure
            lane.drop_writes()
        wakers = list(lane.room.values())
        lane.room.clear()
        return wakers
