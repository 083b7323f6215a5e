"""Passing descriptors over a Unix socket (SCM_RIGHTS): the receiver gets duplicates, of the same open files."""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Awaitable, Iterable
from typing import Any

from ..driver.readiness import READ, WRITE
from .operations import CallOp, length_of

FDS_MAX = 253  # SCM_MAX_FD of Linux: the kernel refuses more in one message
_MOST = 1 << 20  # bytes that a receive reserves at most,
_MOST_FDS = 1024  # and descriptors that it has room for: more than any system puts into one message


class FdsLost(OSError):
    """More descriptors came with a message than there is room for: all were closed; its bytes are in ``data``."""

    data: bytes


class FdPassing:
    """The two methods of Unix sockets that carry descriptors beside bytes."""

    __slots__ = ()

    _sock: Any
    _source: Any

    def send_fds(self, data: Any, fds: Iterable[Any]) -> Awaitable[int]:
        """Sends ``data`` and descriptors with it; awaits to the number of bytes that went.

        Args:
            data: bytes; not empty on a stream, for the descriptors travel with a byte.
            fds: descriptors, or objects with ``fileno()``, at most 253. They stay open here.

        On a stream less than all of ``data`` may go; all descriptors go with the first byte, so send the rest with
        ``write_all``. Cancel safe: then nothing was sent.
        """
        numbers = [_number(one) for one in fds]
        if len(numbers) > FDS_MAX:
            raise ValueError(f"{len(numbers)} descriptors: at most {FDS_MAX} can go with one message")
        for one in numbers:
            if isinstance(one, bool) or one < 0:
                raise ValueError(f"{one!r} is not an open descriptor")
        if length_of(data) == 0 and self._sock.type == socket.SOCK_STREAM:
            raise ValueError("send_fds needs at least one byte of data: on a stream the descriptors travel with it")
        return CallOp(self, self._source, WRITE, _send, (self._sock, data, numbers))

    def recv_fds(self, limit: int = 65536, max_fds: int = FDS_MAX) -> Awaitable[tuple[bytes, list[int]]]:
        """Awaits to ``(bytes, descriptors)``; the descriptors are yours to close, and are not inherited by children.

        Args:
            limit: bytes at most.
            max_fds: descriptors at most. If more come, all are closed and ``FdsLost`` is raised, an ``OSError`` that
                has the bytes as ``.data``.

        A plain ``read`` drops the descriptors that come with what it reads. Cancel safe.
        """
        for what, value in (("limit", limit), ("max_fds", max_fds)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ValueError(f"recv_fds: {what} must be a number from 0 on, not {value!r}")
        return CallOp(self, self._source, READ, _receive, (self._sock, min(limit, _MOST), min(max_fds, _MOST_FDS)))


def _number(one: Any) -> int:
    if not isinstance(one, int):
        if not hasattr(one, "fileno"):
            raise TypeError(f"send_fds needs file descriptors, or objects with fileno(), not {one!r}")
        one = one.fileno()
    return one  # type: ignore[no-any-return]


def _send(sock: socket.socket, data: Any, numbers: list[int]) -> int:
    return socket.send_fds(sock, [data], numbers)


def _receive(sock: socket.socket, limit: int, max_fds: int) -> tuple[bytes, list[int]]:
    cloexec = getattr(socket, "MSG_CMSG_CLOEXEC", 0)  # socket.recv_fds does not hand its flags on
    numbers = array.array("i")
    data, beside, flags, _ = sock.recvmsg(limit, socket.CMSG_LEN(max_fds * numbers.itemsize), cloexec)
    for level, kind, content in beside:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
    if not cloexec:
        for one in numbers:
            os.set_inheritable(one, False)
    if flags & socket.MSG_CTRUNC:
        for one in numbers:
            os.close(one)
        error = FdsLost(
            f"more than max_fds={max_fds} descriptors came with a message, or no more can be open here: they were"
            " closed; the bytes are in .data"
        )
        error.data = data
        raise error
    return data, list(numbers)
