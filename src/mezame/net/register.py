"""Registering a socket with the current runtime's I/O driver."""

from __future__ import annotations

import socket

from ..core.current import current
from ..driver.readiness import Source
from ..errors import RuntimeClosedError


def register(sock: socket.socket, *, optimistic: bool = True) -> Source:
    """Makes ``sock`` non-blocking and registers it. The returned Source owns it from here on.

    ``optimistic``: the first operation asks the kernel at once; False: it waits for the driver's word.
    Raises ``RuntimeError`` without a runtime or without its I/O driver.
    """
    slot = current()
    driver = slot.io
    if driver is None:
        if slot.handle is None:
            raise RuntimeError("sockets need a runtime: call this inside mezame.run(main()), or enter a runtime")
        raise RuntimeError("this runtime has no I/O driver: make it with enable_io=True")
    if driver.closed:
        raise RuntimeClosedError("the runtime of this thread was closed: its I/O driver is gone")
    sock.setblocking(False)
    source = Source(sock.fileno(), sock, driver.poller)
    if not optimistic:
        source.forget_readiness()
    source.hooks = slot.handle.executor.hooks
    driver.poller.add(source)
    return source
