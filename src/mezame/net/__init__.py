"""The network: TCP streams, listeners and sockets, and name lookup.

>>> import mezame
>>> from mezame.net import lookup_host
>>> mezame.run(lookup_host(("::1", 80)))
[('::1', 80, 0, 0)]
"""

from ..errors import UnexpectedEof
from .addr import lookup_host
from .halves import OwnedReadHalf, OwnedWriteHalf, ReuniteError
from .socket import TcpSocket
from .tcp import TcpListener, TcpStream
from .udp import UdpSocket

__all__ = [
    "OwnedReadHalf",
    "OwnedWriteHalf",
    "ReuniteError",
    "TcpListener",
    "TcpSocket",
    "TcpStream",
    "UdpSocket",
    "UnexpectedEof",
    "lookup_host",
]
