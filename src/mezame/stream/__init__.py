"""Streams and sinks: items that come, or go, one after the other (``tokio-stream``, ``futures::stream``).

A ``Stream`` is what ``async for`` iterates, with adapters as methods: ``stream(source).map(f).buffered(8)``. Make one
with ``iter``, ``from_aiter`` (of async generators), ``unfold``, or a wrapper of ``mezame.stream.wrappers``. A ``Sink``
takes items: ``await sink.send(item)``.
"""

from ..future.abortable import AbortHandle
from ..future.end import END
from . import wrappers
from .block_on import BlockingStream, block_on
from .chunks import Chunks, ReadyChunks
from .from_aiter import from_aiter
from .futures import FuturesOrdered, FuturesUnordered
from .into_stream import stream
from .iterable import iter
from .merge import PollNext, select, select_with_strategy
from .peekable import Peekable
from .poll_immediate import poll_immediate
from .select_all import SelectAll, select_all
from .sink import Sink
from .sinks import PollSender, drain, unfold_sink
from .sources import empty, from_fn, once, once_future, pending, poll_fn, repeat, repeat_with, successors, unfold
from .split import ReuniteError, SplitSink, SplitStream
from .stream import Stream
from .stream_map import StreamMap, StreamNotifyClose
from .timed import ChunksTimeout
from .until import AbortableStream, TakeUntil, abortable
from .zip import Zip

__all__ = [
    "END",
    "AbortHandle",
    "AbortableStream",
    "BlockingStream",
    "Chunks",
    "ChunksTimeout",
    "FuturesOrdered",
    "FuturesUnordered",
    "Peekable",
    "PollNext",
    "PollSender",
    "ReadyChunks",
    "ReuniteError",
    "SelectAll",
    "Sink",
    "SplitSink",
    "SplitStream",
    "Stream",
    "StreamMap",
    "StreamNotifyClose",
    "TakeUntil",
    "Zip",
    "abortable",
    "block_on",
    "drain",
    "empty",
    "from_aiter",
    "from_fn",
    "iter",
    "once",
    "once_future",
    "pending",
    "poll_fn",
    "poll_immediate",
    "repeat",
    "repeat_with",
    "select",
    "select_all",
    "select_with_strategy",
    "stream",
    "successors",
    "unfold",
    "unfold_sink",
    "wrappers",
]
