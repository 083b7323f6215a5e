"""TcpStream and TcpListener: TCP connections of the current runtime.

All operations are unbuffered, lazy futures: nothing happens before they are awaited. A stream may be used by
several tasks (one that reads, one that writes; ``into_split`` gives the two their own halves).
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any

from ..core.future import Future, ready
from ..driver.readiness import READ, WRITE, ReadyOp
from .connect import connect_tcp
from .listen import bind_tcp, sleep_after_error
from .operations import AcceptOp, CallOp, ReadExactOp, ReadIntoOp, WriteOp, length_of, read_op, write_all_op
from .register import register
from .registered import RegisteredSocket

READ_SIZE = 65536


def _positive(what: str, value: Any) -> int:
    if value < 0:
        raise ValueError(f"{what} must be a number of bytes from 0 on, not {value!r}")
    return int(value)


class TcpStream(RegisteredSocket):
    """A TCP connection.

    Get one with ``await TcpStream.connect(address)``, from ``TcpListener.accept``, or ``TcpStream.from_std``.
    Close it with ``close()`` or ``async with``; dropping the last reference closes it too.

    >>> import mezame
    >>> from mezame.net import TcpListener, TcpStream
    >>> async def serve_one(listener):
    ...     stream, peer = await listener.accept()
    ...     async with stream:
    ...         await stream.write_all((await stream.read()).upper())
    >>> async def main():
    ...     listener = await TcpListener.bind("127.0.0.1:0")
    ...     mezame.spawn(serve_one(listener))
    ...     async with await TcpStream.connect(listener.local_addr()) as stream:
    ...         await stream.write_all(b"hello")
    ...         return await stream.read()
    >>> mezame.run(main())
    b'HELLO'

    Source of the semantics: ``tokio::net::TcpStream``.
    """

    __slots__ = ()

    @staticmethod
    def connect(address: Any, *, timeout: float | None = None) -> Any:
        """Connects to ``address``; awaits to a ``TcpStream``.

        Args:
            address: "host:port", (host, port), or a list of these.
            timeout: seconds for the whole of it; None: no limit.

        Several addresses are tried as RFC 8305 has it ("happy eyeballs"): IPv6 and IPv4 in turn, a new
        attempt every 250 ms or at the failure of the last; the first connection wins. Raises the last
        ``OSError`` if none succeeds, ``mezame.time.Elapsed`` at the timeout. Cancel safe: no half-open
        connection is left.
        """
        return connect_tcp(address, timeout)

    @staticmethod
    def from_std(sock: socket.socket) -> TcpStream:
        """Takes over a connected ``socket.socket``. It is made non-blocking and belongs to the stream."""
        return TcpStream(sock, register(sock))

    # --- reading ------------------------------------------------------------------------------------------

    def read(self, limit: int = READ_SIZE) -> Future:
        """Awaits to between 1 and ``limit`` bytes as soon as there are any; ``b""`` at the end of the stream.

        Raises ``ConnectionResetError`` and other ``OSError``; ``OSError`` (EBADF) if the stream was closed.
        Cancel safe: no byte is lost.
        """
        if limit <= 0:
            return self._read_nothing(limit)
        return read_op(self, self._source, limit)

    def _read_nothing(self, limit: int) -> Future:
        if limit < 0:
            raise ValueError(f"read needs a number of bytes from 0 on, not {limit!r}")
        return ready(b"")

    def read_into(self, buffer: Any) -> Future:
        """Reads into a writable buffer; awaits to the number of bytes, 0 at the end of the stream. Cancel safe."""
        with memoryview(buffer) as view:
            if view.readonly:
                raise TypeError(f"read_into needs a writable buffer, not {type(buffer).__name__}")
            size = view.nbytes
        if size == 0:
            return ready(0)
        return ReadIntoOp(self, self._source, buffer, size)

    def read_exact(self, size: int) -> Future:
        """Awaits to exactly ``size`` bytes.

        Raises ``UnexpectedEof`` (an ``EOFError`` with ``.partial``) if the stream ends before. Not cancel
        safe: bytes that were read when it is cancelled are lost.
        """
        if _positive("read_exact: size", size) == 0:
            return ready(b"")
        return ReadExactOp(self, self._source, size)

    def peek(self, limit: int = READ_SIZE) -> Future:
        """The same as ``read``, but the bytes stay and the next read gives them again. Cancel safe."""
        if _positive("peek: limit", limit) == 0:
            return ready(b"")
        return CallOp(self, self._source, READ, self._sock.recv, (limit, socket.MSG_PEEK))

    def try_read(self, limit: int = READ_SIZE) -> bytes:
        """Reads without waiting. Raises ``BlockingIOError`` if there is nothing."""
        return self._sock.recv(limit)

    def readable(self) -> Future:
        """Waits until a read will probably not wait. Cancel safe."""
        return ReadyOp(self._source, READ)

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
        if not any(length_of(part) for part in parts):
            return ready(0)
        return CallOp(self, self._source, WRITE, self._sock.sendmsg, (parts[:IOV_MAX],))

    def try_write(self, data: Any) -> int:
        """Writes without waiting. Raises ``BlockingIOError`` if there is no room."""
        return self._sock.send(data)

    def writable(self) -> Future:
        """Waits until a write will probably not wait. Cancel safe."""
        return ReadyOp(self._source, WRITE)

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
            if error.errno != 107:  # ENOTCONN: the peer has reset it, there is nothing left to shut down
                raise

    # --- halves -------------------------------------------------------------------------------------------

    def into_split(self) -> Any:
        """(read half, write half) for two tasks; closing or dropping the write half sends the end of stream."""
        from .halves import OwnedReadHalf, OwnedWriteHalf

        return OwnedReadHalf(self), OwnedWriteHalf(self)

    def split(self) -> Any:
        """The same as ``into_split``."""
        return self.into_split()

    # --- the socket -----------------------------------------------------------------------------------------

    def peer_addr(self) -> Any:
        """The peer's address."""
        return self._sock.getpeername()

    def nodelay(self) -> bool:
        """True if small writes are sent at once (TCP_NODELAY)."""
        return self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0

    def set_nodelay(self, on: bool) -> None:
        """Sets TCP_NODELAY. It is on for streams made by ``connect`` and ``accept``."""
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(on))

    def take_error(self) -> OSError | None:
        """The socket's pending error (SO_ERROR), cleared by the call, or None."""
        import os

        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return OSError(number, os.strerror(number)) if number else None


IOV_MAX = 1024  # POSIX's least upper bound on Linux: more parts in one call are refused


class TcpListener(RegisteredSocket):
    """A listening TCP socket.

    >>> import mezame
    >>> from mezame.net import TcpListener
    >>> async def main():
    ...     async with await TcpListener.bind(("127.0.0.1", 0)) as listener:
    ...         return listener.local_addr()[0]
    >>> mezame.run(main())
    '127.0.0.1'

    Source of the semantics: ``tokio::net::TcpListener``.
    """

    __slots__ = ()

    @staticmethod
    def bind(address: Any, *, backlog: int = 1024, reuse_port: bool = False) -> Any:
        """Listens on ``address``; awaits to a ``TcpListener``.

        Args:
            address: "host:port", (host, port), or a list of these; port 0 takes a free one.
            backlog: connections that the kernel queues.
            reuse_port: SO_REUSEPORT, for several listeners on one port.

        Each resolved address is tried; the last error is raised (address in use: ``OSError``, EADDRINUSE).
        SO_REUSEADDR is set.
        """
        return bind_tcp(address, backlog, reuse_port)

    @staticmethod
    def from_std(sock: socket.socket) -> TcpListener:
        """Takes over a listening ``socket.socket``."""
        return TcpListener(sock, register(sock))

    def accept(self) -> Future:
        """Awaits to ``(TcpStream, peer address)``. Cancel safe: no connection is lost.

        When the process has run out of descriptors it waits (10 ms, doubling up to 1 s, a warning is
        logged) and goes on: the connections stay in the kernel's queue.
        """
        return AcceptOp(self, self._source, self._accept_one, sleep_after_error)

    def _accept_one(self) -> Any:
        sock, address = self._sock.accept()
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return TcpStream(sock, register(sock)), address
        except BaseException:
            sock.close()
            raise

    def incoming(self) -> Any:
        """An async iterator over the connections: ``async for stream, peer in listener.incoming():``."""
        return self

    def __aiter__(self) -> TcpListener:
        return self

    def __anext__(self) -> Future:
        return self.accept()
