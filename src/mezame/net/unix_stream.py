"""UnixStream: a connection on this machine, by path or abstract name. What a stream does: ``net/stream_socket.py``."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from ..driver.io_op import ReadyOp
from ..driver.readiness import WRITE, Source
from ..io.async_read import AsyncRead
from ..io.async_write import AsyncWrite
from ..time.sleep import sleep
from ..time.timeout import timeout as time_limit
from .fd_passing import FdPassing
from .register import register
from .stream_socket import StreamSocket
from .unix_addr import UCred, UnixSocketAddr, from_kernel, named, peer_cred

_FULL_PAUSE = 0.001  # seconds until the second try when a listener's queue is full; doubles, up to ...
_FULL_PAUSE_MAX = 0.1


class UnixStream(FdPassing, StreamSocket, AsyncRead, AsyncWrite):
    """A Unix stream connection: all that ``TcpStream`` can, and passing descriptors.

    Get one with ``await UnixStream.connect(path)``, from ``UnixListener.accept``, ``UnixStream.pair`` or ``from_std``.
    Close it with ``close()`` or ``async with``; dropping the last reference closes it too.

    >>> import mezame
    >>> from mezame.net import UnixStream
    >>> async def main():
    ...     left, right = UnixStream.pair()
    ...     async with left, right:
    ...         await left.write_all(b"hello")
    ...         return await right.read()
    >>> mezame.run(main())
    b'hello'

    Source of the semantics: ``tokio::net::UnixStream``.
    """

    __slots__ = ()

    @staticmethod
    async def connect(address: Any, *, timeout: float | None = None) -> UnixStream:
        """Connects to the listener at ``address``.

        Args:
            address: a path, an abstract name (with a leading NUL), or a ``UnixSocketAddr``.
            timeout: seconds for the whole of it; None: no limit.

        Raises ``FileNotFoundError``, ``ConnectionRefusedError`` (nobody listens any more) and other ``OSError``,
        ``mezame.time.Elapsed`` at the timeout. If the listener's queue is full it waits and tries again. Cancel safe.
        """
        target = named(address)
        if timeout is not None:
            stream: UnixStream = await time_limit(timeout, connect_unix(_new(), target))
            return stream
        return await connect_unix(_new(), target)

    @staticmethod
    def pair() -> tuple[UnixStream, UnixStream]:
        """Two streams that are connected to each other."""
        left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            first = UnixStream(left, register(left))
            return first, UnixStream(right, register(right))
        except BaseException:
            left.close()
            right.close()
            raise

    @staticmethod
    def from_std(sock: socket.socket) -> UnixStream:
        """Takes over a connected ``socket.socket``. It is made non-blocking and belongs to the stream."""
        return UnixStream(sock, register(sock))

    def peer_cred(self) -> UCred:
        """Who is at the other end: user, group and process, as they were when it connected."""
        return peer_cred(self._sock)

    def local_addr(self) -> UnixSocketAddr:
        """Our address: unnamed at the side that connected."""
        return from_kernel(self._sock.getsockname())

    def peer_addr(self) -> UnixSocketAddr:
        """The peer's address: unnamed if the peer is the side that connected."""
        return from_kernel(self._sock.getpeername())


def _new() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


async def connect_unix(sock: socket.socket, target: Any) -> UnixStream:
    """Connects ``sock``, which is closed if that fails or is cancelled."""
    source: Source | None = None
    pause = _FULL_PAUSE
    try:
        sock.setblocking(False)
        while (number := sock.connect_ex(target)) == errno.EAGAIN:
            # The listener's queue is full. The kernel has no event for "there is room": ask again.
            await sleep(pause)
            pause = min(2 * pause, _FULL_PAUSE_MAX)
        if number == 0:
            return UnixStream(sock, register(sock))
        if number not in (errno.EINPROGRESS, errno.EINTR):
            raise OSError(number, f"cannot connect to {target!r}: {os.strerror(number)}")
        source = register(sock, optimistic=False)
        await ReadyOp(source, WRITE)
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, f"cannot connect to {target!r}: {os.strerror(number)}")
        return UnixStream(sock, source)
    except BaseException:
        if source is not None:
            source.close()
        else:
            sock.close()
        raise
