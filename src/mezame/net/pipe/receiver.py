"""Receiver: the end of a pipe that is read from."""

from __future__ import annotations

import os
from typing import Any

from ...core.context import Context
from ...core.future import Future, ready
from ...core.poll import PENDING, make_ready
from ...driver.readiness import READ
from ...io.async_read import MOST, READ_SIZE, AsyncRead
from ...io.operation import byte_count
from ...io.read_buf import ReadBuf
from ..operations import CallOp
from .end import End


def _read_into(number: int, buf: ReadBuf) -> int:
    return os.readv(number, [buf.unfilled()])


class Receiver(End, AsyncRead):
    """The reading end of a pipe, from ``pipe()``, ``open_receiver`` or ``Receiver.from_fd``.

    It is at its end (``b""``) when all senders are closed and what they wrote was read.

    Source of the semantics: ``tokio::net::unix::pipe::Receiver``.
    """

    __slots__ = ()

    _ACCESS = os.O_RDONLY
    _call = staticmethod(_read_into)

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        """See ``AsyncRead.poll_read``."""
        if not buf.remaining():
            return make_ready(None)
        answer = self._polled.poll(cx, buf)
        if answer is PENDING:
            return PENDING
        buf.advance(answer.value)
        return make_ready(None)

    def read(self, limit: int = READ_SIZE) -> Future:
        """Awaits to between 1 and ``limit`` bytes as soon as there are any; ``b""`` at the end. Cancel safe."""
        if byte_count("read: limit", limit) == 0:
            return ready(b"")
        return CallOp(self, self._source, READ, os.read, (self._descriptor.fileno(), min(limit, MOST)))

    def try_read(self, limit: int = READ_SIZE) -> bytes:
        """Reads without waiting. Raises ``BlockingIOError`` if there is nothing."""
        return os.read(self._descriptor.fileno(), min(byte_count("try_read: limit", limit), MOST))

    def readable(self) -> Future:
        """Waits until a read will probably not wait. Cancel safe."""
        return self._ready()
