"""TcpSocket: a TCP socket before it is a stream or a listener, for its options."""

from __future__ import annotations

import os
import socket
from typing import Any

from .addr import Resolved, resolve
from .connect import connect_socket
from .options import bind_device, get_device, get_linger, get_tos, set_linger, set_tos
from .register import register
from .tcp import TcpListener


class TcpSocket:
    """A TCP socket that is neither connected nor listening yet.

    >>> import mezame
    >>> from mezame.net import TcpSocket
    >>> async def main():
    ...     sock = TcpSocket.new_v4()
    ...     sock.set_reuseaddr(True)
    ...     await sock.bind("127.0.0.1:0")
    ...     with sock.listen(16) as listener:
    ...         return listener.local_addr()[0]
    >>> mezame.run(main())
    '127.0.0.1'

    Source of the semantics: ``tokio::net::TcpSocket``.
    """

    def __init__(self, family: socket.AddressFamily) -> None:
        self._sock: socket.socket | None = socket.socket(family, socket.SOCK_STREAM)
        self._sock.setblocking(False)

    @staticmethod
    def new_v4() -> TcpSocket:
        """An IPv4 socket."""
        return TcpSocket(socket.AF_INET)

    @staticmethod
    def new_v6() -> TcpSocket:
        """An IPv6 socket."""
        return TcpSocket(socket.AF_INET6)

    @staticmethod
    def from_std(sock: socket.socket) -> TcpSocket:
        """Takes over an unconnected ``socket.socket``.

        Source of the semantics: ``tokio::net::TcpSocket::from_std_stream``.
        """
        made = TcpSocket.__new__(TcpSocket)
        sock.setblocking(False)
        made._sock = sock
        return made

    def _open(self) -> socket.socket:
        if self._sock is None:
            raise RuntimeError("this TcpSocket has become a stream or a listener, or was closed")
        return self._sock

    def _get(self, level: int, option: int) -> int:
        return self._open().getsockopt(level, option)

    def _set(self, level: int, option: int, value: int) -> None:
        self._open().setsockopt(level, option, value)

    def set_reuseaddr(self, on: bool) -> None:
        """SO_REUSEADDR."""
        self._set(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(on))

    def reuseaddr(self) -> bool:
        """SO_REUSEADDR."""
        return self._get(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0

    def set_reuseport(self, on: bool) -> None:
        """SO_REUSEPORT: several listeners on one port."""
        self._set(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(on))

    def reuseport(self) -> bool:
        """SO_REUSEPORT."""
        return self._get(socket.SOL_SOCKET, socket.SO_REUSEPORT) != 0

    def set_nodelay(self, on: bool) -> None:
        """TCP_NODELAY: small writes are sent at once."""
        self._set(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(on))

    def nodelay(self) -> bool:
        """TCP_NODELAY."""
        return self._get(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0

    def set_keepalive(self, on: bool) -> None:
        """SO_KEEPALIVE."""
        self._set(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(on))

    def keepalive(self) -> bool:
        """SO_KEEPALIVE."""
        return self._get(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0

    def set_send_buffer_size(self, size: int) -> None:
        """SO_SNDBUF, bytes; the kernel doubles it."""
        self._set(socket.SOL_SOCKET, socket.SO_SNDBUF, size)

    def send_buffer_size(self) -> int:
        """SO_SNDBUF, bytes."""
        return self._get(socket.SOL_SOCKET, socket.SO_SNDBUF)

    def set_recv_buffer_size(self, size: int) -> None:
        """SO_RCVBUF, bytes; the kernel doubles it."""
        self._set(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    def recv_buffer_size(self) -> int:
        """SO_RCVBUF, bytes."""
        return self._get(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def set_linger(self, seconds: int | None) -> None:
        """SO_LINGER: how long a close waits for unsent data; None: off; 0: close resets the connection."""
        set_linger(self._open(), seconds)

    def set_zero_linger(self) -> None:
        """SO_LINGER of 0: closing drops what was not sent and resets the connection."""
        set_linger(self._open(), 0)

    def linger(self) -> int | None:
        """SO_LINGER in seconds, None if it is off."""
        return get_linger(self._open())

    def set_tos(self, tos: int) -> None:
        """IP_TOS, 0 to 255; of an IPv6 socket IPV6_TCLASS."""
        set_tos(self._open(), tos)

    def tos(self) -> int:
        """IP_TOS; of an IPv6 socket IPV6_TCLASS."""
        return get_tos(self._open())

    def set_tclass_v6(self, tclass: int) -> None:
        """IPV6_TCLASS, 0 to 255. Raises ``TypeError`` for an IPv4 socket."""
        set_tos(self._v6(), tclass)

    def tclass_v6(self) -> int:
        """IPV6_TCLASS. Raises ``TypeError`` for an IPv4 socket."""
        return get_tos(self._v6())

    def _v6(self) -> socket.socket:
        sock = self._open()
        if sock.family != socket.AF_INET6:
            raise TypeError("an IPv4 socket has no traffic class: see set_tos and tos")
        return sock

    def bind_device(self, name: str | None) -> None:
        """Binds the socket to an interface, None: to none. Linux only."""
        bind_device(self._open(), name)

    def device(self) -> str | None:
        """The interface that the socket is bound to, or None. Linux only."""
        return get_device(self._open())

    def take_error(self) -> OSError | None:
        """The socket's pending error (SO_ERROR), cleared by the call, or None."""
        number = self._get(socket.SOL_SOCKET, socket.SO_ERROR)
        return OSError(number, os.strerror(number)) if number else None

    def local_addr(self) -> Any:
        """The address it is bound to."""
        return self._open().getsockname()

    def get_socket(self) -> socket.socket:
        """The socket, for options that have no method here."""
        return self._open()

    async def _one(self, address: Any) -> Resolved:
        family = self._open().family
        found = [one for one in await resolve(address) if one[0] == family]
        if not found:
            raise ValueError(f"{address!r} has no address of this socket's family {family.name}")
        return found[0]

    async def bind(self, address: Any) -> None:
        """Binds to "host:port" or (host, port). Raises ``OSError``."""
        _, sockaddr = await self._one(address)
        self._open().bind(sockaddr)

    async def connect(self, address: Any) -> Any:
        """Connects; awaits to a ``TcpStream``. The socket is used up, whether it succeeds or not."""
        _, sockaddr = await self._one(address)
        sock, self._sock = self._open(), None
        return await connect_socket(sock, sockaddr)

    def listen(self, backlog: int = 1024) -> TcpListener:
        """Listens; a ``TcpListener``. The socket is used up."""
        sock, self._sock = self._open(), None
        try:
            sock.listen(backlog)
            return TcpListener(sock, register(sock))
        except BaseException:
            sock.close()
            raise

    def close(self) -> None:
        """Closes it. Idempotent."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def __del__(self) -> None:
        self.close()
