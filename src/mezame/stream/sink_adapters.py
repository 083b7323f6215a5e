"""Adapters in front of a sink: with_ and its kin, buffer, fanout, sink_map_err."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from ..future.end import END
from .adapter import count_of
from .callables import callable_for
from .into_stream import stream as to_stream
from .owned import Owned
from .sink import Sink
from .sinks import NOT_READY


class SinkAdapter(Sink):
    """Base: everything goes to ``_sink``."""

    __slots__ = ("_sink",)

    def __init__(self, sink: Any) -> None:
        self._sink = sink

    def poll_ready(self, cx: Context) -> Any:
        return self._sink.poll_ready(cx)

    def start_send(self, item: Any) -> None:
        self._sink.start_send(item)

    def poll_flush(self, cx: Context) -> Any:
        return self._sink.poll_flush(cx)

    def poll_close(self, cx: Context) -> Any:
        return self._sink.poll_close(cx)

    def into_inner(self) -> Any:
        """The sink behind it."""
        return self._sink

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in front of {self._sink!r}>"


class WithMap(SinkAdapter):
    """The sink of ``with_map``, ``with_filter``, ``with_filter_map``: what ``_function`` makes END of is left out."""

    __slots__ = ("_function", "_is_ready")

    def __init__(self, sink: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(sink)
        self._function = function
        self._is_ready = False

    def poll_ready(self, cx: Context) -> Any:
        answer = self._sink.poll_ready(cx)
        self._is_ready = answer is not PENDING
        return answer

    def start_send(self, item: Any) -> None:
        if not self._is_ready:
            raise RuntimeError(NOT_READY)
        item = self._function(item)
        if item is not END:
            self._is_ready = False
            self._sink.start_send(item)


class With(SinkAdapter):
    """The sink of ``with_``. ``_call`` is the call in progress, whose value goes to the sink, which has room for it."""

    __slots__ = ("_call", "_function", "_is_ready")

    def __init__(self, sink: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(sink)
        self._function = callable_for("with_", function)
        self._call = Owned()
        self._is_ready = False

    def _poll_call(self, cx: Context) -> Any:
        if self._call.future is not None:
            answer = self._call.poll(cx)
            if answer is PENDING:
                return PENDING
            self._sink.start_send(answer.value)
        return make_ready(None)

    def poll_ready(self, cx: Context) -> Any:
        if self._poll_call(cx) is PENDING:
            return PENDING
        answer = self._sink.poll_ready(cx)
        self._is_ready = answer is not PENDING
        return answer

    def start_send(self, item: Any) -> None:
        if not self._is_ready:
            raise RuntimeError(NOT_READY)
        self._is_ready = False
        self._call.start(self._function(item))

    def poll_flush(self, cx: Context) -> Any:
        return PENDING if self._poll_call(cx) is PENDING else self._sink.poll_flush(cx)

    def poll_close(self, cx: Context) -> Any:
        return PENDING if self._poll_call(cx) is PENDING else self._sink.poll_close(cx)


class WithFlatMap(SinkAdapter):
    """The sink of ``with_flat_map``. ``_stream``: what an item became; ``_item``: one of these that waits for room."""

    __slots__ = ("_function", "_is_ready", "_item", "_stream")

    def __init__(self, sink: Any, function: Callable[[Any], Any]) -> None:
        super().__init__(sink)
        self._function = callable_for("with_flat_map", function)
        self._stream: Any = None
        self._item: Any = END
        self._is_ready = False

    def _poll_stream(self, cx: Context) -> Any:
        while True:
            if self._item is not END:
                if self._sink.poll_ready(cx) is PENDING:
                    return PENDING
                item, self._item = self._item, END
                self._sink.start_send(item)
            if self._stream is None:
                return make_ready(None)
            answer = self._stream.poll_next(cx)
            if answer is PENDING:
                return PENDING
            self._item = answer.value
            if answer.value is END:
                self._stream = None

    def poll_ready(self, cx: Context) -> Any:
        answer = self._poll_stream(cx)
        self._is_ready = answer is not PENDING
        return answer

    def start_send(self, item: Any) -> None:
        if not self._is_ready:
            raise RuntimeError(NOT_READY)
        self._is_ready = False
        self._stream = to_stream(self._function(item))

    def poll_flush(self, cx: Context) -> Any:
        return PENDING if self._poll_stream(cx) is PENDING else self._sink.poll_flush(cx)

    def poll_close(self, cx: Context) -> Any:
        return PENDING if self._poll_stream(cx) is PENDING else self._sink.poll_close(cx)


class Buffer(SinkAdapter):
    """The sink of ``buffer``."""

    __slots__ = ("_capacity", "_is_ready", "_items")

    def __init__(self, sink: Any, capacity: int) -> None:
        super().__init__(sink)
        self._capacity = count_of("buffer", capacity)
        self._items: deque[Any] = deque()
        self._is_ready = False

    def _poll_empty(self, cx: Context) -> Any:
        while self._items:
            if self._sink.poll_ready(cx) is PENDING:
                return PENDING
            self._sink.start_send(self._items.popleft())
        return make_ready(None)

    def poll_ready(self, cx: Context) -> Any:
        if self._capacity == 0:
            return self._sink.poll_ready(cx)
        emptied = self._poll_empty(cx)
        self._is_ready = len(self._items) < self._capacity
        return make_ready(None) if self._is_ready else emptied

    def start_send(self, item: Any) -> None:
        if self._capacity == 0:
            self._sink.start_send(item)
            return
        if not self._is_ready:
            raise RuntimeError(NOT_READY)
        self._is_ready = False
        self._items.append(item)

    def poll_flush(self, cx: Context) -> Any:
        return PENDING if self._poll_empty(cx) is PENDING else self._sink.poll_flush(cx)

    def poll_close(self, cx: Context) -> Any:
        return PENDING if self._poll_empty(cx) is PENDING else self._sink.poll_close(cx)

    def __len__(self) -> int:
        """How many items wait in the buffer."""
        return len(self._items)

    def __bool__(self) -> bool:
        return True


class Fanout(Sink):
    """The sink of ``fanout``."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Any, second: Any) -> None:
        self._first = first
        self._second = second

    def poll_ready(self, cx: Context) -> Any:
        return _both(self._first.poll_ready(cx), self._second.poll_ready(cx))

    def start_send(self, item: Any) -> None:
        self._first.start_send(item)
        self._second.start_send(item)

    def poll_flush(self, cx: Context) -> Any:
        return _both(self._first.poll_flush(cx), self._second.poll_flush(cx))

    def poll_close(self, cx: Context) -> Any:
        return _both(self._first.poll_close(cx), self._second.poll_close(cx))

    def into_inner(self) -> tuple[Any, Any]:
        """The two sinks behind it."""
        return self._first, self._second


def _both(first: Any, second: Any) -> Any:
    return PENDING if first is PENDING or second is PENDING else make_ready(None)


class SinkMapErr(SinkAdapter):
    """The sink of ``sink_map_err``."""

    __slots__ = ("_function",)

    def __init__(self, sink: Any, function: Callable[[Exception], BaseException]) -> None:
        super().__init__(sink)
        self._function = callable_for("sink_map_err", function)

    def _call(self, method: Any, argument: Any) -> Any:
        try:
            return method(argument)
        except Exception as error:
            raise self._function(error) from error

    def poll_ready(self, cx: Context) -> Any:
        return self._call(self._sink.poll_ready, cx)

    def start_send(self, item: Any) -> None:
        self._call(self._sink.start_send, item)

    def poll_flush(self, cx: Context) -> Any:
        return self._call(self._sink.poll_flush, cx)

    def poll_close(self, cx: Context) -> Any:
        return self._call(self._sink.poll_close, cx)
