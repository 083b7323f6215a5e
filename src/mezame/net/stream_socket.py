"""StreamSocket: what a TCP and a Unix connection have in common: a stream of bytes each way.

All operations are unbuffered, lazy futures: nothing happens before they are awaited. A stream may be used by several
tasks (one that reads, one that writes; ``into_split`` gives the two their own halves).

``TcpStream`` and ``UnixStream`` are this class and ``AsyncRead`` and ``AsyncWrite``, in this order: what is defined
here is found before the traits' own methods, which are made of ``poll_read`` and ``poll_write``. Both ways of reading
may be mixed on one stream.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterable
from typing import Any

from ..core.context import Context
from ..core.future import Future, ready
from ..core.poll import PENDING, make_ready
from ..driver.poll_slot import RECEIVE, SEND
from ..driver.readiness import BLOCKED, READ, WRITE
from ..io.async_read import READ_SIZE as TRY_SIZE
from ..io.async_read import ReadInto
from ..io.read_buf import ReadBuf
from .operations import MOST, CallOp, ReadExactOp, ReadIntoOp, WriteOp, clip, length_of, read_op, write_all_op
from .registered import RegisteredSocket

READ_SIZE = 262144  # what the buffer of driver/sockets.pxd holds
IOV_MAX = 1024  # POSIX's least upper bound on Linux: more parts in one call are refused


def _positive(what: str, value: Any) -> int:
    if value < 0:
        raise ValueError(f"{what} must be a number of bytes from 0 on, not {value!r}")
    return int(value)


def writable_size(what: str, buffer: Any) -> int:
    """The bytes that fit into ``buffer``; ``TypeError`` if it is read-only."""
    with memoryview(buffer) as view:
        if view.readonly:
            raise TypeError(f"{what} needs a writable buffer, not {type(buffer).__name__}")
        return view.nbytes


class StreamSocket(RegisteredSocket):
    """A connected stream socket."""

    __slots__ = ()

    # --- reading ------------------------------------------------------------------------------------------

    def read(self, limit: int = READ_SIZE) -> Future:
        """Awaits to between 1 and ``limit`` bytes as soon as there are any; ``b""`` at the end of the stream.

        Raises ``ConnectionResetError`` and other ``OSError``; ``OSError`` (EBADF) if the stream was closed.
        Cancel safe: no byte is lost. A ``limit`` above 1 MiB reserves, and gives at a time, no more than that.
        """
        size = clip(limit)
        if size <= 0:
            return self._read_nothing(limit)
        return read_op(self, self._source, size)

    def _read_nothing(self, limit: int) -> Future:
        if limit < 0:
            raise ValueError(f"read needs a number of bytes from 0 on, not {limit!r}")
        return ready(b"")

    def read_into(self, buffer: Any) -> Future:
        """Reads into a writable buffer, or a ``ReadBuf``; awaits to the number of bytes, 0 at the end. Cancel safe."""
        if isinstance(buffer, ReadBuf):
            return ReadInto(self, buffer)
        size = writable_size("read_into", buffer)
        if size == 0:
            return ready(0)
        return ReadIntoOp(self, self._source, buffer, size)

    def read_exact(self, size: int) -> Future:
        """Awaits to exactly ``size`` bytes. Memory is taken as they come.

        Raises ``UnexpectedEof`` (an ``EOFError`` with ``.partial``) if the stream ends before. Not cancel
        safe: bytes that were read when it is cancelled are lost.
        """
        if _positive("read_exact: size", size) == 0:
            return ready(b"")
        return ReadExactOp(self, self._source, min(size, sys.maxsize))

    def peek(self, limit: int = TRY_SIZE) -> Future:
        """The same as ``read``, but the bytes stay and the next read gives them again. Cancel safe."""
        if _positive("peek: limit", limit) == 0:
            return ready(b"")
        return CallOp(self, self._source, READ, self._sock.recv, (min(limit, MOST), socket.MSG_PEEK))

    def try_read(self, limit: int = TRY_SIZE) -> bytes:
        """Reads without waiting. Raises ``BlockingIOError`` if there is nothing, or nothing that is known of.

        News of the socket come from the driver: await ``readable()``, then try.
        """
        data: bytes = self._source.attempt(READ, self._sock.recv, (min(_positive("try_read: limit", limit), MOST),))
        return data

    def try_read_into(self, buffer: Any) -> int:
        """Reads into a writable buffer without waiting; the number of bytes. See ``try_read``."""
        writable_size("try_read_into", buffer)
        count: int = self._source.attempt(READ, self._sock.recv_into, (buffer,))
        return count

    def poll_read(self, cx: Context, buf: Any) -> Any:
        """Polls for bytes, which are put into ``buf``, a ``ReadBuf``; Ready with nothing put there is the end."""
        room = buf.unfilled()
        if len(room) == 0:
            return make_ready(None)
        value = self._reading()._poll_io(cx, RECEIVE, room)
        if value is BLOCKED:
            return PENDING
        buf.advance(value)
        return make_ready(None)

    def poll_peek(self, cx: Context, buf: Any) -> Any:
        """The same as ``poll_read``, but the bytes stay in the socket; ready with their number."""
        room = buf.unfilled()
        found = self._reading().poll_call(cx, lambda: self._sock.recv_into(room, 0, socket.MSG_PEEK))
        if found is not PENDING:
            buf.advance(found.value)
        return found

    # --- writing ------------------------------------------------------------------------------------------

    def write(self, data: Any) -> Future:
        """Writes as much as there is room for; awaits to the number of bytes. Cancel safe.

        Raises ``BrokenPipeError`` or ``ConnectionResetError`` if the peer is gone.
        """
        if length_of(data) == 0:
            return ready(0)
        return WriteOp(self, self._source, data)

    def write_all(self, data: Any) -> Future:
        """Writes all of ``data`` (bytes or any buffer); waits while the peer does not read.

        Not cancel safe: when cancelled, an unknown part has been written.
        """
        return write_all_op(self, self._source, data)

    def write_vectored(self, buffers: Iterable[Any]) -> Future:
        """Writes several buffers with one call, as far as there is room; awaits to the number of bytes.

        Cancel safe.
        """
        parts = list(buffers)
        if sum(length_of(part) for part in parts) == 0:
            return ready(0)
        return CallOp(self, self._source, WRITE, self._sock.sendmsg, (parts[:IOV_MAX],))

    def try_write(self, data: Any) -> int:
        """Writes without waiting; the number of bytes. Raises ``BlockingIOError`` if there is no room.

        News of the socket come from the driver: await ``writable()``, then try.
        """
        length_of(data)
        count: int = self._source.attempt(WRITE, self._sock.send, (data,))
        return count

    def try_write_vectored(self, buffers: Iterable[Any]) -> int:
        """Writes several buffers without waiting; the number of bytes. See ``try_write``."""
        count: int = self._source.attempt(WRITE, self._sock.sendmsg, (list(buffers)[:IOV_MAX],))
        return count

    def poll_write(self, cx: Context, data: Any) -> Any:
        """Polls for room and writes; Ready with the number of bytes."""
        if length_of(data) == 0:
            return make_ready(0)
        value = self._writing()._poll_io(cx, SEND, data)
        return PENDING if value is BLOCKED else make_ready(value)

    def poll_write_vectored(self, cx: Context, buffers: Iterable[Any]) -> Any:
        """The same as ``poll_write`` for several buffers, with one call."""
        parts = list(buffers)
        if sum(length_of(part) for part in parts) == 0:
            return make_ready(0)
        return self._writing().poll_call(cx, lambda: self._sock.sendmsg(parts[:IOV_MAX]))

    def is_write_vectored(self) -> bool:
        """True: several buffers go out with one call."""
        return True

    def poll_flush(self, cx: Context) -> Any:
        """Ready: the stream has no buffer."""
        return make_ready(None)

    def poll_shutdown(self, cx: Context) -> Any:
        """Ready, after a ``shutdown``."""
        self._shutdown_write()
        return make_ready(None)

    def flush(self) -> Future:
        """Nothing to do: the stream has no buffer. For code that is written for buffered streams."""
        return ready(None)

    def shutdown(self) -> Future:
        """Half-close: the peer sees the end of the stream; reading goes on. Done at once, awaiting is optional."""
        self._shutdown_write()
        return ready(None)

    def _shutdown_write(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:  # the peer has reset it, there is nothing left to shut down
                raise

    # --- halves -------------------------------------------------------------------------------------------

    def into_split(self) -> Any:
        """(``OwnedReadHalf``, ``OwnedWriteHalf``) for two tasks.

        Closing or dropping the write half sends the end of the stream.
        """
        from .halves import OwnedReadHalf, OwnedWriteHalf

        return OwnedReadHalf(self), OwnedWriteHalf(self)

    def split(self) -> Any:
        """The same as ``into_split``: Python has no borrowed halves."""
        return self.into_split()

    def peer_addr(self) -> Any:
        """The peer's address."""
        return self._sock.getpeername()
