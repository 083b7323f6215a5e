"""Listener: what TCP and Unix listeners have in common, for code that serves either."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol, runtime_checkable

from ..core.context import Context


@runtime_checkable
class Listener(Protocol):
    """Something that accepts connections: ``TcpListener``, ``UnixListener``, or one of your own.

    >>> from mezame.net import Listener, TcpListener
    >>> issubclass(TcpListener, Listener)
    True

    Source of the semantics: ``tokio_util::net::Listener``.
    """

    def accept(self) -> Awaitable[tuple[Any, Any]]:
        """Awaits to ``(stream, peer's address)``. Cancel safe."""

    def poll_accept(self, cx: Context) -> Any:
        """Polls for the next connection: ``Poll.Ready((stream, peer's address))`` or ``Poll.Pending``."""

    def local_addr(self) -> Any:
        """Where it listens."""
