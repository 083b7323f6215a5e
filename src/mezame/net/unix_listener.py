"""UnixListener: a listening Unix socket, at a path or an abstract name."""

from __future__ import annotations

import socket
from collections.abc import Awaitable
from typing import Any

from ..core.context import Context
from .listen import sleep_after_error
from .operations import AcceptOp
from .register import register
from .registered import RegisteredSocket
from .unix_addr import UnixSocketAddr, from_kernel, named
from .unix_stream import UnixStream


class UnixListener(RegisteredSocket):
    """A listening Unix socket.

    >>> import mezame, tempfile, os.path
    >>> from mezame.net import UnixListener, UnixStream
    >>> async def main():
    ...     with tempfile.TemporaryDirectory() as folder:
    ...         path = os.path.join(folder, "app.sock")
    ...         async with UnixListener.bind(path) as listener, await UnixStream.connect(path) as client:
    ...             server, _ = await listener.accept()
    ...             await client.write_all(b"hello")
    ...             async with server:
    ...                 return await server.read()
    >>> mezame.run(main())
    b'hello'

    Source of the semantics: ``tokio::net::UnixListener``.
    """

    __slots__ = ()

    @staticmethod
    def bind(address: Any, *, backlog: int = 1024) -> UnixListener:
        """Listens at ``address``, at once: there is nothing to await.

        Args:
            address: a path, an abstract name (with a leading NUL), or a ``UnixSocketAddr``.
            backlog: connections that the kernel queues.

        Makes the socket's file. It is not removed by ``close``: remove it yourself, before the next ``bind`` at the
        same path, which raises ``OSError`` (EADDRINUSE) while there is one.
        """
        target = named(address)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.bind(target)
            sock.listen(backlog)
            return UnixListener(sock, register(sock))
        except OSError as error:
            sock.close()
            raise OSError(error.errno, f"cannot listen on {target!r}: {error.strerror or error}") from None
        except BaseException:
            sock.close()
            raise

    @staticmethod
    def from_std(sock: socket.socket) -> UnixListener:
        """Takes over a listening ``socket.socket``."""
        return UnixListener(sock, register(sock))

    def accept(self) -> Awaitable[tuple[UnixStream, UnixSocketAddr]]:
        """Awaits to ``(UnixStream, peer address)``. Cancel safe: no connection is lost.

        When the process has run out of descriptors it waits and goes on, as ``TcpListener.accept`` does.
        """
        return AcceptOp(self, self._source, self._accept_one, sleep_after_error)

    def poll_accept(self, cx: Context) -> Any:
        """Polls for the next connection. Of several polls the latest is woken."""
        return self._reading().poll_call(cx, self._accept_one)

    def _accept_one(self) -> tuple[UnixStream, UnixSocketAddr]:
        sock, address = self._sock.accept()
        try:
            return UnixStream(sock, register(sock)), from_kernel(address)
        except BaseException:
            sock.close()
            raise

    def local_addr(self) -> UnixSocketAddr:
        """Where it listens."""
        return from_kernel(self._sock.getsockname())

    def incoming(self) -> UnixListener:
        """An async iterator over the connections: ``async for stream, peer in listener.incoming():``."""
        return self

    def __aiter__(self) -> UnixListener:
        return self

    def __anext__(self) -> Awaitable[tuple[UnixStream, UnixSocketAddr]]:
        return self.accept()
