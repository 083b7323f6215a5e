"""Take: a reader that ends after so many bytes."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .adapter import Adapter, is_buffered
from .async_buf_read import AsyncBufRead
from .async_read import AsyncRead
from .operation import byte_count, forward
from .read_buf import ReadBuf


class Take(Adapter, AsyncRead):
    """The next ``limit`` bytes of a reader, then the end. From ``reader.take(limit)``.

    >>> import mezame
    >>> from mezame.io import Cursor
    >>> async def main():
    ...     part = Cursor(b"headbody").take(4)
    ...     head = await part.read_to_end()
    ...     part.set_limit(2)
    ...     return head, await part.read_to_end(), await part.into_inner().read()
    >>> mezame.run(main())
    (b'head', b'bo', b'dy')

    Source of the semantics: ``tokio::io::Take``.
    """

    def __init__(self, inner: Any, limit: int) -> None:
        forward(inner, "poll_read")
        self._inner = inner
        self._limit = byte_count("take: limit", limit)

    def limit(self) -> int:
        """How many bytes may still come."""
        return self._limit

    def set_limit(self, limit: int) -> None:
        """From here on ``limit`` bytes may come, whatever came before."""
        self._limit = byte_count("set_limit: limit", limit)

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        if self._limit == 0:
            return make_ready(None)
        part = buf.take(self._limit)
        if self._inner.poll_read(cx, part) is PENDING:
            return PENDING
        count = part.filled_len()
        buf.advance(count)
        self._limit -= count
        return make_ready(None)


class BufTake(Take, AsyncBufRead):
    """A ``Take`` of a buffered reader, buffered itself."""

    def poll_fill_buf(self, cx: Context) -> Any:
        if self._limit == 0:
            return make_ready(memoryview(b""))
        answer = self._inner.poll_fill_buf(cx)
        if answer is PENDING:
            return PENDING
        return make_ready(answer.value[: self._limit])

    def consume(self, count: int) -> None:
        if not 0 <= count <= self._limit:
            raise ValueError(f"consume({count!r}): the limit leaves {self._limit} bytes")
        self._inner.consume(count)
        self._limit -= count


def take(inner: Any, limit: int) -> Take:
    """``inner.take(limit)``."""
    return BufTake(inner, limit) if is_buffered(inner) else Take(inner, limit)
