"""TcpStream and TcpListener: TCP connections of the current runtime. What a stream does: ``net/stream_socket.py``."""

from __future__ import annotations

import socket
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..io.async_read import AsyncRead
from ..io.async_write import AsyncWrite
from .connect import connect_tcp
from .listen import bind_tcp, sleep_after_error
from .operations import AcceptOp
from .options import get_linger, get_ttl, set_linger, set_ttl
from .register import register
from .registered import RegisteredSocket
from .stream_socket import StreamSocket


class TcpStream(StreamSocket, AsyncRead, AsyncWrite):
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

    def nodelay(self) -> bool:
        """True if small writes are sent at once (TCP_NODELAY)."""
        return self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0

    def set_nodelay(self, on: bool) -> None:
        """Sets TCP_NODELAY. It is on for streams made by ``connect`` and ``accept``."""
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(on))

    def linger(self) -> int | None:
        """SO_LINGER: the seconds that a close may go on sending, or None if it is off."""
        return get_linger(self._sock)

    def set_linger(self, seconds: int | None) -> None:
        """SO_LINGER: for how long a close waits until all is sent; None: it does not wait, the kernel goes on sending.

        With more than 0 a close blocks its thread, the runtime with it, for up to so many seconds.
        """
        set_linger(self._sock, seconds)

    def set_zero_linger(self) -> None:
        """SO_LINGER of 0: closing drops what was not sent and resets the connection. Never blocks."""
        set_linger(self._sock, 0)

    def quickack(self) -> bool:
        """TCP_QUICKACK: acknowledgements are sent at once. Linux only."""
        return self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) != 0

    def set_quickack(self, on: bool) -> None:
        """Sets TCP_QUICKACK; the kernel may turn it off again by itself. Linux only."""
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, int(on))

    def ttl(self) -> int:
        """The time to live (for IPv6 the hop limit) of what is sent."""
        return get_ttl(self._sock)

    def set_ttl(self, ttl: int) -> None:
        """Sets the time to live (for IPv6 the hop limit), 1 to 255."""
        set_ttl(self._sock, ttl)


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

    def poll_accept(self, cx: Context) -> Any:
        """Polls for the next connection: ``Poll.Ready((TcpStream, address))`` or ``Poll.Pending``.

        Of several polls the latest is woken. When the process has no descriptors left it raises ``OSError``
        (EMFILE), unlike ``accept``.
        """
        return self._reading().poll_call(cx, self._accept_one)

    def ttl(self) -> int:
        """The time to live (for IPv6 the hop limit) of the connections."""
        return get_ttl(self._sock)

    def set_ttl(self, ttl: int) -> None:
        """Sets the time to live (for IPv6 the hop limit) of the connections, 1 to 255."""
        set_ttl(self._sock, ttl)

    def incoming(self) -> Any:
        """An async iterator over the connections: ``async for stream, peer in listener.incoming():``."""
        return self

    def __aiter__(self) -> TcpListener:
        return self

    def __anext__(self) -> Future:
        return self.accept()
