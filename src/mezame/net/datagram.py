"""DatagramSocket: what UDP and Unix datagram sockets have in common: messages, each sent and received whole.

Many tasks may use one socket at once, in both directions. Each operation is one system call when it succeeds, so all
are cancel safe: a cancelled ``recv`` has taken no message, a cancelled ``send`` has sent none. A message that is longer
than the limit or the buffer is cut, the rest is lost, as the kernel does it. An empty message is a message: ``b""`` is
not an end.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from ..core.context import Context
from ..core.poll import PENDING, Poll
from ..driver.readiness import READ, WRITE
from .operations import CallOp, length_of
from .registered import RegisteredSocket
from .stream_socket import writable_size

T = TypeVar("T")

MAX_DATAGRAM = 65536  # no UDP message is longer


def checked_limit(what: str, limit: Any) -> int:
    """``limit``, a number of bytes; ``TypeError`` or ``ValueError`` if it is none."""
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise TypeError(f"{what} takes a number of bytes, not {limit!r}")
    if limit < 0:
        raise ValueError(f"{what} takes a number of bytes from 0 on, not {limit!r}")
    return limit


class DatagramSocket(RegisteredSocket):
    """A datagram socket. Many tasks may use it at once; every operation is cancel safe."""

    __slots__ = ()

    def _call(self, mask: int, function: Callable[..., T], *args: Any) -> Awaitable[T]:
        return CallOp(self, self._source, mask, function, args)

    # --- receiving ------------------------------------------------------------------------------------------

    def recv(self, limit: int = MAX_DATAGRAM) -> Awaitable[bytes]:
        """Awaits to the next message, cut to ``limit`` bytes. Of a connected socket: only the peer's. Cancel safe."""
        return self._call(READ, self._receive, checked_limit("recv", limit), 0)

    def recv_into(self, buffer: Any) -> Awaitable[int]:
        """Receives into a writable buffer; awaits to the number of bytes. Cancel safe."""
        writable_size("recv_into", buffer)
        return self._call(READ, self._receive_into, buffer)

    def recv_from(self, limit: int = MAX_DATAGRAM) -> Awaitable[tuple[bytes, Any]]:
        """Awaits to ``(message, sender's address)``; the message is cut to ``limit`` bytes. Cancel safe."""
        return self._call(READ, self._receive_from, checked_limit("recv_from", limit), 0)

    def recv_from_into(self, buffer: Any) -> Awaitable[tuple[int, Any]]:
        """Receives into a writable buffer; awaits to ``(number of bytes, sender's address)``. Cancel safe."""
        writable_size("recv_from_into", buffer)
        return self._call(READ, self._receive_from_into, buffer, 0)

    def peek(self, limit: int = MAX_DATAGRAM) -> Awaitable[bytes]:
        """The same as ``recv``, but the message stays in the queue. Cancel safe."""
        return self._call(READ, self._receive, checked_limit("peek", limit), socket.MSG_PEEK)

    def peek_from(self, limit: int = MAX_DATAGRAM) -> Awaitable[tuple[bytes, Any]]:
        """The same as ``recv_from``, but the message stays in the queue. Cancel safe."""
        return self._call(READ, self._receive_from, checked_limit("peek_from", limit), socket.MSG_PEEK)

    def peek_sender(self) -> Awaitable[Any]:
        """Awaits to the address of who sent the next message, which stays in the queue. Cancel safe."""
        return self._call(READ, self._sender)

    def _sender(self) -> Any:
        return self._receive_from(0, socket.MSG_PEEK)[1]

    def _receive(self, limit: int, flags: int) -> bytes:
        # recv(0) of Python's sockets makes no call: the message would stay.
        return self._sock.recv(limit, flags) if limit else self._sock.recvfrom(0, flags)[0]

    def _receive_into(self, buffer: Any) -> int:
        return self._sock.recvfrom_into(buffer)[0]

    def _receive_from(self, limit: int, flags: int) -> tuple[bytes, Any]:
        return self._sock.recvfrom(limit, flags)

    def _receive_from_into(self, buffer: Any, flags: int) -> tuple[int, Any]:
        return self._sock.recvfrom_into(buffer, 0, flags)

    # --- sending --------------------------------------------------------------------------------------------

    def send(self, data: Any) -> Awaitable[int]:
        """Sends a message to the peer that the socket is connected to; awaits to the number of bytes. Cancel safe.

        Raises ``OSError`` (EDESTADDRREQ or ENOTCONN) if it is not connected, ``ConnectionRefusedError`` if an earlier
        message found nobody, ``OSError`` (EMSGSIZE) if it is too long.
        """
        length_of(data)
        return self._call(WRITE, self._sock.send, data)

    # --- without waiting --------------------------------------------------------------------------------------

    def try_recv(self, limit: int = MAX_DATAGRAM) -> bytes:
        """``recv`` without waiting. Raises ``BlockingIOError``: await ``readable()``, then try again."""
        return self._try(READ, self._receive, checked_limit("try_recv", limit), 0)

    def try_recv_into(self, buffer: Any) -> int:
        """``recv_into`` without waiting. Raises ``BlockingIOError``."""
        writable_size("try_recv_into", buffer)
        return self._try(READ, self._receive_into, buffer)

    def try_recv_from(self, limit: int = MAX_DATAGRAM) -> tuple[bytes, Any]:
        """``recv_from`` without waiting. Raises ``BlockingIOError``: await ``readable()``, then try again."""
        return self._try(READ, self._receive_from, checked_limit("try_recv_from", limit), 0)

    def try_recv_from_into(self, buffer: Any) -> tuple[int, Any]:
        """``recv_from_into`` without waiting. Raises ``BlockingIOError``."""
        writable_size("try_recv_from_into", buffer)
        return self._try(READ, self._receive_from_into, buffer, 0)

    def try_peek(self, limit: int = MAX_DATAGRAM) -> bytes:
        """``peek`` without waiting. Raises ``BlockingIOError``."""
        return self._try(READ, self._receive, checked_limit("try_peek", limit), socket.MSG_PEEK)

    def try_peek_from(self, limit: int = MAX_DATAGRAM) -> tuple[bytes, Any]:
        """``peek_from`` without waiting. Raises ``BlockingIOError``."""
        return self._try(READ, self._receive_from, checked_limit("try_peek_from", limit), socket.MSG_PEEK)

    def try_peek_sender(self) -> Any:
        """``peek_sender`` without waiting. Raises ``BlockingIOError``."""
        return self._try(READ, self._sender)

    def try_send(self, data: Any) -> int:
        """``send`` without waiting. Raises ``BlockingIOError``: await ``writable()``, then try again."""
        length_of(data)
        return self._try(WRITE, self._sock.send, data)

    def _try(self, mask: int, function: Callable[..., T], *args: Any) -> T:
        value: T = self._source.attempt(mask, function, args)
        return value

    # --- by poll: of several polls in one direction the latest is woken ------------------------------------------

    def poll_recv(self, cx: Context, buf: Any) -> Any:
        """Polls for a message, which is put into ``buf``, a ``ReadBuf``."""
        return self._poll_receive(cx, buf, 0, with_sender=False)

    def poll_recv_from(self, cx: Context, buf: Any) -> Any:
        """Polls for a message, which is put into ``buf``, a ``ReadBuf``; Ready with the sender's address."""
        return self._poll_receive(cx, buf, 0, with_sender=True)

    def poll_peek(self, cx: Context, buf: Any) -> Any:
        """The same as ``poll_recv``, but the message stays in the queue."""
        return self._poll_receive(cx, buf, socket.MSG_PEEK, with_sender=False)

    def poll_peek_from(self, cx: Context, buf: Any) -> Any:
        """The same as ``poll_recv_from``, but the message stays in the queue."""
        return self._poll_receive(cx, buf, socket.MSG_PEEK, with_sender=True)

    def poll_peek_sender(self, cx: Context) -> Any:
        """Polls for the address of who sent the next message."""
        return self._reading().poll_call(cx, self._sender)

    def _poll_receive(self, cx: Context, buf: Any, flags: int, *, with_sender: bool) -> Any:
        room = buf.unfilled()
        found = self._reading().poll_call(cx, lambda: self._receive_from_into(room, flags))
        if found is PENDING:
            return found
        count, sender = found.value
        buf.advance(count)
        return Poll.Ready(sender if with_sender else None)

    def poll_send(self, cx: Context, data: Any) -> Any:
        """Polls for room and sends a message to the peer; Ready with the number of bytes."""
        length_of(data)
        return self._writing().poll_call(cx, lambda: self._sock.send(data))

    def poll_recv_ready(self, cx: Context) -> Any:
        """The same as ``poll_read_ready``."""
        return self.poll_read_ready(cx)

    def poll_send_ready(self, cx: Context) -> Any:
        """The same as ``poll_write_ready``."""
        return self.poll_write_ready(cx)

    def peer_addr(self) -> Any:
        """The address that the socket is connected to. Raises ``OSError`` (ENOTCONN) if it is not."""
        return self._sock.getpeername()
