"""UnixSocket: a Unix socket before it is a stream, a listener or a datagram socket."""

from __future__ import annotations

import socket
from typing import Any

from .register import register
from .unix_addr import UnixSocketAddr, from_kernel, named
from .unix_datagram import UnixDatagram
from .unix_listener import UnixListener
from .unix_stream import UnixStream, connect_unix


class UnixSocket:
    """A Unix socket that is not in use yet: for its options, and to connect from an address of one's own.

    >>> import mezame
    >>> from mezame.net import UnixSocket
    >>> async def main():
    ...     sock = UnixSocket.new_stream()
    ...     sock.bind(b"\\0mezame-doc-example")
    ...     with sock.listen(16) as listener:
    ...         return listener.local_addr().as_abstract_name()
    >>> mezame.run(main())
    b'mezame-doc-example'

    Source of the semantics: ``tokio::net::UnixSocket``.
    """

    def __init__(self, kind: socket.SocketKind) -> None:
        self._sock: socket.socket | None = socket.socket(socket.AF_UNIX, kind)
        self._sock.setblocking(False)

    @staticmethod
    def new_stream() -> UnixSocket:
        """For ``listen`` or ``connect``."""
        return UnixSocket(socket.SOCK_STREAM)

    @staticmethod
    def new_datagram() -> UnixSocket:
        """For ``datagram``."""
        return UnixSocket(socket.SOCK_DGRAM)

    def _open(self, kind: socket.SocketKind | None = None, way: str = "") -> socket.socket:
        if self._sock is None:
            raise RuntimeError("this UnixSocket has become a stream, a listener or a datagram socket, or was closed")
        if kind is not None and self._sock.type != kind:
            raise ValueError(f"{way}() is not for a {self._sock.type.name} socket: make one with the other new_ method")
        return self._sock

    def bind(self, address: Any) -> None:
        """Binds to a path or an abstract name. Raises ``OSError``."""
        self._open().bind(named(address))

    def local_addr(self) -> UnixSocketAddr:
        """The address it is bound to."""
        return from_kernel(self._open().getsockname())

    def get_socket(self) -> socket.socket:
        """The socket, for options that have no method here."""
        return self._open()

    def listen(self, backlog: int = 1024) -> UnixListener:
        """Listens; a ``UnixListener``. The socket is used up."""
        sock, self._sock = self._open(socket.SOCK_STREAM, "listen"), None
        try:
            sock.listen(backlog)
            return UnixListener(sock, register(sock))
        except BaseException:
            sock.close()
            raise

    async def connect(self, address: Any) -> UnixStream:
        """Connects. The socket is used up, whether it succeeds or not."""
        target = named(address)
        sock, self._sock = self._open(socket.SOCK_STREAM, "connect"), None
        return await connect_unix(sock, target)

    def datagram(self) -> UnixDatagram:
        """The socket as a ``UnixDatagram``. This object is used up."""
        sock, self._sock = self._open(socket.SOCK_DGRAM, "datagram"), None
        return UnixDatagram.from_std(sock)

    def close(self) -> None:
        """Closes it. Idempotent."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def __del__(self) -> None:
        if getattr(self, "_sock", None) is not None:
            self.close()
