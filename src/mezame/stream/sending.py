"""The futures of a sink's methods: Feed, Send, Flush, Closing, SendAll."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..future.end import END

_NOTHING: Any = object()
_AFTER = "was polled after it completed: call it again"


class Feed(Future):
    """The future of ``Sink.feed``. ``_item`` is there until it was sent."""

    __slots__ = ("_item", "_sink")

    def __init__(self, sink: Any, item: Any) -> None:
        self._sink = sink
        self._item = item

    def poll(self, cx: Context) -> Any:
        if self._item is _NOTHING:
            raise RuntimeError(f"feed() {_AFTER}")
        if self._sink.poll_ready(cx) is PENDING:
            return PENDING
        item, self._item = self._item, _NOTHING
        self._sink.start_send(item)
        return make_ready(None)

    def close(self) -> None:
        self._item = _NOTHING


class Send(Future):
    """The future of ``Sink.send``: FEEDING until there was room, then FLUSHING."""

    __slots__ = ("_done", "_item", "_sink")

    def __init__(self, sink: Any, item: Any) -> None:
        self._sink = sink
        self._item = item
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError(f"send() {_AFTER}")
        if self._item is not _NOTHING:
            if self._sink.poll_ready(cx) is PENDING:
                return PENDING
            item, self._item = self._item, _NOTHING
            self._sink.start_send(item)
        if self._sink.poll_flush(cx) is PENDING:
            return PENDING
        self._done = True
        return make_ready(None)

    def close(self) -> None:
        self._done = True
        self._item = _NOTHING


class Flush(Future):
    """The future of ``Sink.flush``."""

    __slots__ = ("_done", "_sink")

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError(f"flush() {_AFTER}")
        answer = self._sink.poll_flush(cx)
        self._done = answer is not PENDING
        return answer


class Closing(Future):
    """The future of ``Sink.close``."""

    __slots__ = ("_done", "_sink")

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError(f"close() {_AFTER}")
        answer = self._sink.poll_close(cx)
        self._done = answer is not PENDING
        return answer


class SendAll(Future):
    """The future of ``Sink.send_all``. ``_item`` is an item that was taken from the stream and waits for room."""

    __slots__ = ("_done", "_ended", "_item", "_sink", "_stream")

    def __init__(self, sink: Any, stream: Any) -> None:
        from .into_stream import stream as to_stream

        self._sink = sink
        self._stream = to_stream(stream)
        self._item = _NOTHING
        self._ended = False
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError(f"send_all() {_AFTER}")
        while True:
            if self._item is not _NOTHING:
                if self._sink.poll_ready(cx) is PENDING:
                    return PENDING
                item, self._item = self._item, _NOTHING
                self._sink.start_send(item)
            if not self._ended:
                answer = self._stream.poll_next(cx)
                if answer is PENDING:
                    self._sink.poll_flush(cx)
                    return PENDING
                if answer.value is not END:
                    self._item = answer.value
                    continue
                self._ended = True
            if self._sink.poll_flush(cx) is PENDING:
                return PENDING
            self._done = True
            return make_ready(None)

    def close(self) -> None:
        self._done = True
        self._item = _NOTHING
