"""block_on: a stream as a plain iterator, which blocks."""

from __future__ import annotations

from typing import Any

from ..core.block_on import block_on as block_on_future
from ..future.end import END
from ..future.poll_next import make_next
from .into_stream import stream as to_stream


class BlockingStream:
    """The iterator of ``block_on``."""

    __slots__ = ("_stream",)

    def __init__(self, stream: Any) -> None:
        self._stream = to_stream(stream)

    def __iter__(self) -> BlockingStream:
        return self

    def __next__(self) -> Any:
        item = block_on_future(make_next(self._stream, END))
        if item is END:
            raise StopIteration
        return item

    def into_inner(self) -> Any:
        """The stream."""
        return self._stream

    def close(self) -> None:
        """Closes the stream, and waits until all that it began has unwound."""
        block_on_future(self._stream.aclose())

    def __enter__(self) -> BlockingStream:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()


def block_on(stream: Any) -> BlockingStream:
    """A plain iterator over a stream; each step blocks this thread until there is an item. Needs no runtime.

    Args:
        stream: a Stream, or any async iterable. Timers and sockets in it need a runtime.

    A step raises what the stream raises, and ``EnterError`` if this thread is already driving futures.

    >>> import mezame
    >>> tx, rx = mezame.sync.mpsc.unbounded_channel()
    >>> tx.send("a"); tx.send("b"); tx.close()
    >>> list(mezame.stream.block_on(rx))
    ['a', 'b']

    Source of the semantics: ``futures::executor::block_on_stream``.
    """
    return BlockingStream(stream)
