"""UnixDatagram: messages on this machine, by a path or an abstract name; none is lost or comes out of order.

What it does with messages: ``net/datagram.py``. Unlike UDP the sender waits while the receiver's queue is full. For a
connected socket the kernel says when there is room. Of any other receiver it says nothing; worse, an attempt that
failed makes an event "writable" by itself (the message that did not go was freed), so that whoever waits for events
spins. So ``send_to`` and ``poll_send_to`` wait for none: they try again after 1 ms, and then ever more seldom, down to
every 20 ms.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..driver.readiness import WRITE, Source
from ..time.sleep import Sleep, sleep
from .datagram import DatagramSocket
from .fd_passing import FdPassing
from .operations import length_of
from .register import register
from .unix_addr import UnixSocketAddr, from_kernel, named

_PAUSE = 0.001  # seconds until the second try of a send_to; doubles, up to ...
_PAUSE_MAX = 0.02


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

    __slots__ = ("_attempts",)

    def __init__(self, sock: socket.socket, source: Source) -> None:
        super().__init__(sock, source)
        self._attempts: Attempts | None = None  # of poll_send_to

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
        return SendTo(self, data, named(address))

    def try_send_to(self, data: Any, address: Any) -> int:
        """``send_to`` without waiting. Raises ``BlockingIOError``.

        Do not wait with ``writable()`` for room in another's queue: it answers at once. ``send_to`` waits.
        """
        length_of(data)
        sent: int = self._try(WRITE, self._sock.sendto, data, named(address))
        return sent

    def poll_send_to(self, cx: Context, data: Any, address: Any) -> Any:
        """Polls for room and sends a message to ``address``; Ready with the number of bytes.

        While the receiver's queue is full it tries after pauses, as ``send_to`` does. A message to another address is
        tried at once. Needs a runtime with timers.
        """
        length_of(data)
        target = named(address)
        attempts = self._attempts
        if attempts is None or attempts.target != target:
            if attempts is not None:
                attempts.close()
            attempts = self._attempts = Attempts(self, target)
        try:
            answer = attempts.poll(cx, data)
        except BaseException:
            self._attempts = None
            raise
        if answer is not PENDING:
            self._attempts = None
        return answer

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


class Attempts:
    """The attempts to send a message to ``target`` by one socket; see above why they wait for no event."""

    __slots__ = ("_again", "_owner", "_pause", "target")

    def __init__(self, owner: UnixDatagram, target: Any) -> None:
        self.target = target
        self._owner = owner
        self._pause = _PAUSE
        self._again: Sleep | None = None

    def poll(self, cx: Context, data: Any) -> Any:
        """Tries, unless it is too early; Ready with the number of bytes. May raise; there is another try then, too."""
        while True:
            if self._again is not None and self._again.poll(cx) is PENDING:
                return PENDING
            self._again = None
            if not poll_proceed(cx):
                return PENDING
            try:
                return make_ready(self._try(data))
            except BlockingIOError:
                refund()
                self._again = sleep(self._pause)
                self._pause = min(2 * self._pause, _PAUSE_MAX)

    def _try(self, data: Any) -> int:
        source = self._owner.source
        source.hold()
        try:
            return self._owner.get_socket().sendto(data, self.target)
        finally:
            source.release()

    def close(self) -> None:
        """Waits no more."""
        if self._again is not None:
            self._again.close()
            self._again = None


class SendTo(Future):
    """The future of ``send_to``."""

    def __init__(self, owner: UnixDatagram, data: Any, target: Any) -> None:
        self._attempts = Attempts(owner, target)
        self._data = data
        self._over = False

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise RuntimeError("this send_to was polled after it completed: call it again")
        self._over = True  # it stays so if this raises
        answer = self._attempts.poll(cx, self._data)
        self._over = answer is not PENDING
        return answer

    def close(self) -> None:
        self._over = True
        self._attempts.close()
