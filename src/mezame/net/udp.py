"""UdpSocket: UDP, with the options of multicast and broadcast. What it does with messages: ``net/datagram.py``."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Awaitable
from typing import Any

from ..core.context import Context
from ..driver.readiness import WRITE
from .addr import Resolved, numeric, parse, resolve
from .datagram import DatagramSocket
from .operations import length_of
from .options import bind_device, get_device, get_tos, get_ttl, set_tos, set_ttl
from .register import register


class UdpSocket(DatagramSocket):
    """A UDP socket: messages to and from anybody, or, once connected, one peer.

    Get one with ``await UdpSocket.bind(address)``. Many tasks may send and receive on it at once, and all of that is
    cancel safe. Close it with ``close()`` or ``async with``; dropping the last reference closes it too.

    >>> import mezame
    >>> from mezame.net import UdpSocket
    >>> async def main():
    ...     async with await UdpSocket.bind("127.0.0.1:0") as server, await UdpSocket.bind("127.0.0.1:0") as client:
    ...         await client.send_to(b"hello", server.local_addr())
    ...         message, sender = await server.recv_from()
    ...         await server.send_to(message.upper(), sender)
    ...         return await client.recv()
    >>> mezame.run(main())
    b'HELLO'

    Source of the semantics: ``tokio::net::UdpSocket``.
    """

    __slots__ = ()

    @staticmethod
    async def bind(address: Any) -> UdpSocket:
        """A socket that is bound to ``address``: "host:port", (host, port), or a list of these; port 0: a free one.

        Each resolved address is tried; the last ``OSError`` is raised. No option is set: for those that must be set
        before (SO_REUSEADDR) make a ``socket.socket`` and use ``from_std``.
        """
        last: OSError | None = None
        for family, sockaddr in await resolve(address, passive=True):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            try:
                sock.bind(sockaddr)
                return UdpSocket(sock, register(sock))
            except OSError as error:
                sock.close()
                last = OSError(error.errno, f"cannot bind UDP to {sockaddr!r}: {error.strerror or error}")
            except BaseException:
                sock.close()
                raise
        raise last if last is not None else OSError(errno.EINVAL, f"{address!r} resolved to no address")

    @staticmethod
    def from_std(sock: socket.socket) -> UdpSocket:
        """Takes over a ``socket.socket``. It is made non-blocking and belongs to the ``UdpSocket``."""
        return UdpSocket(sock, register(sock))

    async def connect(self, address: Any) -> None:
        """Sets the peer: ``send`` goes there, and only its messages are received from now on. May be called again.

        Each resolved address of the socket's family is tried; the last ``OSError`` is raised.
        """
        last: OSError | None = None
        for sockaddr in self._of_family(address, await resolve(address)):
            try:
                self._sock.connect(sockaddr)
                return
            except OSError as error:
                last = OSError(error.errno, f"cannot connect UDP to {sockaddr!r}: {error.strerror or error}")
        assert last is not None
        raise last

    def _of_family(self, address: Any, found: list[Resolved]) -> list[tuple[Any, ...]]:
        """The addresses that this socket can speak to; raises if there is none."""
        usable = [sockaddr for family, sockaddr in found if family == self._sock.family]
        if not usable:
            name = self._sock.family.name if self._sock.fileno() >= 0 else "closed"
            raise OSError(errno.EAFNOSUPPORT, f"{address!r} has no address of this socket's family ({name})")
        return usable

    def _literal(self, address: Any) -> tuple[Any, ...] | None:
        """The address for the kernel if no name has to be resolved, else None."""
        if isinstance(address, list):
            return None
        host, port, rest = parse(address)
        found = numeric(host, port, rest)
        return None if found is None else self._of_family(address, [found])[0]

    def send_to(self, data: Any, address: Any) -> Awaitable[int]:
        """Sends a message to ``address``, "host:port" or (host, port); awaits to the number of bytes. Cancel safe.

        A name is resolved first, and its first address of the socket's family is taken. Raises ``OSError`` (EMSGSIZE)
        for a message that is too long, ``ConnectionRefusedError`` if an earlier one found nobody.
        """
        length_of(data)
        target = self._literal(address)
        if target is None:
            return self._resolve_and_send(data, address)
        return self._call(WRITE, self._sock.sendto, data, target)

    async def _resolve_and_send(self, data: Any, address: Any) -> int:
        target = self._of_family(address, await resolve(address))[0]
        return await self._call(WRITE, self._sock.sendto, data, target)

    def _known(self, address: Any) -> tuple[Any, ...]:
        target = self._literal(address)
        if target is None:
            raise ValueError(f"{address!r} has to be resolved, and this does not wait: see mezame.net.lookup_host")
        return target

    def try_send_to(self, data: Any, address: Any) -> int:
        """``send_to`` without waiting; the address must be numeric. Raises ``BlockingIOError``."""
        length_of(data)
        return self._try(WRITE, self._sock.sendto, data, self._known(address))

    def poll_send_to(self, cx: Context, data: Any, address: Any) -> Any:
        """Polls for room and sends a message to a numeric address; Ready with the number of bytes."""
        length_of(data)
        target = self._known(address)
        return self._writing().poll_call(cx, lambda: self._sock.sendto(data, target))

    # --- broadcast and multicast ------------------------------------------------------------------------------

    def _set(self, level: int, option: int, value: Any) -> None:
        self._sock.setsockopt(level, option, value)

    def _get(self, level: int, option: int) -> int:
        return self._sock.getsockopt(level, option)

    def set_broadcast(self, on: bool) -> None:
        """SO_BROADCAST: messages to a broadcast address may be sent."""
        self._set(socket.SOL_SOCKET, socket.SO_BROADCAST, int(on))

    def broadcast(self) -> bool:
        """SO_BROADCAST."""
        return self._get(socket.SOL_SOCKET, socket.SO_BROADCAST) != 0

    def join_multicast_v4(self, group: str, interface: str = "0.0.0.0") -> None:
        """Receives what is sent to ``group`` too; ``interface`` is the address of the one to join on, or any."""
        self._set(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _membership_v4(group, interface))

    def leave_multicast_v4(self, group: str, interface: str = "0.0.0.0") -> None:
        """Undoes ``join_multicast_v4``."""
        self._set(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, _membership_v4(group, interface))

    def join_multicast_v6(self, group: str, interface: int = 0) -> None:
        """Receives what is sent to ``group`` too; ``interface`` is the index of the one to join on, 0: any."""
        self._set(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, _membership_v6(group, interface))

    def leave_multicast_v6(self, group: str, interface: int = 0) -> None:
        """Undoes ``join_multicast_v6``."""
        self._set(socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, _membership_v6(group, interface))

    def set_multicast_loop_v4(self, on: bool) -> None:
        """IP_MULTICAST_LOOP: what we send to a group reaches sockets of this machine too."""
        self._set(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, int(on))

    def multicast_loop_v4(self) -> bool:
        """IP_MULTICAST_LOOP."""
        return self._get(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP) != 0

    def set_multicast_loop_v6(self, on: bool) -> None:
        """IPV6_MULTICAST_LOOP: what we send to a group reaches sockets of this machine too."""
        self._set(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, int(on))

    def multicast_loop_v6(self) -> bool:
        """IPV6_MULTICAST_LOOP."""
        return self._get(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP) != 0

    def set_multicast_ttl_v4(self, ttl: int) -> None:
        """IP_MULTICAST_TTL: how many routers a message to a group may pass; 1, the default, is none."""
        self._set(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ttl)

    def multicast_ttl_v4(self) -> int:
        """IP_MULTICAST_TTL."""
        return self._get(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL)

    # --- other options ------------------------------------------------------------------------------------------

    def ttl(self) -> int:
        """The time to live (for IPv6 the hop limit) of what is sent."""
        return get_ttl(self._sock)

    def set_ttl(self, ttl: int) -> None:
        """Sets the time to live (for IPv6 the hop limit), 1 to 255."""
        set_ttl(self._sock, ttl)

    def tos(self) -> int:
        """The type of service (for IPv6 the traffic class)."""
        return get_tos(self._sock)

    def set_tos(self, tos: int) -> None:
        """Sets the type of service (for IPv6 the traffic class), 0 to 255."""
        set_tos(self._sock, tos)

    def device(self) -> str | None:
        """The interface that the socket is bound to, or None. Linux only."""
        return get_device(self._sock)

    def bind_device(self, name: str | None) -> None:
        """Binds the socket to an interface, None: to none. Linux only."""
        bind_device(self._sock, name)


def _group(family: int, text: Any, what: str) -> bytes:
    try:
        return socket.inet_pton(family, text)
    except (OSError, TypeError) as error:
        raise ValueError(f"{text!r} is not the {what}") from error


def _membership_v4(group: str, interface: str) -> bytes:
    return _group(socket.AF_INET, group, "IPv4 address of a group") + _group(
        socket.AF_INET, interface, "IPv4 address of an interface"
    )


def _membership_v6(group: str, interface: int) -> bytes:
    if not isinstance(interface, int) or interface < 0:
        raise ValueError(f"an interface is its index, see socket.if_nametoindex, not {interface!r}")
    return _group(socket.AF_INET6, group, "IPv6 address of a group") + struct.pack("@I", interface)
