"""TlsStream: TLS over any stream of bytes: how its bytes move is in ``net/tls_flow.py``; here is what it is.

``TlsFlow`` comes before the traits, so that what it defines is found before their methods, which are made of its
``poll_read`` and ``poll_write``.
"""

from __future__ import annotations

from typing import Any

from ..io.async_read import AsyncRead
from ..io.async_write import AsyncWrite
from ..time.timeout import timeout
from .tls_flow import TlsFlow

SHUTDOWN_LIMIT = 30.0  # seconds that ``async with`` waits until the close_notify has gone


class TlsStream(TlsFlow, AsyncRead, AsyncWrite):
    """A TLS connection over another stream. From ``TlsConnector.connect`` or ``TlsAcceptor.accept``.

    One task may read while another one writes. The end of the peer's data is an end (``b""``) only if the peer said so
    with TLS's close_notify; if the transport just ends, reading raises ``UnexpectedEof``, for somebody may have cut
    the connection. ``shutdown`` says so to the peer, and reading goes on after it. ``async with`` shuts down, too, if
    no exception leaves it (it waits for 30 s at most), and closes; ``close`` says it if that goes at once.

    Source of the semantics: ``tokio_rustls::TlsStream``.
    """

    __slots__ = ()

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
