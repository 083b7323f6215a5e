"""BufReader: a reader that asks for much at a time and gives it out in small pieces.

    0         _at                 _end           capacity
    |  given   |  still to give    |    free      |

The buffer is filled only when it is empty (``_at == _end``), from its beginning. A large one is small at first, and
doubles when it came full: a capacity reserves nothing.
"""

from __future__ import annotations

import os
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .adapter import Adapter, ForwardSeek, ForwardWrite
from .async_buf_read import AsyncBufRead
from .async_read import READ_SIZE, Read
from .operation import byte_count, forward
from .read_buf import ReadBuf

BUFFER_SIZE = 8192  # bytes, as in tokio
_FIRST = 65536  # bytes of a large buffer at first


class BufReader(Adapter, AsyncBufRead, ForwardWrite, ForwardSeek):
    """A buffer in front of a reader; gives any ``AsyncRead`` lines.

    Args:
        inner: any ``AsyncRead``. Can it be written to, so can the BufReader, past the buffer.
        capacity: bytes of the buffer. Reads of at least so many go past it when it is empty.

    ``seek`` drops what is in the buffer. One task at a time may read.

    >>> import mezame
    >>> from mezame.io import BufReader, Cursor
    >>> async def main():
    ...     reader = BufReader(Cursor(b"name: mezame\\n\\nbody"))
    ...     head = await reader.read_line()
    ...     await reader.read_line()
    ...     return head, await reader.read_to_end()
    >>> mezame.run(main())
    ('name: mezame\\n', b'body')

    Source of the semantics: ``tokio::io::BufReader``.
    """

    def __init__(self, inner: Any, capacity: int = BUFFER_SIZE) -> None:
        forward(inner, "poll_read")
        if byte_count("BufReader: capacity", capacity) == 0:
            raise ValueError("BufReader: capacity must be at least 1 byte, not 0")
        self._inner = inner
        self._capacity = capacity
        self._buf = memoryview(bytearray(min(capacity, _FIRST)))
        self._at = 0
        self._end = 0

    def capacity(self) -> int:
        """The size of the buffer in bytes."""
        return self._capacity

    def buffer(self) -> memoryview:
        """What is in the buffer, as a view that is valid until the next call. Reads nothing."""
        return self._buf[self._at : self._end]

    def poll_fill_buf(self, cx: Context) -> Any:
        if self._at == self._end:
            if self._end == len(self._buf) < self._capacity:
                self._buf = memoryview(bytearray(min(2 * self._end, self._capacity)))
                self._at = self._end = 0
            buf = ReadBuf(self._buf)
            if self._inner.poll_read(cx, buf) is PENDING:
                return PENDING
            self._at = 0
            self._end = buf.filled_len()
        return make_ready(self._buf[self._at : self._end])

    def consume(self, count: int) -> None:
        if not 0 <= count <= self._end - self._at:
            raise ValueError(f"consume({count!r}): the buffer has {self._end - self._at} bytes")
        self._at += count

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        if self._at == self._end and buf.remaining() >= self._capacity:
            return self._inner.poll_read(cx, buf)
        return AsyncBufRead.poll_read(self, cx, buf)

    def read(self, limit: int = READ_SIZE) -> Any:
        if self._at == self._end and byte_count("read: limit", limit) >= self._capacity:
            return Read(self, limit)
        return AsyncBufRead.read(self, limit)

    def start_seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        if whence == os.SEEK_CUR:
            offset -= self._end - self._at  # the reader below is ahead by what is in the buffer
        forward(self._inner, "start_seek")(offset, whence)
        self._at = self._end = 0
