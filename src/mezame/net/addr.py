"""Addresses: what the net functions accept as one, and names resolved to them.

Numeric addresses are recognised without a thread. Names go to ``getaddrinfo`` on the runtime's resolver pool,
which is not the pool of the user's blocking calls: a saturated pool does not delay a connect.
"""

from __future__ import annotations

import socket
from typing import Any

from ..core.current import current

Resolved = tuple[socket.AddressFamily, tuple[Any, ...]]


def split_host_port(text: str) -> tuple[str, int]:
    """("host", port) of "host:port" or "[v6]:port". Raises ``ValueError`` with the value."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError(f"{text!r} is not an address: write 'host:port', '[ipv6]:port' or (host, port)")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        bare = host.strip("[]")  # "[::1:80" is one with a bracket too few
        written = f"[{bare}]:{port}" if numeric(bare, 0) is not None else "[ipv6]:port"
        raise ValueError(f"{text!r}: an IPv6 address with a port is written {written!r}")
    return host, _port(int(port), text)


def _port(port: Any, whole: Any) -> int:
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
        raise ValueError(f"{whole!r}: the port must be an integer from 0 to 65535, not {port!r}")
    return port


def numeric(host: str, port: int, rest: tuple[Any, ...] = ()) -> Resolved | None:
    """The address if ``host`` is an IP address literal, else None."""
    try:
        socket.inet_pton(socket.AF_INET, host)
        return socket.AF_INET, (host, port)
    except OSError:
        pass
    if ":" not in host:
        return None
    bare, _, zone = host.partition("%")
    try:
        socket.inet_pton(socket.AF_INET6, bare)
    except OSError:
        return None
    flow = rest[0] if rest else 0
    scope = rest[1] if len(rest) > 1 else 0
    if zone:
        try:
            scope = int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
        except OSError as error:
            raise ValueError(f"{host!r}: there is no network interface {zone!r}") from error
    return socket.AF_INET6, (bare, port, flow, scope)


def parse(address: Any) -> tuple[str, int, tuple[Any, ...]]:
    """(host, port, what else an IPv6 address has) of one address. Raises ``TypeError`` or ``ValueError`` with it."""
    if isinstance(address, str):
        return (*split_host_port(address), ())
    if isinstance(address, tuple) and 2 <= len(address) <= 4 and isinstance(address[0], str):
        return address[0], _port(address[1], address), tuple(address[2:])
    raise TypeError(f"{address!r} is not an address: write 'host:port', (host, port), or a list of these")


async def resolve(address: Any, *, passive: bool = False) -> list[Resolved]:
    """All (family, sockaddr) of ``address``, in the order to try them. Raises ``OSError`` if a name is unknown."""
    if isinstance(address, list):
        if not address:
            raise ValueError("an empty list of addresses: give at least one")
        return [found for one in address for found in await resolve(one, passive=passive)]
    host, port, rest = parse(address)
    literal = numeric(host, port, rest)
    if literal is not None:
        return [literal]
    handle = current().handle
    if handle is None:
        raise RuntimeError("resolving a name needs a runtime: call this inside mezame.run(main())")
    flags = socket.AI_PASSIVE if passive else socket.AI_ADDRCONFIG
    try:
        found = await handle.resolver.submit(
            socket.getaddrinfo, (host or None, port), {"type": socket.SOCK_STREAM, "flags": flags}, "getaddrinfo"
        )
    except socket.gaierror as error:
        raise socket.gaierror(error.errno, f"cannot resolve {host!r}: {error.strerror}") from error
    return [(family, sockaddr) for family, _, _, _, sockaddr in found]


async def lookup_host(address: Any) -> list[tuple[Any, ...]]:
    """Awaits to the socket addresses of "host:port" or (host, port).

    Raises ``socket.gaierror`` (an ``OSError``) for an unknown name. Cancel safe: the lookup itself goes on in
    its thread and its result is dropped.

    >>> import mezame
    >>> mezame.run(mezame.net.lookup_host("127.0.0.1:80"))
    [('127.0.0.1', 80)]

    Source of the semantics: ``tokio::net::lookup_host``.
    """
    return [sockaddr for _, sockaddr in await resolve(address)]
