"""empty, repeat, sink: streams of nothing, of one byte for ever, and into nowhere. All take of the budget."""

from __future__ import annotations

import os
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed
from ..core.poll import PENDING, make_ready
from .async_buf_read import AsyncBufRead
from .async_read import AsyncRead
from .async_seek import AsyncSeek
from .async_write import AsyncWrite
from .operation import one_byte
from .read_buf import ReadBuf


class Sink(AsyncWrite):
    """Takes everything and keeps nothing. From ``mezame.io.sink``."""

    def poll_write(self, cx: Context, data: Any) -> Any:
        return make_ready(len(data)) if poll_proceed(cx) else PENDING

    def poll_write_vectored(self, cx: Context, buffers: list[Any]) -> Any:
        return make_ready(sum(len(data) for data in buffers)) if poll_proceed(cx) else PENDING

    def is_write_vectored(self) -> bool:
        return True

    def poll_flush(self, cx: Context) -> Any:
        return make_ready(None)

    def poll_shutdown(self, cx: Context) -> Any:
        return make_ready(None)


class Empty(AsyncBufRead, Sink, AsyncSeek):
    """At its end from the beginning; swallows what is written. From ``mezame.io.empty``."""

    def poll_fill_buf(self, cx: Context) -> Any:
        return make_ready(memoryview(b"")) if poll_proceed(cx) else PENDING

    def consume(self, count: int) -> None:
        if count != 0:
            raise ValueError(f"consume({count!r}): there is nothing")

    def start_seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        """Leads nowhere: the position is always 0."""

    def poll_complete(self, cx: Context) -> Any:
        return make_ready(0)


class Repeat(AsyncRead):
    """One byte, for ever. From ``mezame.io.repeat``."""

    def __init__(self, byte: bytes) -> None:
        self._byte = byte

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        if not poll_proceed(cx):
            return PENDING
        buf.put_slice(self._byte * buf.remaining())
        return make_ready(None)


def empty() -> Empty:
    """A stream that is at its end at once, and swallows what is written to it.

    >>> mezame.run(mezame.io.empty().read_to_end())
    b''

    Source of the semantics: ``tokio::io::empty``.
    """
    return Empty()


def repeat(byte: Any) -> Repeat:
    """A reader that gives ``byte`` (one byte, or an int) for ever.

    >>> mezame.run(mezame.io.repeat(b"-").read_exact(5))
    b'-----'

    Source of the semantics: ``tokio::io::repeat``.
    """
    return Repeat(one_byte("repeat: byte", byte))


def sink() -> Sink:
    """A writer that takes everything and keeps nothing.

    >>> mezame.run(mezame.io.copy(mezame.io.repeat(0).take(10), mezame.io.sink()))
    10

    Source of the semantics: ``tokio::io::sink``.
    """
    return Sink()
