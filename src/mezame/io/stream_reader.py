"""StreamReader: a stream of chunks as a buffered reader."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import into_future
from ..core.poll import PENDING, Poll, make_ready
from ..future.end import END
from ..future.unwind import unwind
from .async_buf_read import AsyncBufRead
from .operation import as_bytes


class StreamReader(AsyncBufRead):
    """The bytes of a stream of chunks. What the stream raises, the read raises; empty chunks are skipped.

    Args:
        stream: an async iterator of ``bytes`` (or other buffers), or an object with ``poll_next(cx)``.

    Cancel safe: a step of the iterator that was begun is gone on with by the next read.

    >>> import mezame
    >>> from mezame.io import StreamReader
    >>> async def chunks():
    ...     yield b"one\\ntw"
    ...     yield b"o\\n"
    >>> async def main():
    ...     return [line async for line in StreamReader(chunks()).lines()]
    >>> mezame.run(main())
    ['one', 'two']

    Source of the semantics: ``tokio_util::io::StreamReader``.
    """

    def __init__(self, stream: Any) -> None:
        if not (hasattr(stream, "poll_next") or hasattr(stream, "__aiter__")):
            raise TypeError(f"StreamReader needs an async iterator of bytes, not {stream!r}")
        self._stream = stream
        self._items = None if hasattr(stream, "poll_next") else stream.__aiter__()
        self._step: Any = None  # the iterator's step in progress
        self._chunk = memoryview(b"")
        self._ended = False

    def _poll_next(self, cx: Context) -> Any:
        if self._items is None:
            return self._stream.poll_next(cx)
        step, self._step = self._step, None
        if step is None:
            step = into_future(self._items.__anext__())
        try:
            answer = step.poll(cx)
        except StopAsyncIteration:
            return Poll.Ready(END)
        if answer is PENDING:
            self._step = step
        return answer

    def poll_fill_buf(self, cx: Context) -> Any:
        while not len(self._chunk) and not self._ended:
            answer = self._poll_next(cx)
            if answer is PENDING:
                return PENDING
            if answer.value is END:
                self._ended = True
            else:
                self._chunk = memoryview(as_bytes(answer.value))
        return make_ready(self._chunk)

    def consume(self, count: int) -> None:
        if not 0 <= count <= len(self._chunk):
            raise ValueError(f"consume({count!r}): the chunk has {len(self._chunk)} bytes")
        self._chunk = self._chunk[count:]

    @property
    def inner(self) -> Any:
        """The stream."""
        return self._stream

    def into_inner(self) -> Any:
        """The stream. What is left of the last chunk is lost."""
        return self._stream

    def into_inner_with_chunk(self) -> tuple[Any, bytes]:
        """(the stream, what is left of the last chunk)."""
        return self._stream, bytes(self._chunk)

    def close(self) -> None:
        """Ends here: drops the step in progress, reads give the end. ``async with`` also closes an async generator."""
        self._ended = True
        self._chunk = memoryview(b"")
        step, self._step = self._step, None
        if step is not None:
            step.close()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        step, self._step = self._step, None
        self.close()
        if step is not None:
            await unwind(step)  # a generator that waits has to come out of it before it can be closed
        end = getattr(self._items, "aclose", None)
        if end is not None:
            await end()
