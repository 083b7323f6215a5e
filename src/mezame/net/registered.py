"""RegisteredSocket: what a stream and a listener have in common: a socket, registered with a driver, owned."""

from __future__ import annotations

import socket
from typing import Any

from ..core.future import Future, ready
from ..driver.readiness import Source


class RegisteredSocket:
    """A socket of a runtime. Close it with ``close()`` or ``with``; dropping the last reference closes it too."""

    __slots__ = ("__weakref__", "_sock", "_source")

    def __init__(self, sock: socket.socket, source: Source) -> None:
        self._sock = sock
        self._source = source

    def local_addr(self) -> Any:
        """Our address: (host, port), for IPv6 (host, port, flow, scope)."""
        return self._sock.getsockname()

    def get_socket(self) -> socket.socket:
        """The socket, for options that have no method here. It stays ours."""
        return self._sock

    def fileno(self) -> int:
        """The descriptor, -1 once closed."""
        return self._sock.fileno()

    @property
    def source(self) -> Source:
        """Its readiness, for tools."""
        return self._source

    def into_std(self) -> socket.socket:
        """Gives the socket away, still non-blocking; this object is closed for further use."""
        self._source.detach()
        return self._sock

    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._source._closed

    def close(self) -> None:
        """Closes the socket. Operations that wait on it raise. Idempotent; from any thread."""
        self._source.close()

    def __aenter__(self) -> Future:
        return ready(self)

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Future:
        self.close()
        return ready(None)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        source = self._source
        if source is not None and not source._closed:
            source.close()

    def __repr__(self) -> str:
        if self._source._closed:
            return f"<{type(self).__name__} closed>"
        return f"<{type(self).__name__} {self._sock.getsockname()} {self._source!r}>"
