"""UnixDatagram: messages on this machine, by a path or an abstract name; none is lost or comes out of order.

What it does with messages: ``net/datagram.py``. Unlike UDP the sender waits while the receiver's queue is full. For a
connected socket the kernel says when there is room. For ``send_to`` it says so only of messages that this very socket
had sent; if others have filled the queue there is no event, so it asks again, after 1 ms and then ever more seldom.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING
from ..driver.readiness import WRITABLE, WRITE
from ..time.sleep import Sleep, sleep
from .datagram import DatagramSocket
from .fd_passing import FdPassing
from .operations import CallOp, length_of
from .register import register
from .unix_addr import UnixSocketAddr, from_kernel, named

_PAUSE = 0.001  # seconds until the second try of a send_to; doubles, up to ...
_PAUSE_MAX = 0.1


class UnixDatagram(FdPassing, DatagramSocket):
    """A Unix datagram socket. Many tasks may use it at once; every operation is cancel safe.

    >>> import mezame
    >>> from mezame.net import UnixDatagram
    >>> async def main():
    ...     left, right = UnixDatagram.pair()
    ...     async with left, right:
    ...         await left.send(b"one")
    ...         await left.send(b"two")
    ...         return [await right.recv(), await right.recv()]
    >>> mezame.run(main())
    [b'one', b'two']

    Source of the semantics: ``tokio::net::UnixDatagram``.
    """

    __slots__ = ()

    @staticmethod
    def bind(address: Any) -> UnixDatagram:
        """A socket at ``address``, at once: there is nothing to await.

        Args:
            address: a path, an abstract name (with a leading NUL), or a ``UnixSocketAddr``.

        Makes the socket's file, which is not removed by ``close``. Raises ``OSError`` (EADDRINUSE) if there is one.
        """
        target = named(address)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            sock.bind(target)
            return UnixDatagram(sock, register(sock))
        except OSError as error:
            sock.close()
            raise OSError(error.errno, f"cannot bind to {target!r}: {error.strerror or error}") from None
        except BaseException:
            sock.close()
            raise

    @staticmethod
    def unbound() -> UnixDatagram:
        """A socket without an address: it can send, and be connected."""
        return UnixDatagram.from_std(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))

    @staticmethod
    def pair() -> tuple[UnixDatagram, UnixDatagram]:
        """Two sockets that are connected to each other."""
        left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            first = UnixDatagram(left, register(left))
            return first, UnixDatagram(right, register(right))
        except BaseException:
            left.close()
            right.close()
            raise

    @staticmethod
    def from_std(sock: socket.socket) -> UnixDatagram:
        """Takes over a ``socket.socket``. It is made non-blocking and belongs to this object."""
        try:
            return UnixDatagram(sock, register(sock))
        except BaseException:
            sock.close()
            raise

    def connect(self, address: Any) -> None:
        """Sets the peer, at once: ``send`` goes there, and only its messages are received. May be called again."""
        self._sock.connect(named(address))

    def send_to(self, data: Any, address: Any) -> Awaitable[int]:
        """Sends a message to ``address``; waits while the receiver's queue is full; awaits to the number of bytes.

        Raises ``FileNotFoundError``, ``ConnectionRefusedError`` and other ``OSError``. Cancel safe.
        """
        length_of(data)
        return SendTo(CallOp(self, self._source, WRITE, self._sock.sendto, (data, named(address))), self)

    def try_send_to(self, data: Any, address: Any) -> int:
        """``send_to`` without waiting. Raises ``BlockingIOError``."""
        length_of(data)
        sent: int = self._try(WRITE, self._sock.sendto, data, named(address))
        return sent

    def poll_send_to(self, cx: Context, data: Any, address: Any) -> Any:
        """Polls for room and sends a message to ``address``; Ready with the number of bytes.

        Unlike ``send_to`` it does not ask again by itself if others have filled the receiver's queue.
        """
        length_of(data)
        target = named(address)
        return self._writing().poll_call(cx, lambda: self._sock.sendto(data, target))

    def shutdown(self, how: int) -> None:
        """Shuts a direction down: ``socket.SHUT_RD``, ``SHUT_WR`` or ``SHUT_RDWR``. The peer's sends then fail."""
        self._sock.shutdown(how)

    def _receive_from(self, limit: int, flags: int) -> tuple[bytes, UnixSocketAddr]:
        message, sender = self._sock.recvfrom(limit, flags)
        return message, from_kernel(sender)

    def _receive_from_into(self, buffer: Any, flags: int) -> tuple[int, UnixSocketAddr]:
        count, sender = self._sock.recvfrom_into(buffer, 0, flags)
        return count, from_kernel(sender)

    def local_addr(self) -> UnixSocketAddr:
        """Our address; unnamed if it was not bound."""
        return from_kernel(self._sock.getsockname())

    def peer_addr(self) -> UnixSocketAddr:
        """The address that the socket is connected to. Raises ``OSError`` (ENOTCONN) if it is not."""
        return from_kernel(self._sock.getpeername())


class SendTo(Future):
    """The future of ``send_to``: sends when the socket is writable, and asks again now and then; see above."""

    def __init__(self, send: CallOp, owner: UnixDatagram) -> None:
        self._send = send
        self._owner_socket = owner
        self._pause = _PAUSE
        self._again: Sleep | None = None

    def poll(self, cx: Context) -> Any:
        while True:
            answer = self._send.poll(cx)
            if answer is not PENDING:
                self._drop_timer()
                return answer
            if self._again is None:
                self._again = sleep(self._pause)
                self._pause = min(2 * self._pause, _PAUSE_MAX)
            if self._again.poll(cx) is PENDING:
                return PENDING
            self._again = None
            self._owner_socket.source.set_ready(WRITABLE)  # nobody knows; the next attempt finds out

    def _drop_timer(self) -> None:
        if self._again is not None:
            self._again.close()
            self._again = None

    def close(self) -> None:
        self._send.close()
        self._drop_timer()
