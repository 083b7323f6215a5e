"""The operations of a stream socket as futures: one class each, all on ``IoOp``.

What ``_attempt`` has to get right is ``_drained``: True if a value came with the news that the kernel's buffer is empty
(reading) or full (writing), so that the next operation waits for an edge at once instead of asking in vain.
"""

from __future__ import annotations

import operator
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING
from ..driver.io_op import IoOp
from ..driver.readiness import BLOCKED, READ, WRITE, Source
from ..driver.sockets import recv, recv_into, send
from ..errors import UnexpectedEof

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython


MOST = 1 << 20  # bytes that a read reserves at most before they have come: a size that a peer named costs nothing
_MOST = MOST  # as a C number


def clip(limit: Any) -> int:
    """``limit`` bytes, or MOST if it is more, however large it is. Raises ``TypeError`` if it is no int."""
    size = as_size(limit) if cython.compiled else operator.index(limit)  # type: ignore  # noqa: F821 - C, from the .pxd
    return size if size < _MOST else _MOST  # type: ignore[no-any-return]


class ReadOp(IoOp):
    """Up to ``limit`` bytes; ``b""`` is the end of the stream."""

    __slots__ = ()

    def __init__(self, stream: Any, source: Source, limit: int) -> None:
        raise TypeError("made by stream.read()")

    @cython.nonecheck(False)
    def _attempt(self) -> Any:
        data = recv(self._source.fd, self._length)
        if data is not BLOCKED:
            self._count = len(cython.cast(bytes, data))
            # A full read: there may be more. The end of the stream stays readable for ever.
            self._drained = 0 < self._count < self._length
        return data


def read_op(stream: Any, source: Source, limit: int) -> IoOp:
    """A new ``ReadOp``, without the cost of a class call."""
    op = cython.cast(ReadOp, unshelve(0, ReadOp)) if cython.compiled else ReadOp.__new__(ReadOp)  # type: ignore  # noqa: F821
    op._start_op(source, READ)
    op._keep = stream
    op._length = limit
    return op


class ReadIntoOp(IoOp):
    """Reads into a buffer; the number of bytes, 0 at the end of the stream."""

    __slots__ = ()

    def __init__(self, stream: Any, source: Source, buffer: Any, limit: int) -> None:
        self._start_op(source, READ)
        self._keep = stream
        self._data = buffer
        self._length = limit

    def _attempt(self) -> Any:
        self._count = recv_into(self._source.fd, self._data, 0, self._length)
        if self._count < 0:
            return BLOCKED
        self._drained = 0 < self._count < self._length
        return self._count


class ReadExactOp(IoOp):
    """Exactly ``size`` bytes, or ``UnexpectedEof`` with what came. Full buffers are put aside, the next is as large."""

    __slots__ = ("_before", "_buffer", "_parts", "_room")

    def __init__(self, stream: Any, source: Source, size: int) -> None:
        self._start_op(source, READ)
        self._keep = stream
        self._length = size
        self._buffer = None
        self._offset = 0
        self._room = 0  # the length of the buffer
        self._parts = None  # the full ones
        self._before = 0  # the bytes in them

    def _attempt(self) -> Any:
        if self._buffer is None:
            data = recv(self._source.fd, self._length if self._length < _MOST else _MOST)
            if data is BLOCKED:
                return BLOCKED
            if len(data) == self._length:
                return data
            if not data:
                raise self._cut_short(b"")
            self._room = self._length if self._length < _MOST else _MOST
            self._buffer = bytearray(self._room)
            self._buffer[: len(data)] = data
            self._offset = len(data)
        while self._before + self._offset < self._length:
            if self._offset == self._room:
                self._next_buffer()
            self._count = recv_into(self._source.fd, self._buffer, self._offset, self._room - self._offset)
            if self._count < 0:
                return BLOCKED
            if self._count == 0:
                raise self._cut_short(b"".join([*(self._parts or ()), self._buffer[: self._offset]]))
            self._offset += self._count
        return bytes(self._buffer) if self._parts is None else b"".join([*self._parts, self._buffer])

    def _next_buffer(self) -> None:
        if self._parts is None:
            self._parts = []
        self._parts.append(self._buffer)
        self._before += self._room
        self._room = min(self._before, self._length - self._before)
        self._buffer = bytearray(self._room)
        self._offset = 0

    def _cut_short(self, partial: bytes) -> UnexpectedEof:
        return UnexpectedEof(
            f"the stream ended after {len(partial)} of {self._length} bytes", partial=partial, expected=self._length
        )


class WriteOp(IoOp):
    """Writes what there is room for; the number of bytes."""

    __slots__ = ()

    def __init__(self, stream: Any, source: Source, data: Any) -> None:
        self._start_op(source, WRITE)
        self._keep = stream
        self._data = data

    def _attempt(self) -> Any:
        self._count = send(self._source.fd, self._data, 0)
        if self._count < 0:
            return BLOCKED
        return self._count


class WriteAllOp(IoOp):
    """Writes all of it."""

    __slots__ = ()

    def __init__(self, stream: Any, source: Source, data: Any, length: int) -> None:
        raise TypeError("made by stream.write_all()")

    @cython.nonecheck(False)
    def _attempt(self) -> Any:
        while self._offset < self._length:
            self._count = send(self._source.fd, self._data, self._offset)
            if self._count < 0:
                return BLOCKED
            self._offset += self._count
        return None


def length_of(data: Any) -> int:
    """The bytes in ``data``; ``TypeError`` if it cannot be written."""
    if isinstance(data, bytes):
        return len(data)
    if isinstance(data, str):
        raise TypeError(f"bytes are written to a socket, not str {data[:40]!r}: encode it first")
    with memoryview(data) as view:
        return view.nbytes


def write_all_op(stream: Any, source: Source, data: Any) -> IoOp:
    """A new ``WriteAllOp``, without the cost of a class call."""
    op = cython.cast(WriteAllOp, unshelve(1, WriteAllOp)) if cython.compiled else WriteAllOp.__new__(WriteAllOp)  # type: ignore  # noqa: F821
    op._start_op(source, WRITE)
    op._keep = stream
    op._data = data
    op._length = len(data) if type(data) is bytes else length_of(data)
    op._offset = 0
    return op


if cython.compiled:
    shelve_emptied(ReadOp, empty_op)  # type: ignore  # noqa: F821 - C, from the .pxd
    shelve_emptied(WriteAllOp, empty_op)  # type: ignore  # noqa: F821
    for kind in (ReadOp, ReadIntoOp, ReadExactOp, WriteOp, WriteAllOp):
        set_iternext(kind, io_next)  # type: ignore  # noqa: F821


class CallOp(IoOp):
    """Any other non-blocking call on the socket, retried until it does not raise ``BlockingIOError``."""

    __slots__ = ("_args", "_function")

    def __init__(self, stream: Any, source: Source, mask: int, function: Any, args: tuple[Any, ...]) -> None:
        self._start_op(source, mask)
        self._keep = stream
        self._function = function
        self._args = args

    def _attempt(self) -> Any:
        while True:
            try:
                value = self._function(*self._args)
            except BlockingIOError:
                return BLOCKED
            except InterruptedError:
                continue  # it is not known to be empty
            return value


class AcceptOp(IoOp):
    """The next connection. Waits a little, and goes on, when the process has no descriptors left."""

    __slots__ = ("_accept", "_delay", "_pause", "_sleep")

    def __init__(self, listener: Any, source: Source, accept: Any, sleep: Any) -> None:
        self._start_op(source, READ)
        self._keep = listener
        self._accept = accept
        self._sleep = sleep
        self._pause = None
        self._delay = 0.01

    def poll(self, cx: Context) -> Any:
        while True:
            if self._pause is not None:
                if self._pause.poll(cx) is PENDING:
                    return PENDING
                self._pause = None
            try:
                return IoOp.poll(self, cx)
            except OSError as error:
                # EMFILE, ENFILE, ENOBUFS, ENOMEM: the connection stays in the kernel's queue meanwhile.
                if error.errno not in (24, 23, 105, 12):
                    raise
                self._pause = self._sleep(self._delay, error)
                self._delay = min(self._delay * 2, 1.0)

    def _attempt(self) -> Any:
        while True:
            try:
                value = self._accept()
            except BlockingIOError:
                return BLOCKED
            except (InterruptedError, ConnectionAbortedError):
                continue  # that peer is gone already; the next
            return value

    def close(self) -> None:
        if self._pause is not None:
            self._pause.close()
        IoOp.close(self)
