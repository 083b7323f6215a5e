"""InspectReader and InspectWriter: a function sees the bytes that pass: for digests, logs and counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING
from .adapter import Adapter, ForwardRead, ForwardWrite
from .async_read import AsyncRead
from .async_write import AsyncWrite
from .operation import forward
from .read_buf import ReadBuf


def _callable(function: Any) -> Any:
    if not callable(function):
        raise TypeError(f"a function that takes bytes is needed, not {function!r}")
    return function


class InspectReader(Adapter, AsyncRead, ForwardWrite):
    """``function(bytes)`` is called with what each read gave; not at the end of the stream.

    >>> import mezame
    >>> from mezame.io import Cursor, InspectReader
    >>> mezame.run(InspectReader(Cursor(b"hello"), print).read())
    b'hello'
    b'hello'

    Source of the semantics: ``tokio_util::io::InspectReader``.
    """

    def __init__(self, reader: Any, function: Callable[[bytes], Any]) -> None:
        forward(reader, "poll_read")
        self._inner = reader
        self._function = _callable(function)

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        before = buf.filled_len()
        answer = self._inner.poll_read(cx, buf)
        if answer is not PENDING and buf.filled_len() > before:
            self._function(bytes(buf.filled()[before:]))
        return answer


class InspectWriter(Adapter, AsyncWrite, ForwardRead):
    """``function(bytes)`` is called with what each write wrote: not with what the writer did not take.

    Source of the semantics: ``tokio_util::io::InspectWriter``.
    """

    def __init__(self, writer: Any, function: Callable[[bytes], Any]) -> None:
        forward(writer, "poll_write")
        self._inner = writer
        self._function = _callable(function)

    def poll_write(self, cx: Context, data: Any) -> Any:
        answer = self._inner.poll_write(cx, data)
        if answer is not PENDING and answer.value:
            self._function(bytes(data[: answer.value]))
        return answer

    def poll_flush(self, cx: Context) -> Any:
        return self._inner.poll_flush(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        return self._inner.poll_shutdown(cx)
