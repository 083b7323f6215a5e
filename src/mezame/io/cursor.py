"""Cursor: bytes in memory as a stream that can be read, written and moved in."""

from __future__ import annotations

import os
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed
from ..core.poll import PENDING, make_ready
from .async_buf_read import AsyncBufRead
from .async_seek import AsyncSeek
from .async_write import AsyncWrite
from .operation import as_bytes

_SHOWN = 8192  # of data that may be written to, a view would forbid it to grow: a piece of it is copied and shown


class Cursor(AsyncBufRead, AsyncWrite, AsyncSeek):
    """Bytes in memory as a stream, the asynchronous ``io.BytesIO``. Never waits. Use it from one task at a time.

    Args:
        data: the content; the position is 0 at first. It is copied when something is written, not before.

    >>> import mezame
    >>> from mezame.io import Cursor
    >>> async def main():
    ...     cursor = Cursor(b"hello")
    ...     await cursor.write_all(b"J")
    ...     return await cursor.read(), cursor.getvalue()
    >>> mezame.run(main())
    (b'ello', b'Jello')

    Source of the semantics: ``futures::io::Cursor``.
    """

    def __init__(self, data: Any = b"") -> None:
        flat = as_bytes(data)
        self._data: bytes | bytearray = flat if type(flat) is bytes else bytes(flat)
        self._at = 0

    def getvalue(self) -> bytes:
        """The whole content."""
        return bytes(self._data)

    def into_inner(self) -> bytes:
        """The same."""
        return bytes(self._data)

    def position(self) -> int:
        """Where the next read or write begins."""
        return self._at

    def set_position(self, position: int) -> None:
        """Moves there; beyond the end too, where reads give nothing and writes fill up with zeros."""
        if position < 0:
            raise ValueError(f"a position is a number of bytes from 0 on, not {position!r}")
        self._at = position

    def poll_fill_buf(self, cx: Context) -> Any:
        if not poll_proceed(cx):
            return PENDING
        if isinstance(self._data, bytes):
            return make_ready(memoryview(self._data)[self._at :])
        return make_ready(memoryview(bytes(self._data[self._at : self._at + _SHOWN])))

    def consume(self, count: int) -> None:
        if not 0 <= count <= max(0, len(self._data) - self._at):
            raise ValueError(f"consume({count!r}): there are {max(0, len(self._data) - self._at)} bytes")
        self._at += count

    def poll_write(self, cx: Context, data: Any) -> Any:
        if not poll_proceed(cx):
            return PENDING
        if isinstance(self._data, bytes):
            self._data = bytearray(self._data)
        if self._at > len(self._data):
            self._data += bytes(self._at - len(self._data))
        self._data[self._at : self._at + len(data)] = data
        self._at += len(data)
        return make_ready(len(data))

    def poll_flush(self, cx: Context) -> Any:
        return make_ready(None)

    def poll_shutdown(self, cx: Context) -> Any:
        return make_ready(None)

    def start_seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._data)}[whence]
        if base + offset < 0:
            raise ValueError(f"seek({offset!r}, {whence!r}) leads to {base + offset}, before the start")
        self._at = base + offset

    def poll_complete(self, cx: Context) -> Any:
        return make_ready(self._at)

    def __repr__(self) -> str:
        return f"<Cursor at {self._at} of {len(self._data)} bytes>"
