"""Door: where a runtime hears that a signal came: two sockets; the handler writes to one, the driver watches the other.

A runtime has one, made when somebody waits for a signal there for the first time; it goes with the runtime. It does
not say which signal: whoever waits looks at the count of its own (handlers.py).

    waiter                                       handler
    ----------------------------------           ---------------------------
    count changed? Ready                         count += 1
    empty the socket; none: wait for it          write a byte to the socket
    count changed? wake myself; Pending

Waiters of one runtime empty the socket for one another: hence the second look, after the waiter has taken its place.
"""

from __future__ import annotations

import socket
from typing import Any

from ..core.current import current
from ..driver.readiness import READ
from ..net.operations import CallOp
from ..net.register import register
from . import handlers

_KEY = "signal"


class Door:
    """The door of one runtime."""

    __slots__ = ("_receiver", "_sender", "source")

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        try:
            self._sender.setblocking(False)
            self.source = register(self._receiver)
        except BaseException:
            self.close_sockets()
            raise

    def wait(self, news: Any) -> CallOp:
        """A future that calls ``news()``, whenever somebody rang, until it is true. May be woken too often."""
        return CallOp(self, self.source, READ, self._look, (news,))

    def _look(self, news: Any) -> None:
        self._drain()
        if not news():
            raise BlockingIOError

    def _drain(self) -> None:
        try:
            while len(self._receiver.recv(4096)) == 4096:
                pass
        except (BlockingIOError, InterruptedError):
            pass

    def ring(self) -> None:
        """Called by the handler."""
        try:
            self._sender.send(b"\0")
        except OSError:  # full: it rings already
            pass

    def close_sockets(self) -> None:
        """Called under the lock of the handlers."""
        self._sender.close()
        self._receiver.close()

    def close(self) -> None:
        """The runtime is closed."""
        self.source.detach()
        handlers.remove_door(self)


def here() -> Door:
    """The door of the current runtime. Raises ``RuntimeError`` without one, or without an I/O driver."""
    handle = current().handle
    if handle is None:
        raise RuntimeError("waiting for a signal needs a runtime: do it inside mezame.run(main()), or enter a runtime")
    door: Door | None = handle.belongings.get(_KEY)
    if door is not None:
        return door
    new = Door()
    kept: Door = handle.belongings.setdefault(_KEY, new)  # another worker may have been faster
    if kept is new:
        handlers.add_door(new)
    else:
        new.source.close()
        new.close_sockets()
    return kept
