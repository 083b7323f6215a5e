"""Sender: the end of a pipe that is written to."""

from __future__ import annotations

import os
from typing import Any

from ...core.context import Context
from ...core.future import Future
from ...core.poll import make_ready
from ...io.async_write import AsyncWrite
from ...io.operation import as_bytes
from .end import End

_MOST_BUFFERS = 1024  # POSIX's least upper bound on Linux: more parts in one call are refused


def _write(number: int, data: Any) -> int:
    return os.writev(number, data) if type(data) is list else os.write(number, data)


class Sender(End, AsyncWrite):
    """The writing end of a pipe, from ``pipe()``, ``open_sender`` or ``Sender.from_fd``.

    A write raises ``BrokenPipeError`` when all receivers are closed. ``shutdown`` closes it, which is what ends the
    stream for the receiver.

    Source of the semantics: ``tokio::net::unix::pipe::Sender``.
    """

    __slots__ = ()

    _ACCESS = os.O_WRONLY
    _call = staticmethod(_write)

    def poll_write(self, cx: Context, data: Any) -> Any:
        """See ``AsyncWrite.poll_write``."""
        return self._polled.poll(cx, data) if len(data) else make_ready(0)

    def poll_write_vectored(self, cx: Context, buffers: list[Any]) -> Any:
        """See ``AsyncWrite.poll_write_vectored``."""
        return self._polled.poll(cx, list(buffers[:_MOST_BUFFERS])) if any(map(len, buffers)) else make_ready(0)

    def is_write_vectored(self) -> bool:
        """True."""
        return True

    def poll_flush(self, cx: Context) -> Any:
        """Ready: there is no buffer."""
        return make_ready(None)

    def poll_shutdown(self, cx: Context) -> Any:
        """Closes this end. Ready."""
        self.close()
        return make_ready(None)

    def try_write(self, data: Any) -> int:
        """Writes without waiting; the number of bytes. Raises ``BlockingIOError`` if there is no room."""
        return os.write(self._descriptor.fileno(), as_bytes(data))

    def writable(self) -> Future:
        """Waits until a write will probably not wait. Cancel safe."""
        return self._ready()
