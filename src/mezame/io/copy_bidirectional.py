"""copy_bidirectional: two streams joined, as a proxy does.

Each direction by itself:  RUNNING --end of the reader--> SHUTTING_DOWN --its writer is shut down--> DONE.
The whole is Ready when both are DONE; an error in one ends both.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .buf_reader import BUFFER_SIZE
from .copy import CopyBuffer
from .operation import Operation, forward

_RUNNING = 0
_SHUTTING_DOWN = 1
_DONE = 2


class _Direction:
    __slots__ = ("_buffer", "_reader", "_state", "_writer", "count")

    def __init__(self, reader: Any, writer: Any, size: int) -> None:
        forward(reader, "poll_read")
        forward(writer, "poll_write")
        self._reader = reader
        self._writer = writer
        self._buffer = CopyBuffer(size)
        self._state = _RUNNING
        self.count = 0

    def poll(self, cx: Context) -> bool:
        """True: it is done."""
        if self._state == _RUNNING:
            answer = self._buffer.poll_copy(cx, self._reader, self._writer)
            if answer is PENDING:
                return False
            self.count = answer.value
            self._state = _SHUTTING_DOWN
        if self._state == _SHUTTING_DOWN:
            if self._writer.poll_shutdown(cx) is PENDING:
                return False
            self._state = _DONE
        return True


class CopyBidirectional(Operation):
    """The future of ``copy_bidirectional``."""

    __slots__ = ("_back", "_forth", "_turn")

    def __init__(self, a: Any, b: Any, a_to_b_size: int, b_to_a_size: int) -> None:
        Operation.__init__(self, a)
        self._forth = _Direction(a, b, a_to_b_size)
        self._back = _Direction(b, a, b_to_a_size)
        self._turn = False

    def _step(self, cx: Context) -> Any:
        # They take turns in being first: one that always has something would use up the budget of the other.
        self._turn = not self._turn
        first, second = (self._forth, self._back) if self._turn else (self._back, self._forth)
        done = first.poll(cx)
        if not (second.poll(cx) and done):
            return PENDING
        return make_ready((self._forth.count, self._back.count))


def copy_bidirectional(a: Any, b: Any, a_to_b_size: int = BUFFER_SIZE, b_to_a_size: int = BUFFER_SIZE) -> Any:
    """Copies both ways between two streams until both have ended; awaits to the bytes (a to b, b to a).

    Args:
        a, b: streams that are ``AsyncRead`` and ``AsyncWrite``.
        a_to_b_size, b_to_a_size: bytes of the two buffers.

    When one stream ends, the other is shut down for writing, and the other direction goes on. Any error ends both and
    is raised. Not cancel safe: what is in the buffers is lost.

    >>> import mezame
    >>> from mezame.io import copy_bidirectional, duplex
    >>> async def main():
    ...     client, a = duplex(64)
    ...     b, server = duplex(64)
    ...     proxy = mezame.spawn(copy_bidirectional(a, b))
    ...     await client.write_all(b"hello"); await client.shutdown()
    ...     await server.write_all((await server.read_to_end()).upper()); await server.shutdown()
    ...     return await client.read_to_end(), await proxy
    >>> mezame.run(main())
    (b'HELLO', (5, 5))

    Source of the semantics: ``tokio::io::copy_bidirectional``.
    """
    return CopyBidirectional(a, b, a_to_b_size, b_to_a_size)
