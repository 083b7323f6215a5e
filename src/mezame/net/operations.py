"""The operations of a stream socket as futures: one class each, all on ``IoOp``.

What ``_attempt`` has to get right is ``_drained``: True after it found the kernel's buffer empty (reading) or full
(writing), so that the next operation waits for an edge at once instead of asking in vain.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING
from ..driver.readiness import BLOCKED, READ, WRITE, IoOp, Source
from ..driver.sockets import recv, recv_into, send
from ..errors import UnexpectedEof


class ReadOp(IoOp):
    """Up to ``limit`` bytes; ``b""`` is the end of the stream."""

    __slots__ = ("_keep", "_limit")

    def __init__(self, stream: Any, source: Source, limit: int) -> None:
        self._start_op(source, READ)
        self._keep = stream
        self._limit = limit

    def _attempt(self) -> Any:
        data = recv(self._source.fd, self._limit)
        if data is not BLOCKED:
            got = len(data)
            # A full read: there may be more. The end of the stream stays readable for ever.
            self._drained = 0 < got < self._limit
        return data


class ReadIntoOp(IoOp):
    """Reads into a buffer; the number of bytes, 0 at the end of the stream."""

    __slots__ = ("_buffer", "_keep", "_limit")

    def __init__(self, stream: Any, source: Source, buffer: Any, limit: int) -> None:
        self._start_op(source, READ)
        self._keep = stream
        self._buffer = buffer
        self._limit = limit

    def _attempt(self) -> Any:
        got = recv_into(self._source.fd, self._buffer, 0, self._limit)
        if got is not BLOCKED:
            self._drained = 0 < got < self._limit
        return got


class ReadExactOp(IoOp):
    """Exactly ``size`` bytes, or ``UnexpectedEof`` with what came."""

    __slots__ = ("_buffer", "_filled", "_keep", "_size")

    def __init__(self, stream: Any, source: Source, size: int) -> None:
        self._start_op(source, READ)
        self._keep = stream
        self._size = size
        self._buffer = None
        self._filled = 0

    def _attempt(self) -> Any:
        if self._buffer is None:
            data = recv(self._source.fd, self._size)
            if data is BLOCKED:
                return BLOCKED
            if len(data) == self._size:
                self._drained = False
                return data
            if not data:
                raise self._cut_short(b"")
            self._buffer = bytearray(self._size)
            self._buffer[: len(data)] = data
            self._filled = len(data)
        while self._filled < self._size:
            got = recv_into(self._source.fd, self._buffer, self._filled, self._size - self._filled)
            if got is BLOCKED:
                return BLOCKED
            if got == 0:
                raise self._cut_short(bytes(self._buffer[: self._filled]))
            self._filled += got
        self._drained = False
        return bytes(self._buffer)

    def _cut_short(self, partial: bytes) -> UnexpectedEof:
        self._drained = False
        return UnexpectedEof(
            f"the stream ended after {len(partial)} of {self._size} bytes", partial=partial, expected=self._size
        )


class WriteOp(IoOp):
    """Writes what there is room for; the number of bytes."""

    __slots__ = ("_data", "_keep")

    def __init__(self, stream: Any, source: Source, data: Any) -> None:
        self._start_op(source, WRITE)
        self._keep = stream
        self._data = data

    def _attempt(self) -> Any:
        sent = send(self._source.fd, self._data, 0)
        self._drained = sent is BLOCKED
        return sent


class WriteAllOp(IoOp):
    """Writes all of it."""

    __slots__ = ("_data", "_keep", "_length", "_offset")

    def __init__(self, stream: Any, source: Source, data: Any, length: int) -> None:
        self._start_op(source, WRITE)
        self._keep = stream
        self._data = data
        self._length = length
        self._offset = 0

    def _attempt(self) -> Any:
        while self._offset < self._length:
            sent = send(self._source.fd, self._data, self._offset)
            if sent is BLOCKED:
                return BLOCKED
            self._offset += sent
        self._drained = False
        return None


class CallOp(IoOp):
    """Any other non-blocking call on the socket, retried until it does not raise ``BlockingIOError``."""

    __slots__ = ("_args", "_function", "_keep")

    def __init__(self, stream: Any, source: Source, mask: int, function: Any, args: tuple[Any, ...]) -> None:
        self._start_op(source, mask)
        self._keep = stream
        self._function = function
        self._args = args

    def _attempt(self) -> Any:
        try:
            value = self._function(*self._args)
        except (BlockingIOError, InterruptedError):
            return BLOCKED
        self._drained = False
        return value


class AcceptOp(IoOp):
    """The next connection. Waits a little, and goes on, when the process has no descriptors left."""

    __slots__ = ("_accept", "_delay", "_keep", "_pause", "_sleep")

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
            self._drained = False
            return value

    def close(self) -> None:
        if self._pause is not None:
            self._pause.close()
        IoOp.close(self)
