"""Streams and sinks: items that come, or go, one after the other (``tokio-stream``, ``futures::stream``).

A ``Stream`` is what ``async for`` iterates, with adapters as methods: ``stream(source).map(f).buffered(8)``. Make one
with ``iter``, ``from_aiter`` (of async generators), ``unfold``, or a wrapper of ``mezame.stream.wrappers``. A ``Sink``
takes items: ``await sink.send(item)``.
"""

from ..future.end import END
from .from_aiter import from_aiter
from .into_stream import stream
from .sink import Sink
from .sources import (
    empty,
    from_fn,
    iter,
    once,
    once_future,
    pending,
    poll_fn,
    repeat,
    repeat_with,
    successors,
    unfold,
)
from .stream import Stream

__all__ = [
    "END",
    "Sink",
    "Stream",
    "empty",
    "from_aiter",
    "from_fn",
    "iter",
    "once",
    "once_future",
    "pending",
    "poll_fn",
    "repeat",
    "repeat_with",
    "stream",
    "successors",
    "unfold",
]
