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
- ``_idle``: OpenSSL has used all of ``incoming`` and has no plaintext left, so reading would answer WANT. It is known
  from its last answer (WANT, or bytes while ``incoming`` is empty and ``pending`` says 0) and holds until the next
  ``feed`` or ``ended``. An operation that finds it set does not call OpenSSL: to be told WANT costs an exception.
- ``_silent``: ``outgoing`` is empty: ``output`` took all of it, and nothing has been asked of OpenSSL since.
- Every method has the ``_turn``: an SSLObject is not made for two threads, and it lets the GIL go while it works.
  Nothing here calls a waker or waits, so it is held for the encryption of a few records at the longest.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

from ..core.turn import Turn
from ..errors import UnexpectedEof

MAX_PLAIN = 65536  # bytes that one write encrypts
RECORD = 16384  # bytes of plaintext in a record at most; one read of OpenSSL gives no more
WANT: Any = object()  # an answer: more of the peer's bytes are needed first
_MAX_PLAIN, _RECORD, _WANT = MAX_PLAIN, RECORD, WANT  # C variables here, when compiled


class TlsEngine:
    """One TLS session. ``wrap`` makes its SSLObject of the two BIOs that it is given."""

    __slots__ = (
        "_decrypt",
        "_encrypt",
        "_ended",
        "_idle",
        "_incoming",
        "_object",
        "_outgoing",
        "_plain",
        "_shared",
        "_silent",
        "_turn",
        "handshake_done",
        "sent_close",
    )

    def __init__(self, wrap: Callable[[ssl.MemoryBIO, ssl.MemoryBIO], ssl.SSLObject]) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = wrap(self._incoming, self._outgoing)
        self._decrypt: Any = self._object.read
        self._encrypt = self._object.write
        self._turn = Turn()
        self._plain = b""  # decrypted already, to be read first
        self._idle = False
        self._silent = False
        self._shared = False  # somebody else has the SSLObject, and may do with it what we do not see
        self._ended = False
        self.handshake_done = False
        self.sent_close = False

    # --- ciphertext -------------------------------------------------------------------------------------------

    def feed(self, data: Any) -> None:
        """Bytes that came from the peer."""
        self._turn.enter()
        try:
            self._idle = False
            self._incoming.write(data)
        finally:
            self._turn.leave()

    def ended(self) -> None:
        """The transport has ended: there will be no more bytes from the peer."""
        self._turn.enter()
        try:
            if not self._ended:
                self._ended = True
                self._idle = False
                self._incoming.write_eof()
        finally:
            self._turn.leave()

    def output(self) -> bytes:
        """Takes all bytes that are for the peer."""
        self._turn.enter()
        try:
            if self._silent:
                return b""
            self._silent = not self._shared
            return self._outgoing.read()
        finally:
            self._turn.leave()

    # --- the session ------------------------------------------------------------------------------------------

    def handshake(self) -> Any:
        """Goes on with the handshake: None when it is complete, or WANT. Raises ``ssl.SSLError``, ``UnexpectedEof``."""
        self._turn.enter()
        try:
            self._silent = False
            try:
                self._object.do_handshake()
            except ssl.SSLError as error:
                if self._no_progress(error) is WANT:
                    return WANT
            self.handshake_done = True
            return None
        finally:
            self._turn.leave()

    def sent_tickets(self) -> bool:
        """True if the handshake, which is complete, ended with tickets of ours: a server's in TLS 1.3."""
        self._turn.enter()
        try:
            return bool(self._object.server_side) and self._object.version() == "TLSv1.3"
        finally:
            self._turn.leave()

    def read_into(self, room: memoryview) -> Any:
        """Decrypts into ``room``, which is not empty: the number of bytes, 0 at the clean end, or WANT."""
        self._turn.enter()
        try:
            if self._plain:
                part = self._take_plain(len(room))
                room[: len(part)] = part
                return len(part)
            if self._idle:
                return _WANT
            self._silent = False
            try:
                count = self._decrypt(len(room), room)
            except ssl.SSLError as error:
                return WANT if self._no_plaintext(error) is WANT else 0
            self._look_for_more(count, len(room))
            return count
        finally:
            self._turn.leave()

    def read(self, limit: int) -> Any:
        """Decrypts up to ``limit`` bytes, ``b""`` at the clean end; or WANT."""
        self._turn.enter()
        try:
            if self._plain:
                return self._take_plain(limit)
            if self._idle:
                return _WANT
            size = min(limit, _RECORD)
            self._silent = False
            try:
                data = self._decrypt(size)
            except ssl.SSLError as error:
                return self._no_plaintext(error)
            self._look_for_more(len(data), size)
            return data
        finally:
            self._turn.leave()

    def _look_for_more(self, count: int, room: int) -> None:
        """After a read of ``count`` bytes. If it did not fill the room, nothing is left of the record."""
        self._idle = (
            count > 0  # not the end, which OpenSSL has to say again
            and not self._shared
            and not self._incoming.pending
            and (count < room or not self._object.pending())
        )

    def _take_plain(self, limit: int) -> bytes:
        part = self._plain[:limit]
        self._plain = self._plain[limit:]
        return part

    def write(self, data: Any) -> Any:
        """Encrypts of ``data``, bytes or a flat view, not empty: the number of bytes, or WANT (in a renegotiation)."""
        self._turn.enter()
        try:
            if self.sent_close:
                raise BrokenPipeError("this TLS stream was shut down for writing")
            if len(data) > _MAX_PLAIN:
                data = memoryview(data)[:_MAX_PLAIN]
            self._silent = False
            try:
                return self._encrypt(data)
            except ssl.SSLError as error:
                return WANT if self._no_progress(error) is WANT else 0
        finally:
            self._turn.leave()

    def close_notify(self) -> None:
        """Ends our direction: puts the close_notify into the output, once. What the peer sends is still to be read."""
        self._turn.enter()
        try:
            if self.sent_close or not self.handshake_done:
                return
            self.sent_close = True
            self._idle = self._silent = False
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
        finally:
            self._turn.leave()

    def _no_plaintext(self, error: ssl.SSLError) -> Any:
        """Why OpenSSL read nothing: WANT, or ``b""`` at the clean end. Raises what is an error; the next read too."""
        found = self._no_progress(error)
        self._idle = found is WANT and not self._shared
        return found

    def _no_progress(self, error: ssl.SSLError) -> Any:
        """The same for any operation, which has failed with ``error``."""
        if isinstance(error, (ssl.SSLWantReadError, ssl.SSLWantWriteError)):
            return WANT
        if isinstance(error, ssl.SSLZeroReturnError):
            return b""
        try:
            if isinstance(error, ssl.SSLEOFError):
                raise cut_off(self.handshake_done) from error
            raise error
        finally:
            del error  # it refers to this frame: that would be a cycle

    def ask(self, name: str, *args: Any) -> Any:
        """Calls a method of the SSLObject, or reads an attribute of it, that answers a question."""
        self._turn.enter()
        try:
            found = getattr(self._object, name)
            return found(*args) if callable(found) else found
        finally:
            self._turn.leave()

    @property
    def ssl_object(self) -> ssl.SSLObject:
        """The SSLObject itself. From here on only OpenSSL knows what it has for us."""
        self._turn.enter()
        try:
            self._shared = True
            self._idle = self._silent = False
        finally:
            self._turn.leave()
        return self._object


def cut_off(open_: bool) -> UnexpectedEof:
    """What reading raises when the transport ended without the peer's close_notify."""
    if open_:
        return UnexpectedEof(
            "the peer closed the connection without TLS's close_notify: data may be missing", partial=b"", expected=1
        )
    return UnexpectedEof("the peer closed the connection during the TLS handshake", partial=b"", expected=1)
