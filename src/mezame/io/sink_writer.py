"""SinkWriter: a sink of chunks as a writer."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .adapter import Adapter
from .async_write import AsyncWrite
from .operation import forward


class SinkWriter(Adapter, AsyncWrite):
    """Writes to a sink: each write is one item, a ``bytes`` object. Flush and shutdown are the sink's flush and close.

    Args:
        sink: an object with ``poll_ready(cx)``, ``start_send(item)``, ``poll_flush(cx)`` and ``poll_close(cx)``.

    >>> import mezame
    >>> from mezame import Poll
    >>> from mezame.io import SinkWriter
    >>> class Items(list):
    ...     def poll_ready(self, cx): return Poll.Ready(None)
    ...     start_send = list.append
    ...     poll_flush = poll_close = poll_ready
    >>> items = Items()
    >>> mezame.run(SinkWriter(items).write_all(b"one"))
    >>> items
    [b'one']

    Source of the semantics: ``tokio_util::io::SinkWriter``, ``tokio_util::io::CopyToBytes``.
    """

    def __init__(self, sink: Any) -> None:
        for name in ("poll_ready", "start_send", "poll_flush", "poll_close"):
            forward(sink, name)
        self._inner = sink

    def poll_write(self, cx: Context, data: Any) -> Any:
        if self._inner.poll_ready(cx) is PENDING:
            return PENDING
        self._inner.start_send(bytes(data))
        return make_ready(len(data))

    def poll_flush(self, cx: Context) -> Any:
        return self._inner.poll_flush(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        return self._inner.poll_close(cx)

    def close(self) -> None:
        """Lets the sink go, without waiting for it: ``shutdown`` closes it in order."""

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if kind is None:
            await self.shutdown()
