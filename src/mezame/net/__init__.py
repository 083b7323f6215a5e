"""The network: TCP, UDP and Unix sockets, and name lookup.

>>> import mezame
>>> from mezame.net import lookup_host
>>> mezame.run(lookup_host(("::1", 80)))
[('::1', 80, 0, 0)]
"""

from ..errors import UnexpectedEof
from . import pipe
from .addr import lookup_host
from .fd_passing import FdsLost
from .halves import OwnedReadHalf, OwnedWriteHalf, ReuniteError
from .listener import Listener
from .socket import TcpSocket
from .tcp import TcpListener, TcpStream
from .tls import TlsAcceptor, TlsConnector
from .tls_stream import TlsStream
from .udp import UdpSocket
from .unix_addr import UCred, UnixSocketAddr
from .unix_datagram import UnixDatagram
from .unix_listener import UnixListener
from .unix_socket import UnixSocket
from .unix_stream import UnixStream

__all__ = [
    "FdsLost",
    "Listener",
    "OwnedReadHalf",
    "OwnedWriteHalf",
    "ReuniteError",
    "TcpListener",
    "TcpSocket",
    "TcpStream",
    "TlsAcceptor",
    "TlsConnector",
    "TlsStream",
    "UCred",
    "UdpSocket",
    "UnexpectedEof",
    "UnixDatagram",
    "UnixListener",
    "UnixSocket",
    "UnixSocketAddr",
    "UnixStream",
    "lookup_host",
    "pipe",
]
