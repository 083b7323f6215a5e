"""Chain: one reader after another."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .adapter import is_buffered
from .async_buf_read import AsyncBufRead
from .async_read import AsyncRead
from .operation import forward
from .read_buf import ReadBuf


class Chain(AsyncRead):
    """The bytes of ``first`` up to its end, then those of ``second``. From ``reader.chain(after)``.

    >>> import mezame
    >>> from mezame.io import Cursor
    >>> mezame.run(Cursor(b"one, ").chain(Cursor(b"two")).read_to_end())
    b'one, two'

    Source of the semantics: ``tokio::io::Chain``.
    """

    def __init__(self, first: Any, second: Any) -> None:
        forward(first, "poll_read")
        forward(second, "poll_read")
        self._first = first
        self._second = second
        self._first_ended = False

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        if not self._first_ended:
            before = buf.filled_len()
            if self._first.poll_read(cx, buf) is PENDING:
                return PENDING
            if buf.filled_len() > before or not buf.remaining():
                return make_ready(None)
            self._first_ended = True
        return self._second.poll_read(cx, buf)

    def into_inner(self) -> tuple[Any, Any]:
        """(first, second)."""
        return self._first, self._second

    def close(self) -> None:
        """Closes both."""
        self._first.close()
        self._second.close()


class BufChain(Chain, AsyncBufRead):
    """A ``Chain`` of two buffered readers, buffered itself."""

    def poll_fill_buf(self, cx: Context) -> Any:
        if not self._first_ended:
            answer = self._first.poll_fill_buf(cx)
            if answer is PENDING or len(answer.value):
                return answer
            self._first_ended = True
        return self._second.poll_fill_buf(cx)

    def consume(self, count: int) -> None:
        (self._second if self._first_ended else self._first).consume(count)


def chain(first: Any, second: Any) -> Chain:
    """``first.chain(second)``."""
    buffered = is_buffered(first) and is_buffered(second)
    return BufChain(first, second) if buffered else Chain(first, second)
