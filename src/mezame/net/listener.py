"""Listener: what all listeners can do, as a type."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol, runtime_checkable

from ..core.context import Context


@runtime_checkable
class Listener(Protocol):
    """What accepts connections: ``TcpListener``, ``UnixListener``, and your own. For annotations and ``isinstance``.

    >>> import mezame
    >>> from mezame.net import Listener, TcpListener
    >>> async def main():
    ...     async with await TcpListener.bind("127.0.0.1:0") as listener:
    ...         return isinstance(listener, Listener)
    >>> mezame.run(main())
    True

    Source of the semantics: ``tokio_util::net::Listener``.
    """

    def accept(self) -> Awaitable[Any]:
        """Awaits to ``(connection, peer address)``. Cancel safe: no connection is lost."""
        raise TypeError(f"{type(self).__name__} is a Listener without an accept() method: define one")

    def poll_accept(self, cx: Context) -> Any:
        """``Poll.Ready((connection, peer address))`` or ``Poll.Pending``."""
        raise TypeError(f"{type(self).__name__} is a Listener without a poll_accept(cx) method: define one")

    def local_addr(self) -> Any:
        """Where it listens."""
        raise TypeError(f"{type(self).__name__} is a Listener without a local_addr() method: define one")
