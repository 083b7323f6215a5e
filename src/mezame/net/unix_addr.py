"""UnixSocketAddr and UCred: where a Unix socket is, and who is at its other end.

A Unix address is a path of the file system, a name of the abstract namespace (Linux: bytes after a leading NUL, no
file, gone with the last socket), or nothing.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import Any, NamedTuple

PATH_MAX = 107  # bytes of a path in sockaddr_un, without the NUL at its end
ABSTRACT_MAX = 108  # bytes of an abstract name, with the NUL at its beginning


class UnixSocketAddr:
    """An address of a Unix socket.

    Args:
        name: a path (``str``, ``bytes`` or ``os.PathLike``), or an abstract name: one that begins with NUL.

    >>> from mezame.net import UnixSocketAddr
    >>> UnixSocketAddr("/run/app.sock").as_pathname()
    PosixPath('/run/app.sock')
    >>> UnixSocketAddr(b"\\0app").as_abstract_name()
    b'app'

    Raises ``ValueError`` for a name that is too long for the kernel, or a path with a NUL in it.

    Source of the semantics: ``tokio::net::unix::SocketAddr``.
    """

    __slots__ = ("_name",)

    def __init__(self, name: Any) -> None:
        raw = name.raw if isinstance(name, UnixSocketAddr) else _encoded(name)
        if raw[:1] == b"\0":
            if len(raw) > ABSTRACT_MAX:
                raise ValueError(f"{name!r}: an abstract name has at most {ABSTRACT_MAX - 1} bytes after the NUL")
        elif b"\0" in raw:
            raise ValueError(f"{name!r}: a path has no NUL in it; an abstract name begins with one")
        elif len(raw) > PATH_MAX:
            raise ValueError(f"{name!r}: the path of a socket has at most {PATH_MAX} bytes: use a shorter one")
        self._name = raw

    @property
    def raw(self) -> bytes:
        """The name as bytes; an abstract one begins with NUL."""
        return self._name

    def is_unnamed(self) -> bool:
        """True if there is no name: the socket was not bound."""
        return not self._name

    def as_pathname(self) -> Path | None:
        """The path, or None if it is not one."""
        return Path(os.fsdecode(self._name)) if self._name and self._name[:1] != b"\0" else None

    def as_abstract_name(self) -> bytes | None:
        """The abstract name without its leading NUL, or None if it is not one."""
        return self._name[1:] if self._name[:1] == b"\0" else None

    def for_kernel(self) -> Any:
        """What ``socket.bind`` and ``socket.connect`` take."""
        return self._name if self._name[:1] == b"\0" else os.fsdecode(self._name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnixSocketAddr) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f"UnixSocketAddr({self.for_kernel()!r})" if self._name else "UnixSocketAddr(unnamed)"


def _encoded(name: Any) -> bytes:
    if not isinstance(name, (str, bytes, os.PathLike)):
        raise TypeError(f"a Unix address is a path or an abstract name that begins with NUL, not {name!r}")
    return os.fsencode(name)


def named(name: Any) -> Any:
    """A name that the user gave, for the kernel. Raises as ``UnixSocketAddr``, and for one that is empty."""
    address = UnixSocketAddr(name)
    if address.is_unnamed():
        raise ValueError(f"{name!r}: an empty name is no address: give a path, or NUL and an abstract name")
    return address.for_kernel()


def from_kernel(name: Any) -> UnixSocketAddr:
    """The address that ``getsockname``, ``accept`` and the like gave."""
    return UnixSocketAddr(b"" if name is None else name)


class UCred(NamedTuple):
    """Who opened the other end of a Unix stream: user, group, and process if the system tells.

    Source of the semantics: ``tokio::net::unix::UCred``.
    """

    uid: int
    gid: int
    pid: int | None


def peer_cred(sock: socket.socket) -> UCred:
    """The credentials of the peer, as they were when it connected (or when the pair was made)."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        raise OSError("this system has no SO_PEERCRED: it does not tell who the peer is")
    pid, uid, gid = struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("iII")))
    return UCred(uid, gid, pid if pid > 0 else None)
