"""The system calls on a non-blocking socket descriptor, one function each.

Compiled they are the bare calls; interpreted the ``os`` and ``socket`` modules make them. Either way they answer
``BLOCKED`` (or -1, where the answer is a count) for EAGAIN, raise ``OSError`` for other errors, and retry EINTR.
They never block, so the compiled form keeps the GIL: giving it up and taking it back costs more than the call.
"""

from __future__ import annotations

import os
from typing import Any

from .readiness import BLOCKED

_BLOCKED = BLOCKED

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython


def recv(fd: int, limit: int) -> Any:
    """Up to ``limit`` bytes; ``b""`` at the end of the stream; or BLOCKED."""
    if cython.compiled:
        return socket_recv(fd, limit, _BLOCKED)  # type: ignore  # noqa: F821 - C, from the .pxd
    try:
        return os.read(fd, limit)
    except BlockingIOError:
        return BLOCKED


def recv_into(fd: int, buffer: Any, offset: int, limit: int) -> int:
    """Reads into ``buffer[offset:offset + limit]``; the number of bytes; or -1, blocked."""
    if cython.compiled:
        return socket_recv_into(fd, buffer, offset, limit)  # type: ignore  # noqa: F821
    try:
        with memoryview(buffer) as view, view.cast("B") as flat, flat[offset : offset + limit] as part:
            return os.readv(fd, [part])
    except BlockingIOError:
        return -1


def send(fd: int, data: Any, offset: int) -> int:
    """Sends ``data[offset:]`` as far as there is room: the number of bytes; or -1, blocked."""
    if cython.compiled:
        return socket_send(fd, data, offset)  # type: ignore  # noqa: F821
    try:
        with memoryview(data) as view, view.cast("B") as flat, flat[offset:] as part:
            return os.write(fd, part)
    except BlockingIOError:
        return -1
