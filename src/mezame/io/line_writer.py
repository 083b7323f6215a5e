"""LineWriter: a BufWriter that writes out each line as it is complete, for terminals and logs."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .buf_writer import BufWriter


class LineWriter(BufWriter):
    """Like ``BufWriter``, but whole lines do not stay in the buffer; the beginning of a line does.

    >>> import mezame
    >>> from mezame.io import Cursor, LineWriter
    >>> async def main():
    ...     target = Cursor()
    ...     writer = LineWriter(target)
    ...     await writer.write_all(b"one\\ntw")
    ...     print(target.getvalue())
    ...     await writer.flush()
    >>> mezame.run(main())
    b'one\\n'

    Source of the semantics: ``futures::io::LineWriter``.
    """

    def __init__(self, inner: Any, capacity: int = 1024) -> None:
        BufWriter.__init__(self, inner, capacity)

    def poll_write(self, cx: Context, data: Any) -> Any:
        size = bytes(data).rfind(b"\n") + 1
        if size == 0:
            return BufWriter.poll_write(self, cx, data)
        # The lines go straight to the stream below, behind what is in the buffer: so a write that is cancelled while
        # it waits has written nothing, and one that is Ready has left no whole line behind.
        if self._poll_drain(cx) is PENDING:
            return PENDING
        answer = self._inner.poll_write(cx, memoryview(data)[:size])
        if answer is PENDING or answer.value < size:
            return answer
        rest = memoryview(data)[size:][: self._capacity]
        self._buf += rest
        return make_ready(size + len(rest))
