"""The options of a socket that need more than one ``setsockopt``: each is one function to read and one to write it."""

from __future__ import annotations

import socket
import struct
from typing import Any


def _number(what: str, value: Any, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} is an integer from {low} to {high}, not {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{what} is an integer from {low} to {high}, not {value!r}")
    return value


def get_linger(sock: socket.socket) -> int | None:
    """SO_LINGER in seconds, None if it is off."""
    on, seconds = struct.unpack("ii", sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
    return seconds if on else None


def set_linger(sock: socket.socket, seconds: int | None) -> None:
    """Sets SO_LINGER; None turns it off."""
    value = 0 if seconds is None else _number("linger", seconds, 0, 65535)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", seconds is not None, value))


def _by_family(sock: socket.socket, v4: tuple[int, int], v6: tuple[int, int]) -> tuple[int, int]:
    if sock.family == socket.AF_INET6:
        return v6
    if sock.family == socket.AF_INET:
        return v4
    raise TypeError(f"{sock.family.name} sockets have no such option: it is one of IP")


def _ttl_option(sock: socket.socket) -> tuple[int, int]:
    return _by_family(
        sock, (socket.IPPROTO_IP, socket.IP_TTL), (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)
    )


def get_ttl(sock: socket.socket) -> int:
    """IP_TTL; of an IPv6 socket IPV6_UNICAST_HOPS."""
    return sock.getsockopt(*_ttl_option(sock))


def set_ttl(sock: socket.socket, ttl: int) -> None:
    """Sets IP_TTL; of an IPv6 socket IPV6_UNICAST_HOPS."""
    sock.setsockopt(*_ttl_option(sock), _number("ttl", ttl, 1, 255))


def _tos_option(sock: socket.socket) -> tuple[int, int]:
    return _by_family(sock, (socket.IPPROTO_IP, socket.IP_TOS), (socket.IPPROTO_IPV6, socket.IPV6_TCLASS))


def get_tos(sock: socket.socket) -> int:
    """IP_TOS; of an IPv6 socket IPV6_TCLASS."""
    return sock.getsockopt(*_tos_option(sock))


def set_tos(sock: socket.socket, tos: int) -> None:
    """Sets IP_TOS; of an IPv6 socket IPV6_TCLASS."""
    sock.setsockopt(*_tos_option(sock), _number("tos", tos, 0, 255))


def get_device(sock: socket.socket) -> str | None:
    """The interface that the socket is bound to (SO_BINDTODEVICE), or None. Linux only."""
    name = sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
    return name.rstrip(b"\0").decode() or None


def bind_device(sock: socket.socket, name: str | None) -> None:
    """Binds the socket to an interface; None: to none. Linux only."""
    if name is not None and (not isinstance(name, str) or not 0 < len(name) < 16):
        raise ValueError(f"an interface is a name like 'eth0' of at most 15 characters, not {name!r}")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, (name or "").encode() + b"\0")
