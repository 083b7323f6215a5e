"""Binding a listener, and the pause after "too many open files"."""

from __future__ import annotations

import socket
from typing import Any

from ..time.sleep import sleep
from .addr import resolve
from .register import register


async def bind_tcp(address: Any, backlog: int, reuse_port: bool) -> Any:
    """``TcpListener.bind``."""
    from .tcp import TcpListener

    last: OSError | None = None
    for family, sockaddr in await resolve(address, passive=True):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind(sockaddr)
            sock.listen(backlog)
            return TcpListener(sock, register(sock))
        except OSError as error:
            sock.close()
            last = OSError(error.errno, f"cannot listen on {sockaddr!r}: {error.strerror or error}")
        except BaseException:
            sock.close()
            raise
    raise last if last is not None else ValueError(f"{address!r} resolved to no address")


def sleep_after_error(seconds: float, error: OSError) -> Any:
    """The pause of ``accept`` when the process has no descriptors left; logged, for it is an operator's matter."""
    import logging

    logging.getLogger("mezame").warning("accept: %s; trying again in %.2f s", error, seconds)
    return sleep(seconds)
