"""TlsConnector and TlsAcceptor: the client's and the server's way from a stream of bytes to a ``TlsStream``.

What is trusted and what is shown is a ``ssl.SSLContext`` of the standard library; see its documentation for all that
can be set there (versions, ciphers, a callback for the name that the client asks for, key logs).
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from ..time.timeout import timeout as time_limit
from .tls_engine import TlsEngine
from .tls_flow import Handshake
from .tls_stream import TlsStream

HANDSHAKE_LIMIT = 60.0  # seconds, unless the caller says otherwise: a peer that says nothing holds nothing for ever


async def _shake_hands(
    inner: Any, wrap: Callable[[ssl.MemoryBIO, ssl.MemoryBIO], Any], limit: float | None
) -> TlsStream:
    """Completes the handshake, or closes the transport: whatever ends it, nothing is left open."""
    try:
        stream = TlsStream(inner, TlsEngine(wrap))
        if limit is None:
            await Handshake(stream)
        else:
            await time_limit(limit, Handshake(stream))
    except BaseException:
        inner.close()
        raise
    return stream


def _with_alpn(context: Any, alpn: Sequence[str]) -> ssl.SSLContext:
    if not isinstance(context, ssl.SSLContext):
        raise TypeError(f"TLS needs a ssl.SSLContext, not {context!r}")
    if isinstance(alpn, (str, bytes)) or not all(isinstance(one, str) for one in alpn):
        raise TypeError(f'alpn is a list of names such as ["h2", "http/1.1"], not {alpn!r}')
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def _transport(stream: Any) -> Any:
    for method in ("poll_read", "poll_write"):
        if not hasattr(stream, method):
            raise TypeError(f"TLS needs a stream that is an AsyncRead and an AsyncWrite, not {stream!r}: no {method}()")
    return stream


class TlsConnector:
    """Makes client connections.

    Args:
        context: a ``ssl.SSLContext`` of a client; None: ``ssl.create_default_context()``, which trusts the system's
            authorities and checks the server's name. A client's certificate goes in with ``load_cert_chain``.
        alpn: protocols to offer, the best first; put into the context.

    >>> import ssl
    >>> from mezame.net import TcpStream, TlsConnector
    >>> connector = TlsConnector(alpn=["http/1.1"])
    >>> async def fetch(host):
    ...     tcp = await TcpStream.connect((host, 443))
    ...     async with await connector.connect(host, tcp) as stream:
    ...         await stream.write_all(b"GET / HTTP/1.1\\r\\nHost: " + host.encode() + b"\\r\\n\\r\\n")
    ...         return await stream.read()

    Source of the semantics: ``tokio_rustls::TlsConnector``.
    """

    def __init__(self, context: ssl.SSLContext | None = None, *, alpn: Sequence[str] = ()) -> None:
        self.context = _with_alpn(ssl.create_default_context() if context is None else context, alpn)

    def connect(
        self,
        server_name: str | None,
        stream: Any,
        *,
        timeout: float | None = HANDSHAKE_LIMIT,
        session: ssl.SSLSession | None = None,
    ) -> Any:
        """Does the handshake over ``stream``; awaits to a ``TlsStream``.

        Args:
            server_name: the name (or IP address) of the server: it is sent to it (SNI) and its certificate must be for
                it. None only if the context has ``check_hostname`` off.
            stream: any ``AsyncRead`` and ``AsyncWrite``. It is the ``TlsStream``'s from here on.
            timeout: seconds for the handshake; None: no limit.
            session: of an earlier connection of the same context, see ``TlsStream.session``.

        Raises ``ssl.SSLCertVerificationError`` and other ``ssl.SSLError``, ``UnexpectedEof`` if the peer hangs up,
        ``mezame.time.Elapsed``, ``ValueError`` for a bad name, or for None where the context checks names;
        ``TypeError`` at once if ``stream`` is none. If it fails or is cancelled, ``stream`` is closed.
        """
        return _shake_hands(
            _transport(stream), lambda incoming, outgoing: self._wrap(incoming, outgoing, server_name, session), timeout
        )

    def _wrap(self, incoming: Any, outgoing: Any, server_name: Any, session: ssl.SSLSession | None) -> ssl.SSLObject:
        if server_name is None:
            # Without a name ``wrap_bio`` leaves out the check that the context asks for, as ``wrap_socket`` does not.
            if self.context.check_hostname:
                raise ValueError(
                    "connect(None, ...): the context checks the server's name (check_hostname): pass the name that the"
                    " certificate is for, or turn off context.check_hostname"
                )
        elif not isinstance(server_name, (str, bytes)):
            raise TypeError(f'server_name is a str such as "example.org", or None, not {server_name!r}')
        return self.context.wrap_bio(
            incoming, outgoing, server_side=False, server_hostname=server_name, session=session
        )


class TlsAcceptor:
    """Makes server connections.

    Args:
        context: a ``ssl.SSLContext`` of a server, with its certificate loaded; or see ``from_files``.
        alpn: protocols that it speaks, the best first; put into the context.

    Source of the semantics: ``tokio_rustls::TlsAcceptor``.
    """

    def __init__(self, context: ssl.SSLContext, *, alpn: Sequence[str] = ()) -> None:
        self.context = _with_alpn(context, alpn)

    @staticmethod
    def from_files(
        certificate: str | os.PathLike[str],
        key: str | os.PathLike[str] | None = None,
        *,
        client_ca: str | os.PathLike[str] | None = None,
        alpn: Sequence[str] = (),
    ) -> TlsAcceptor:
        """An acceptor with a certificate from PEM files.

        Args:
            certificate: the certificate, followed by those of the authorities in between.
            key: the private key; None: it is in the file of the certificate.
            client_ca: authorities; with them a client must have a certificate of theirs.
            alpn: see the class.
        """
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca)
        if client_ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(certificate, key)
        return TlsAcceptor(context, alpn=alpn)

    def accept(self, stream: Any, *, timeout: float | None = HANDSHAKE_LIMIT) -> Any:
        """Does the handshake over ``stream``; awaits to a ``TlsStream``.

        Args:
            stream: any ``AsyncRead`` and ``AsyncWrite``. It is the ``TlsStream``'s from here on.
            timeout: seconds for the handshake; None: no limit.

        Do it in the task of the connection, not in the loop that accepts: a slow client must not hold up the others.
        Raises ``ssl.SSLError``, ``UnexpectedEof`` if the peer hangs up, ``mezame.time.Elapsed``; ``TypeError`` at once
        if ``stream`` is none. If it fails or is cancelled, ``stream`` is closed.
        """
        return _shake_hands(
            _transport(stream),
            lambda incoming, outgoing: self.context.wrap_bio(incoming, outgoing, server_side=True),
            timeout,
        )
