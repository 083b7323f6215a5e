"""TlsStream: TLS over any stream of bytes. The protocol: ``net/tls_engine.py``; here is what moves the ciphertext.

One task may read while another writes (and flushes, and shuts down). Both may need both directions of the transport:
the reader has to send what the protocol answers (key updates, a client's certificate), the writer may have to receive.
But the transport keeps one waker per direction, so it gets a waker of ours, which wakes whoever has registered:

    transport's direction (Side)        IDLE ---a role begins poll_read/poll_write---> BUSY
                                        BUSY ---it has returned----------------------> IDLE, wakes if somebody came by
    role READER, in poll_read           drain (as far as possible), then fill, if the engine wants more
    role WRITER, in poll_write, ...     drain (all of it), then encrypt, then drain (as far as possible)

    drain: engine's output -> transport            fill: transport -> engine's input

Rules, each of which settles a race:

1. A role puts its waker into the side's slot before it looks whether the side is busy, and before it polls the
   transport: whatever happens afterwards wakes it.
2. While the side is busy (two threads only), the other role leaves ``again`` and is woken when it is idle.
3. ``_fed`` counts the fills. Who wanted more when it was n and finds it greater asks the engine again before it waits:
   the other role has fed it meanwhile. Who has filled wakes the other role.
4. The bytes that a poll of the transport did not take are in ``_unsent``, and go before all later output. A role that
   is cancelled leaves nothing half done: no byte is lost, none is sent twice.
5. No lock is held while the transport is polled, for it may call wakers.

Backpressure: nothing is encrypted while ``_unsent`` or the engine's output is not empty, and the transport is read only
if the engine wants more. So a connection holds at most MAX_PLAIN bytes in each direction, with what TLS adds to them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context
from ..core.future import ready
from ..core.poll import PENDING, make_ready
from ..core.waker import Waker
from ..errors import WriteZero
from ..io.async_read import READ_SIZE, AsyncRead
from ..io.async_write import AsyncWrite
from ..io.operation import Operation, as_bytes, byte_count
from ..io.read_buf import ReadBuf
from ..time.timeout import timeout
from .tls_engine import MAX_PLAIN, WANT, TlsEngine

READER, WRITER = 0, 1  # the two roles
SHUTDOWN_LIMIT = 30.0  # seconds that ``async with`` waits until the close_notify has gone
_FILL = 32768  # bytes that one poll of the transport may bring


class Side:
    """One direction of the transport: who is at work on it, and whom its event concerns."""

    __slots__ = ("again", "busy", "cx", "slots")

    def __init__(self) -> None:
        self.busy = False
        self.again = False
        self.slots = (AtomicWaker(), AtomicWaker())
        # The waker refers to the slots, not to the stream: the transport may keep it longer than that lives.
        slots = self.slots

        def wake() -> None:
            slots[READER].wake()
            slots[WRITER].wake()

        self.cx = Context.from_waker(Waker.from_callable(wake))


class TlsStream(AsyncRead, AsyncWrite):
    """A TLS connection over another stream. From ``TlsConnector.connect`` or ``TlsAcceptor.accept``.

    One task may read while another one writes. The end of the peer's data is an end (``b""``) only if the peer said so
    with TLS's close_notify; if the transport just ends, reading raises ``UnexpectedEof``, for somebody may have cut
    the connection. ``shutdown`` says so to the peer, and reading goes on after it. ``async with`` shuts down, too, if
    no exception leaves it (it waits for 30 s at most), and closes; ``close`` says it if that goes at once.

    Source of the semantics: ``tokio_rustls::TlsStream``.
    """

    __slots__ = ("__weakref__", "_closed", "_engine", "_fed", "_in", "_inner", "_lock", "_out", "_unsent")

    def __init__(self, inner: Any, engine: TlsEngine) -> None:
        self._inner = inner
        self._engine = engine
        self._in = Side()
        self._out = Side()
        self._fed = 0
        self._unsent: Any = b""
        self._closed = False
        self._lock = threading.RLock()  # guards the sides' words and _unsent; never held across a poll

    # --- moving the ciphertext --------------------------------------------------------------------------------

    def _enter(self, side: Side, role: int, cx: Context | None) -> bool:
        """Rules 1 and 2: True if the side is ours now; ``_leave`` gives it back."""
        if cx is not None:
            side.slots[role].register(cx.waker)
        with self._lock:
            if side.busy:
                side.again = True
                return False
            side.busy = True
            return True

    def _leave(self, side: Side) -> None:
        with self._lock:
            side.busy = False
            again, side.again = side.again, False
        if again:
            side.slots[READER].wake()
            side.slots[WRITER].wake()

    def _poll_drain(self, role: int, cx: Context | None) -> bool:
        """Hands all ciphertext to the transport. False: Pending. Without ``cx`` nobody is woken."""
        side = self._out
        if not self._enter(side, role, cx):
            return False
        try:
            while True:
                if not self._unsent:
                    self._unsent = memoryview(self._engine.output())
                    if not self._unsent:
                        break
                answer = self._inner.poll_write(side.cx, self._unsent)
                if answer is PENDING:
                    return False
                if answer.value == 0:
                    raise WriteZero(f"{type(self._inner).__name__} takes no more bytes", written=0)
                self._unsent = self._unsent[answer.value :]
        finally:
            self._leave(side)
        if cx is not None:
            side.slots[role].take()
        return True

    def _poll_fill(self, role: int, cx: Context, seen: int) -> bool:
        """Gets more of the peer's bytes for the engine, or learns that there are none. False: Pending."""
        side = self._in
        if not self._enter(side, role, cx):
            return False
        try:
            if self._fed == seen:  # rule 3
                buf = ReadBuf(_FILL)
                if self._inner.poll_read(side.cx, buf) is PENDING:
                    return False
                if buf.filled_len():
                    self._engine.feed(buf.filled())
                else:
                    self._engine.ended()
                self._fed += 1
        finally:
            self._leave(side)
        side.slots[role].take()
        side.slots[1 - role].wake()
        return True

    def _drain_quietly(self, role: int, cx: Context | None) -> None:
        """Drains as far as possible. A failure is left for whoever writes: what was received is still good."""
        try:
            self._poll_drain(role, cx)
        except OSError:
            pass

    def _check_open(self) -> None:
        if self._closed:
            raise OSError(9, "the TLS stream was closed")

    def _poll_handshake(self, cx: Context) -> Any:
        """Ready(None) once the handshake is complete and our part of it has gone out. Before any other use.

        What a server sends last in TLS 1.3 are tickets for later sessions, which a client need not read: they go out
        before what is written next, and are not waited for.
        """
        while True:
            seen = self._fed
            try:
                step = self._engine.handshake()
            except BaseException:
                self._drain_quietly(READER, None)  # the alert that tells the peer why
                raise
            drained = self._poll_drain(READER, cx)
            if step is not WANT:
                return make_ready(None) if drained or self._engine.sent_tickets() else PENDING
            if not self._poll_fill(READER, cx, seen):
                return PENDING

    # --- reading ----------------------------------------------------------------------------------------------

    def _poll_plain(self, cx: Context, decrypt: Callable[[Any], Any], what: Any) -> Any:
        """What ``decrypt(what)`` of the engine answers, or PENDING."""
        while True:
            self._check_open()
            seen = self._fed
            try:
                found = decrypt(what)
            except BaseException:
                self._drain_quietly(READER, None)  # the alert
                raise
            if found is not WANT:
                return found
            self._drain_quietly(READER, cx)
            if not self._poll_fill(READER, cx, seen):
                return PENDING

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        """Polls for plaintext, which is put into ``buf``; Ready with nothing put there is the clean end."""
        room = buf.unfilled()
        if len(room) == 0:
            return make_ready(None)
        count = self._poll_plain(cx, self._engine.read_into, room)
        if count is PENDING:
            return PENDING
        buf.advance(count)
        return make_ready(None)

    def read(self, limit: int = READ_SIZE) -> Any:
        """Awaits to between 1 and ``limit`` bytes as soon as there are any; ``b""`` at the clean end. Cancel safe.

        Raises ``UnexpectedEof`` if the connection was cut, ``ssl.SSLError`` if what came is not genuine.
        """
        return _Read(self, limit) if byte_count("read: limit", limit) else ready(b"")

    # --- writing ----------------------------------------------------------------------------------------------

    def poll_write(self, cx: Context, data: Any) -> Any:
        """Polls until all earlier ciphertext has gone, then encrypts up to 64 KiB; Ready with the number of bytes.

        The ciphertext is handed to the transport as far as it takes it; ``poll_flush`` hands on the rest.
        """
        view = memoryview(as_bytes(data))
        while True:
            self._check_open()
            if not self._poll_drain(WRITER, cx):
                return PENDING
            if len(view) == 0:
                return make_ready(0)
            seen = self._fed
            count = self._engine.write(view)
            if count is not WANT:
                self._poll_drain(WRITER, None)
                return make_ready(count)
            if not self._poll_drain(WRITER, cx) or not self._poll_fill(WRITER, cx, seen):
                return PENDING

    def poll_write_vectored(self, cx: Context, buffers: list[Any]) -> Any:
        """The same as ``poll_write``, of as many buffers as go into one call."""
        parts: list[Any] = []
        size = 0
        for one in buffers:
            if size >= MAX_PLAIN:
                break
            parts.append(as_bytes(one))
            size += len(parts[-1])
        return self.poll_write(cx, parts[0] if len(parts) == 1 else b"".join(parts))

    def is_write_vectored(self) -> bool:
        """True: small buffers share a record."""
        return True

    def poll_flush(self, cx: Context) -> Any:
        """Ready(None) when all ciphertext has gone to the transport, and the transport has flushed it."""
        self._check_open()
        if not self._poll_drain(WRITER, cx):
            return PENDING
        return self._poll_out(cx, self._inner.poll_flush)

    def poll_shutdown(self, cx: Context) -> Any:
        """Sends the close_notify, after all that was written, then shuts the transport down for writing."""
        self._check_open()
        self._engine.close_notify()
        if not self._poll_drain(WRITER, cx):
            return PENDING
        return self._poll_out(cx, self._inner.poll_shutdown)

    def _poll_out(self, cx: Context, step: Callable[[Context], Any]) -> Any:
        """``step`` of the transport, while its outgoing side is ours."""
        side = self._out
        if not self._enter(side, WRITER, cx):
            return PENDING
        try:
            answer = step(side.cx)
        finally:
            self._leave(side)
        if answer is not PENDING:
            side.slots[WRITER].take()
        return answer

    async def write_all(self, data: Any) -> None:
        """Writes all of ``data``, and flushes: when it returns, the transport has all of it.

        Not cancel safe: when cancelled, an unknown part has been written.
        """
        await AsyncWrite.write_all(self, data)
        await self.flush()

    # --- closing ----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes the transport; before that says so to the peer, if that goes without waiting. Idempotent."""
        if self._closed:
            return
        try:
            self._engine.close_notify()
            self._poll_drain(WRITER, None)
        except (OSError, RuntimeError):  # broken, or its runtime is gone: the peer will notice by itself
            pass
        self._abandon()

    def _abandon(self) -> None:
        """Closes the transport without a word to the peer."""
        self._closed = True
        self._inner.close()
        for side in (self._in, self._out):
            for slot in side.slots:
                slot.wake()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        try:
            if kind is None and not self._closed:
                await timeout(SHUTDOWN_LIMIT, self.shutdown())
        except OSError:  # the peer is gone, or reads no more (Elapsed is a TimeoutError)
            pass
        finally:
            self.close()

    # --- about the connection ---------------------------------------------------------------------------------

    @property
    def inner(self) -> Any:
        """The transport. Its bytes are TLS's: read and write through this stream only."""
        return self._inner

    @property
    def ssl_object(self) -> Any:
        """The ``ssl.SSLObject``, for what has no method here. Not while a task reads or writes in another thread."""
        return self._engine.ssl_object

    def alpn_protocol(self) -> str | None:
        """The protocol that both sides agreed on (ALPN), or None."""
        protocol: str | None = self._engine.ask("selected_alpn_protocol")
        return protocol

    def version(self) -> str | None:
        """The version of the protocol, such as "TLSv1.3"."""
        version: str | None = self._engine.ask("version")
        return version

    def cipher(self) -> tuple[str, str, int] | None:
        """(name, version, bits) of the cipher."""
        cipher: tuple[str, str, int] | None = self._engine.ask("cipher")
        return cipher

    def peer_certificate(self, *, binary: bool = False) -> Any:
        """The peer's certificate: a dict (empty if it was not verified), or DER bytes if ``binary``; or None."""
        return self._engine.ask("getpeercert", binary)

    def server_name(self) -> str | None:
        """The name that the client asked for; None at the server."""
        name: str | None = self._engine.ask("server_hostname")
        return name

    def session(self) -> Any:
        """The session of a client, for ``TlsConnector.connect(..., session=)``: the next handshake is then shorter.

        With TLS 1.3 the server sends it after the handshake: take it after the first ``read``. None at the server.
        """
        return None if self._engine.ask("server_side") else self._engine.ask("session")

    def session_reused(self) -> bool:
        """True if the handshake went on with an earlier session."""
        return bool(self._engine.ask("session_reused"))

    def local_addr(self) -> Any:
        """Our address, of a transport that has one."""
        return self._inner.local_addr()

    def peer_addr(self) -> Any:
        """The peer's address, of a transport that has one."""
        return self._inner.peer_addr()

    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._closed

    def __repr__(self) -> str:
        state = "closed" if self._closed else self.version() or "in its handshake"
        return f"<TlsStream {state} of {self._inner!r}>"


class _Read(Operation):
    """The future of ``read``."""

    __slots__ = ("_limit",)

    def __init__(self, stream: TlsStream, limit: int) -> None:
        Operation.__init__(self, stream)
        self._limit = limit

    def _step(self, cx: Context) -> Any:
        data = self._io._poll_plain(cx, self._io._engine.read, self._limit)
        return PENDING if data is PENDING else make_ready(data)


class Handshake(Operation):
    """The future of the handshake of a new stream."""

    __slots__ = ()

    def _step(self, cx: Context) -> Any:
        return self._io._poll_handshake(cx)
