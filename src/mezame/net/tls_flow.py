"""TlsFlow: what moves the bytes of a TLS connection: ``TlsStream`` without what it says about the connection.

The protocol is ``net/tls_engine.py``; a direction of the transport, which is any stream of bytes, ``net/tls_side.py``.
Here ciphertext goes between the two.

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
3. The fills are counted. Who wanted more after n of them and finds that there were more asks the engine again before it
   waits: the other role has fed it meanwhile.
4. The bytes that a poll of the transport did not take are in ``_unsent``, and go before all later output. A role that
   is cancelled leaves nothing half done: no byte is lost, none is sent twice.
5. No lock is held while the transport is polled, for it may call wakers.
6. A transport that answers (with bytes, their number, or an error) need not wake for an earlier Pending any more. So
   whoever polled it wakes the other role, which may have got that Pending and now waits for nobody.

Backpressure: nothing is encrypted while ``_unsent`` or the engine's output is not empty, and the transport is read only
if the engine wants more. So a connection holds at most MAX_PLAIN bytes in each direction, with what TLS adds to them.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import ready
from ..core.poll import PENDING, make_ready
from ..driver.poll_slot import SEND, TAKE
from ..driver.readiness import BLOCKED
from ..errors import UnexpectedEof, WriteZero
from ..io.async_read import READ_SIZE
from ..io.operation import Operation, as_bytes, byte_count
from ..io.read_buf import ReadBuf
from .stream_socket import StreamSocket
from .tls_engine import MAX_PLAIN, WANT, TlsEngine
from .tls_side import READER, WRITER, Side

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

_FILL = 32768  # bytes that one poll of the transport may bring
# C integers here, when compiled:
_READER, _WRITER, _TAKE, _SEND, _MAX_PLAIN = READER, WRITER, TAKE, SEND, MAX_PLAIN


class TlsFlow:
    """The bytes of ``TlsStream``, which is this class and the traits: both ways of reading and writing may be mixed."""

    __slots__ = ("__weakref__", "_closed", "_engine", "_in", "_inner", "_out", "_receives", "_sends", "_unsent")

    def __init__(self, inner: Any, engine: TlsEngine) -> None:
        self._inner = inner
        plain = _is_plain_socket(inner)
        self._receives = inner._reading() if plain else None  # of a socket: its slots, for no call has to be made then
        self._sends = inner._writing() if plain else None
        self._engine = engine
        self._in = Side()
        self._out = Side()
        self._unsent = b""  # of whoever has the outgoing side
        self._closed = False

    # --- the transport ----------------------------------------------------------------------------------------

    def _send(self) -> int:
        """Hands ``_unsent`` to the transport: how much of it it took, -1 if it is full."""
        if self._sends is not None:
            value = self._sends._poll_io(self._out.cx, _SEND, self._unsent)
            return -1 if value is BLOCKED else value
        answer = self._inner.poll_write(self._out.cx, self._unsent)
        if answer is PENDING:
            return -1
        if answer.value == 0:
            raise WriteZero(f"{type(self._inner).__name__} takes no more bytes", written=0)
        return answer.value

    def _receive(self) -> Any:
        """What the transport has of the peer's bytes, nothing at its end; or None, if there is nothing yet."""
        if self._receives is not None:
            data = self._receives._poll_io(self._in.cx, _TAKE, _FILL)
            return None if data is BLOCKED else data
        buf = ReadBuf(_FILL)
        return None if self._inner.poll_read(self._in.cx, buf) is PENDING else buf.filled()

    def _poll_drain(self, role: int, cx: Context | None) -> bool:
        """Hands all ciphertext to the transport. False: Pending. Without ``cx`` nobody is woken."""
        side = self._out
        if not side._enter(role, cx):
            return False
        answered = False
        try:
            while True:
                if not len(self._unsent):
                    self._unsent = self._engine.output()
                    if not len(self._unsent):
                        break
                answered = True  # also if it raises
                count = self._send()
                if count < 0:
                    answered = False
                    return False
                self._unsent = memoryview(self._unsent)[count:] if count < len(self._unsent) else b""
        finally:
            side._leave()
            if answered:  # rule 6
                side.slots.of(1 - role).wake()
        if cx is not None:
            side.slots.of(role).take()
        return True

    def _poll_fill(self, role: int, cx: Context, seen: int) -> bool:
        """Gets more of the peer's bytes for the engine, or learns that there are none. False: Pending."""
        side = self._in
        if not side._enter(role, cx):
            return False
        answered = True  # also if it raises
        try:
            if side._count_of_fills() == seen:  # rule 3
                data = self._receive()
                if data is None:
                    answered = False
                    return False
                if len(data):
                    self._engine.feed(data)
                else:
                    self._engine.ended()
                side._count_fill()
        finally:
            side._leave()
            if answered:  # rule 6
                side.slots.of(1 - role).wake()
        side.slots.of(role).take()
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
            seen = self._in._count_of_fills()
            try:
                step = self._engine.handshake()
            except BaseException:
                self._drain_quietly(_READER, None)  # the alert that tells the peer why
                raise
            drained = self._poll_drain(_READER, cx)
            if step is not WANT:
                return make_ready(None) if drained or self._engine.sent_tickets() else PENDING
            if not self._poll_fill(_READER, cx, seen):
                return PENDING

    # --- reading ----------------------------------------------------------------------------------------------

    def _poll_plain(self, cx: Context, limit: int, room: Any) -> Any:
        """Decrypts into ``room``: their number; or, if it is None, up to ``limit`` bytes: these. Or WANT: Pending."""
        while True:
            self._check_open()
            seen = self._in._count_of_fills()
            try:
                found = self._engine.read(limit) if room is None else self._engine.read_into(room)
            except BaseException:
                self._drain_quietly(_READER, None)  # the alert
                raise
            if found is not WANT:
                return found
            self._drain_quietly(_READER, cx)
            if not self._poll_fill(_READER, cx, seen):
                return WANT

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        """Polls for plaintext, which is put into ``buf``; Ready with nothing put there is the clean end."""
        room = buf.unfilled()
        if len(room) == 0:
            return make_ready(None)
        count = self._poll_plain(cx, 0, room)
        if count is WANT:
            return PENDING
        buf.advance(count)
        return make_ready(None)

    def read(self, limit: int = READ_SIZE) -> Any:
        """Awaits to between 1 and ``limit`` bytes as soon as there are any; ``b""`` at the clean end. Cancel safe.

        Raises ``UnexpectedEof`` if the connection was cut, ``ssl.SSLError`` if what came is not genuine.
        """
        if byte_count("read: limit", limit) == 0:
            return ready(b"")
        op = cython.cast(TlsRead, unshelve(0, TlsRead)) if cython.compiled else TlsRead.__new__(TlsRead)  # type: ignore  # noqa: F821
        op._start(self)
        op._limit = limit
        return op

    def read_exact(self, size: int) -> Any:
        """Awaits to exactly ``size`` bytes.

        Raises ``UnexpectedEof`` (with ``.partial``) if the stream ends before, and what ``read`` raises.
        Not cancel safe: what was read when it is cancelled is lost.
        """
        if byte_count("read_exact: size", size) == 0:
            return ready(b"")
        if cython.compiled:
            op = cython.cast(TlsReadExact, unshelve(1, TlsReadExact))  # type: ignore  # noqa: F821
        else:
            op = TlsReadExact.__new__(TlsReadExact)
        op._start(self)
        op._size = size
        op._whole = None
        return op

    # --- writing ----------------------------------------------------------------------------------------------

    def _poll_encrypt(self, cx: Context, data: Any) -> int:
        """Encrypts of ``data``, not empty, after all earlier ciphertext has gone: the number of bytes, -1 if Pending.

        Whoever called it drains next.
        """
        while True:
            self._check_open()
            if not self._poll_drain(_WRITER, cx):
                return -1
            seen = self._in._count_of_fills()
            count = self._engine.write(data)
            if count is not WANT:
                return count
            if not self._poll_drain(_WRITER, cx) or not self._poll_fill(_WRITER, cx, seen):
                return -1

    def poll_write(self, cx: Context, data: Any) -> Any:
        """Polls until all earlier ciphertext has gone, then encrypts up to 64 KiB; Ready with the number of bytes.

        The ciphertext is handed to the transport as far as it takes it; ``poll_flush`` hands on the rest.
        """
        flat = as_bytes(data)
        if len(flat) == 0:
            self._check_open()
            return make_ready(0) if self._poll_drain(_WRITER, cx) else PENDING
        count = self._poll_encrypt(cx, flat)
        if count < 0:
            return PENDING
        self._poll_drain(_WRITER, None)
        return make_ready(count)

    def poll_write_vectored(self, cx: Context, buffers: list[Any]) -> Any:
        """The same as ``poll_write``, of as many buffers as go into one call."""
        parts: list[Any] = []
        size = 0
        for one in buffers:
            if size >= _MAX_PLAIN:
                break
            parts.append(as_bytes(one))
            size += len(parts[-1])
        return self.poll_write(cx, parts[0] if len(parts) == 1 else b"".join(parts))

    def is_write_vectored(self) -> bool:
        """True: small buffers share a record."""
        return True

    def poll_flush(self, cx: Context) -> Any:
        """Ready(None) when all ciphertext has gone to the transport, and the transport has flushed it."""
        return self._poll_flushed(cx)

    def _poll_flushed(self, cx: Context) -> Any:
        """``poll_flush``, which a subclass may override (so that compiled it is looked up), for our own use."""
        self._check_open()
        if not self._poll_drain(_WRITER, cx):
            return PENDING
        if self._sends is not None:  # a socket has no buffer
            return make_ready(None)
        return self._poll_out(cx, self._inner.poll_flush)

    def poll_shutdown(self, cx: Context) -> Any:
        """Sends the close_notify, after all that was written, then shuts the transport down for writing."""
        self._check_open()
        self._engine.close_notify()
        if not self._poll_drain(_WRITER, cx):
            return PENDING
        return self._poll_out(cx, self._inner.poll_shutdown)

    def _poll_out(self, cx: Context, step: Any) -> Any:
        """``step`` of the transport, while its outgoing side is ours."""
        side = self._out
        if not side._enter(_WRITER, cx):
            return PENDING
        answer = None
        try:
            answer = step(side.cx)
        finally:
            side._leave()
            if answer is not PENDING:  # rule 6
                side.slots.reader.wake()
        if answer is not PENDING:
            side.slots.writer.take()
        return answer

    def write_all(self, data: Any) -> Any:
        """Writes all of ``data``, and flushes: when it is done, the transport has all of it.

        Not cancel safe: when cancelled, an unknown part has been written.
        """
        op = cython.cast(TlsWriteAll, unshelve(2, TlsWriteAll)) if cython.compiled else TlsWriteAll.__new__(TlsWriteAll)  # type: ignore  # noqa: F821
        op._start(self)
        op._data = as_bytes(data)
        op._offset = 0
        return op

    # --- closing ----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes the transport; before that says so to the peer, if that goes without waiting. Idempotent."""
        if self._closed:
            return
        try:
            self._engine.close_notify()
            self._poll_drain(_WRITER, None)
        except (OSError, RuntimeError):  # broken, or its runtime is gone: the peer will notice by itself
            pass
        finally:
            self._closed = True
            try:
                self._inner.close()
            finally:
                self._in.slots.wake()
                self._out.slots.wake()


def _is_plain_socket(inner: Any) -> bool:
    """A socket that no subclass has added something to: its descriptor may be polled without its methods."""
    kind = type(inner)
    return (
        isinstance(inner, StreamSocket)
        and kind.poll_read is StreamSocket.poll_read
        and kind.poll_write is StreamSocket.poll_write
        and kind.poll_flush is StreamSocket.poll_flush
    )


class TlsRead(Operation):
    """The future of ``read``."""

    __slots__ = ("_limit",)

    def _step(self, cx: Context) -> Any:
        data = cython.cast(TlsFlow, self._io)._poll_plain(cx, self._limit, None)
        return PENDING if data is WANT else make_ready(data)


class TlsReadExact(Operation):
    """The future of ``read_exact``. Most often the bytes are one record's: then nothing is put together."""

    __slots__ = ("_size", "_whole")

    def _step(self, cx: Context) -> Any:
        while True:
            have = 0 if self._whole is None else len(self._whole)
            data = cython.cast(TlsFlow, self._io)._poll_plain(cx, self._size - have, None)
            if data is WANT:
                return PENDING
            if self._whole is None:
                if len(data) == self._size:
                    return make_ready(data)
                self._whole = bytearray()
            self._whole += data
            if len(self._whole) == self._size:
                return make_ready(bytes(self._whole))
            if not len(data):
                partial = bytes(self._whole)
                raise UnexpectedEof(
                    f"the stream ended after {have} of {self._size} bytes", partial=partial, expected=self._size
                )


class TlsWriteAll(Operation):
    """The future of ``write_all``."""

    __slots__ = ("_data", "_offset")

    def _step(self, cx: Context) -> Any:
        flow = cython.cast(TlsFlow, self._io)
        while self._offset < len(self._data):
            part = memoryview(self._data)[self._offset :] if self._offset else self._data
            count = flow._poll_encrypt(cx, part)
            if count < 0:
                return PENDING
            self._offset += count
        self._data = b""  # a buffer may be resized again
        return flow._poll_flushed(cx)


class Handshake(Operation):
    """The future of the handshake of a new stream."""

    __slots__ = ()

    def _step(self, cx: Context) -> Any:
        return cython.cast(TlsFlow, self._io)._poll_handshake(cx)


if cython.compiled:
    shelve(TlsRead)  # type: ignore  # noqa: F821 - C, from the .pxd
    shelve(TlsReadExact)  # type: ignore  # noqa: F821
    shelve(TlsWriteAll)  # type: ignore  # noqa: F821
