"""UdpFramed: datagrams as a stream and a sink of (frame, address).

    reading   EMPTY --a datagram--> DECODING --decode_eof: item--> DECODING
                                    DECODING --decode_eof: None, or it raised--> EMPTY, what is left is dropped
    writing   FLUSHED --start_send--> WAITING --sent, or it failed--> FLUSHED

Each datagram is a stream of its own with its end: no frame goes on in the next one, and a bad one says nothing of the
others, so an error does not end the iteration. A receive that was begun belongs to the UdpFramed: it goes on at the
next poll when a ``next()`` was dropped, and no datagram is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.poll import PENDING, make_ready
from ..stream.owned import Owned
from ..stream.sink import Sink
from ..stream.stream import Stream
from .framed_read import UsedUp, checked_decoder, checked_encoder

MAX_DATAGRAM = 65536  # bytes: more than any UDP datagram has


class UdpFramed(Stream, Sink):
    """The frames in the datagrams of a UDP socket: items are ``(frame, address)``, both ways.

    Args:
        socket: a ``mezame.net.UdpSocket``, or what has its ``recv_from(limit)`` and ``send_to(data, address)``.
        codec: a ``Decoder`` and ``Encoder``.

    A datagram may hold several frames; what is left in it when the codec finds no more is dropped. A frame that is bad
    raises, and the iteration can go on with the next datagram: no END comes after it. It never ends by itself. Sending
    makes one datagram of each item. ``next()`` is cancel safe; a ``send`` that is cancelled while it waits for room
    loses its item.

    >>> import mezame
    >>> from mezame.codec import LinesCodec, UdpFramed
    >>> class Mirror:  # in place of a socket
    ...     async def send_to(self, data, address):
    ...         self.last = data, address
    ...         return len(data)
    ...     async def recv_from(self, limit):
    ...         return self.last
    >>> async def main():
    ...     framed = UdpFramed(Mirror(), LinesCodec())
    ...     await framed.send(("hello", ("127.0.0.1", 53)))
    ...     return await framed.next()
    >>> mezame.run(main())
    ('hello', ('127.0.0.1', 53))

    Source of the semantics: ``tokio_util::udp::UdpFramed``.
    """

    def __init__(self, socket: Any, codec: Any) -> None:
        if not (hasattr(socket, "recv_from") and hasattr(socket, "send_to")):
            raise TypeError(f"UdpFramed needs a UdpSocket, with recv_from and send_to, not {socket!r}")
        self._socket = socket
        self._codec = checked_encoder("UdpFramed", checked_decoder("UdpFramed", codec))
        self._receiving = Owned()
        self._read = bytearray()
        self._from: Any = None
        self._readable = False
        self._sending = Owned()
        self._wrote = bytearray()
        self._to: Any = None
        self._flushed = True

    # --- reading ----------------------------------------------------------------------------------------------------

    def poll_next(self, cx: Context) -> Any:
        while True:
            if self._readable:
                if not poll_proceed(cx):
                    return PENDING
                item = self._decode()
                if item is not None:
                    return make_ready((item, self._from))
                refund()
                self._forget_datagram()
            if self._receiving.future is None:
                self._receiving.start(self._socket.recv_from(MAX_DATAGRAM))
            answer = self._receiving.poll(cx)
            if answer is PENDING:
                return PENDING
            data, self._from = answer.value
            self._read += data
            self._readable = True
            self._reset_codec()

    def _decode(self) -> Any:
        try:
            return self._codec.decode_eof(self._read)
        except BaseException:
            self._forget_datagram()
            raise

    def _forget_datagram(self) -> None:
        self._readable = False
        self._read.clear()

    def _reset_codec(self) -> None:
        reset: Callable[[], None] | None = getattr(self._codec, "reset", None)
        if reset is not None:
            reset()

    # --- writing ----------------------------------------------------------------------------------------------------

    def poll_ready(self, cx: Context) -> Any:
        return self.poll_flush(cx)

    def start_send(self, item: Any) -> None:
        if not self._flushed:
            raise RuntimeError("start_send before poll_ready was Ready: a datagram still waits")
        try:
            frame, address = item
        except (TypeError, ValueError):
            raise TypeError(f"UdpFramed sends (frame, address), not {item!r}") from None
        try:
            self._codec.encode(frame, self._wrote)
        except BaseException:
            self._wrote.clear()
            raise
        self._to = address
        self._flushed = False

    def poll_flush(self, cx: Context) -> Any:
        if self._flushed:
            return make_ready(None)
        try:
            if self._sending.future is None:
                self._sending.start(self._socket.send_to(bytes(self._wrote), self._to))
            answer = self._sending.poll(cx)
        except BaseException:
            self._datagram_is_gone()
            raise
        if answer is PENDING:
            return PENDING
        size = self._datagram_is_gone()
        if answer.value != size:
            raise OSError(f"{answer.value} of {size} bytes of a datagram were sent to {self._to!r}")
        return make_ready(None)

    def _datagram_is_gone(self) -> int:
        size = len(self._wrote)
        self._wrote.clear()
        self._flushed = True
        return size

    def poll_close(self, cx: Context) -> Any:
        """Flushes: there is nothing that tells the peer of an end."""
        return self.poll_flush(cx)

    # --- its parts --------------------------------------------------------------------------------------------------

    def get_ref(self) -> Any:
        """The socket."""
        return self._socket

    def codec(self) -> Any:
        """The codec."""
        return self._codec

    def read_buffer(self) -> bytearray:
        """What of the current datagram is not decoded yet."""
        return self._read

    def into_inner(self) -> Any:
        """Gives back the socket. What of a datagram is not decoded, or not sent, is lost. This one is used up."""
        socket = self._socket
        self._let_go()
        self._socket = UsedUp("UdpFramed")
        return socket

    def _let_go(self) -> None:
        self._receiving.drop()
        self._sending.drop()
        self._forget_datagram()
        self._datagram_is_gone()

    async def aclose(self) -> None:
        """``drop``, and waits until a send that was begun has unwound."""
        await self._receiving.aclose()
        await self._sending.aclose()
        self.drop()

    def drop(self) -> None:
        """Ends a receive and a send that were begun, and closes the socket, if it can be closed. Idempotent."""
        self._let_go()
        close = getattr(self._socket, "close", None)
        if close is not None:
            close()

    def __repr__(self) -> str:
        return f"<UdpFramed {self._socket!r} by {self._codec!r}>"
