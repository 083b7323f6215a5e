"""RegisteredSocket: what all sockets of the net package are: registered with a driver, owned, and asked for readiness.

Two ways to wait, which may be mixed (tokio's rules): an operation, or ``readable()``, is a future, and any number of
them may wait; the ``poll_*`` methods keep one waker per direction, that of the latest poll (``driver/poll_slot.py``).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.future import Future, ready
from ..core.poll import PENDING, make_ready
from ..driver.io_op import ReadyOp
from ..driver.poll_slot import PollSlot
from ..driver.readiness import READ, READABLE, WRITABLE, WRITE, Source
from .operations import CallOp


class RegisteredSocket:
    """A socket of a runtime. Close it with ``close()`` or ``with``; dropping the last reference closes it too."""

    __slots__ = ("__weakref__", "_read_slot", "_sock", "_source", "_write_slot")

    def __init__(self, sock: socket.socket, source: Source) -> None:
        self._sock = sock
        self._source = source
        self._read_slot = None
        self._write_slot = None

    # --- readiness ------------------------------------------------------------------------------------------

    def readable(self) -> Future:
        """Waits until a read will probably not wait; then a ``try_`` method reads. Cancel safe.

        It may answer although there is nothing (then the ``try_`` method raises ``BlockingIOError``), and answers at
        once until an operation has found nothing.
        """
        return ReadyOp(self._source, READ)

    def writable(self) -> Future:
        """Waits until a write will probably not wait; then a ``try_`` method writes. Cancel safe. See ``readable``."""
        return ReadyOp(self._source, WRITE)

    def ready(self, interest: int) -> Future:
        """Waits until one of the directions in ``interest`` looks ready; awaits to a ``mezame.io.Ready``.

        Args:
            interest: ``mezame.io.Interest.READABLE``, ``WRITABLE``, or both.

        Cancel safe. Raises ``ValueError`` for an interest in nothing.
        """
        return Readiness(self._source, direction_mask(interest, several=True))

    def try_io(self, interest: int, function: Callable[[], Any]) -> Any:
        """Calls ``function()``, a non-blocking call of yours on the descriptor, without waiting.

        Args:
            interest: what the call does, ``Interest.READABLE`` or ``WRITABLE``.
            function: raises ``BlockingIOError`` if it found nothing, which clears the readiness.

        Raises ``BlockingIOError``, from ``function`` or because the socket is known not to be ready.
        """
        return self._source.attempt(direction_mask(interest), function, ())

    def async_io(self, interest: int, function: Callable[[], Any]) -> Future:
        """Calls ``function()``, a non-blocking call of yours on the descriptor, until it does not raise
        ``BlockingIOError``; awaits to what it returns, raises what else it raises.

        Args: see ``try_io``. Cancel safe if ``function`` does all it does in one call.
        """
        return CallOp(self, self._source, direction_mask(interest), function, ())

    def poll_read_ready(self, cx: Context) -> Any:
        """Polls for ``readable``: ``Poll.Ready(None)`` or ``Poll.Pending``. Of several polls the latest is woken."""
        return self._reading().poll(cx)

    def poll_write_ready(self, cx: Context) -> Any:
        """Polls for ``writable``: ``Poll.Ready(None)`` or ``Poll.Pending``. Of several polls the latest is woken."""
        return self._writing().poll(cx)

    def _reading(self) -> PollSlot:
        slot = self._read_slot
        if slot is None:
            slot = PollSlot(self._source, READ)
            self._read_slot = slot
        return slot

    def _writing(self) -> PollSlot:
        slot = self._write_slot
        if slot is None:
            slot = PollSlot(self._source, WRITE)
            self._write_slot = slot
        return slot

    # --- the socket -----------------------------------------------------------------------------------------

    def local_addr(self) -> Any:
        """Our address: (host, port), for IPv6 (host, port, flow, scope)."""
        return self._sock.getsockname()

    def take_error(self) -> OSError | None:
        """The socket's pending error (SO_ERROR), cleared by the call, or None."""
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return OSError(number, os.strerror(number)) if number else None

    def get_socket(self) -> socket.socket:
        """The socket, for options that have no method here. It stays ours."""
        return self._sock

    def fileno(self) -> int:
        """The descriptor, -1 once closed."""
        return self._sock.fileno()

    @property
    def source(self) -> Source:
        """Its readiness, for tools."""
        return self._source

    def into_std(self) -> socket.socket:
        """Gives the socket away, still non-blocking; this object is closed for further use."""
        self._source.detach()
        return self._sock

    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._source._closed

    def close(self) -> None:
        """Closes the socket. Operations that wait on it raise. Idempotent; from any thread."""
        self._source.close()

    def __aenter__(self) -> Any:
        return ready(self)

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        self.close()
        return ready(None)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        source = self._source
        if source is not None and not source._closed:
            source.close()

    def __repr__(self) -> str:
        if self._source._closed:
            return f"<{type(self).__name__} closed>"
        return f"<{type(self).__name__} {self._sock.getsockname()} {self._source!r}>"


def direction_mask(interest: int, *, several: bool = False) -> int:
    """The bits of a ``Source`` that an interest asks for. Raises ``TypeError`` or ``ValueError`` with the interest."""
    if not isinstance(interest, int) or isinstance(interest, bool):
        raise TypeError(f"an interest is a mezame.io.Interest, READABLE or WRITABLE, not {interest!r}")
    if interest == READABLE:
        return READ
    if interest == WRITABLE:
        return WRITE
    if several and interest == READABLE | WRITABLE:
        return READ | WRITE
    both = ", or both" if several else ", not both: a call either reads or writes"
    raise ValueError(f"{interest!r}: a socket has Interest.READABLE and Interest.WRITABLE{both}")


class Readiness(Future):
    """The future of ``ready``: waits in each direction, and answers when one looks ready."""

    def __init__(self, source: Source, mask: int) -> None:
        self._readiness_of = source
        self._wanted = mask
        self._waits = [ReadyOp(source, one) for one in (READ, WRITE) if one & mask & (READABLE | WRITABLE)]
        self._over = False

    def poll(self, cx: Context) -> Any:
        if self._over:
            raise RuntimeError("this wait for readiness was polled after it completed: call ready() again")
        found = False
        for one in self._waits:
            if one.poll(cx) is not PENDING:
                found = True
                break
        if not found:
            return PENDING
        self._over = True
        self.close()
        from ..io.interest import Ready

        return make_ready(Ready(self._readiness_of.readiness & self._wanted))

    def close(self) -> None:
        for one in self._waits:
            one.close()


