"""TlsEngine: the TLS protocol without any I/O: ciphertext in and out on one side, plaintext on the other.

    peer's bytes --feed--> | incoming |            | --read-->  plaintext
                           |          | SSLObject  |
    peer       <--output-- | outgoing |            | <--write-- plaintext

The states of the two directions, which are independent once the handshake is over:

    sending     HANDSHAKE --handshake()--> OPEN --close_notify()--> CLOSED       write() then: BrokenPipeError
    receiving   HANDSHAKE --handshake()--> OPEN --peer's close_notify--> CLOSED  read() answers 0: a clean end
                                           OPEN --ended() by the transport-----> read() raises UnexpectedEof: cut off

Invariants:

- ``incoming`` gets more only after OpenSSL asked for it (an operation answered WANT), so it holds at most one ``feed``.
- One ``write`` encrypts at most MAX_PLAIN bytes, and the caller writes again only after ``output`` has gone out; so
  ``outgoing`` holds at most that, and what OpenSSL itself answers (key updates, tickets, alerts).
- Ending our direction must not lose what the peer has sent. OpenSSL's shutdown would read on and throw application data
  away as an error, so what was decrypted is taken out before, and what was not yet seen is kept from it meanwhile.
- Every method holds ``_lock``: an SSLObject is not made for two threads, and it lets the GIL go while it works. Nothing
  here calls a waker or waits, so the lock is held for the encryption of a few records at the longest.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from typing import Any

from ..errors import UnexpectedEof

MAX_PLAIN = 65536  # bytes that one write encrypts
WANT: Any = object()  # an answer: more of the peer's bytes are needed first


class TlsEngine:
    """One TLS session. ``wrap`` makes its SSLObject of the two BIOs that it is given."""

    __slots__ = ("_ended", "_incoming", "_lock", "_object", "_outgoing", "_plain", "handshake_done", "sent_close")

    def __init__(self, wrap: Callable[[ssl.MemoryBIO, ssl.MemoryBIO], ssl.SSLObject]) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = wrap(self._incoming, self._outgoing)
        self._lock = threading.RLock()  # re-entrant for the sake of finalisers, as in core/guard.py
        self._plain = b""  # decrypted already, to be read first
        self._ended = False
        self.handshake_done = False
        self.sent_close = False

    # --- ciphertext -------------------------------------------------------------------------------------------

    def feed(self, data: Any) -> None:
        """Bytes that came from the peer."""
        with self._lock:
            self._incoming.write(data)

    def ended(self) -> None:
        """The transport has ended: there will be no more bytes from the peer."""
        with self._lock:
            if not self._ended:
                self._ended = True
                self._incoming.write_eof()

    def output(self) -> bytes:
        """Takes all bytes that are for the peer."""
        with self._lock:
            return self._outgoing.read() if self._outgoing.pending else b""

    # --- the session ------------------------------------------------------------------------------------------

    def handshake(self) -> Any:
        """Goes on with the handshake: None when it is complete, or WANT. Raises ``ssl.SSLError``, ``UnexpectedEof``."""
        with self._lock:
            if self._run(self._object.do_handshake) is WANT:
                return WANT
            self.handshake_done = True
            return None

    def sent_tickets(self) -> bool:
        """True if the handshake, which is complete, ended with tickets of ours: a server's in TLS 1.3."""
        with self._lock:
            return bool(self._object.server_side) and self._object.version() == "TLSv1.3"

    def read_into(self, room: memoryview) -> Any:
        """Decrypts into ``room``, which is not empty: the number of bytes, 0 at the clean end, or WANT."""
        with self._lock:
            if self._plain:
                part = self._take_plain(len(room))
                room[: len(part)] = part
                return len(part)
            return self._run(self._object.read, len(room), room)

    def read(self, limit: int) -> Any:
        """Decrypts up to ``limit`` bytes, ``b""`` at the clean end; or WANT."""
        with self._lock:
            if self._plain:
                return self._take_plain(limit)
            data = self._run(self._object.read, limit)
            return data if data is WANT or isinstance(data, bytes) else b""

    def _take_plain(self, limit: int) -> bytes:
        part, self._plain = self._plain[:limit], self._plain[limit:]
        return part

    def write(self, data: memoryview) -> Any:
        """Encrypts of ``data``, which is not empty: the number of bytes, or WANT (in a renegotiation)."""
        with self._lock:
            if self.sent_close:
                raise BrokenPipeError("this TLS stream was shut down for writing")
            return self._run(self._object.write, data[:MAX_PLAIN])

    def close_notify(self) -> None:
        """Ends our direction: puts the close_notify into the output, once. What the peer sends is still to be read."""
        with self._lock:
            if self.sent_close or not self.handshake_done:
                return
            self.sent_close = True
            try:
                while left := self._object.pending():
                    self._plain += self._object.read(left)
                unseen = self._incoming.read()
                try:
                    self._object.unwrap()
                finally:
                    if unseen:
                        self._incoming.write(unseen)
            except (ssl.SSLError, OSError):
                pass  # WANT, for the peer has not closed; or the session is broken: reading will tell

    def _run(self, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return WANT
        except ssl.SSLZeroReturnError:
            return 0
        except ssl.SSLEOFError as error:
            raise cut_off(self.handshake_done) from error

    def ask(self, name: str, *args: Any) -> Any:
        """Calls a method of the SSLObject, or reads an attribute of it, that answers a question."""
        with self._lock:
            found = getattr(self._object, name)
            return found(*args) if callable(found) else found

    @property
    def ssl_object(self) -> ssl.SSLObject:
        """The SSLObject itself."""
        return self._object


def cut_off(open_: bool) -> UnexpectedEof:
    """What reading raises when the transport ended without the peer's close_notify."""
    if open_:
        return UnexpectedEof(
            "the peer closed the connection without TLS's close_notify: data may be missing", partial=b"", expected=1
        )
    return UnexpectedEof("the peer closed the connection during the TLS handshake", partial=b"", expected=1)
