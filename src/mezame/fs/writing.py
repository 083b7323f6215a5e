"""Writing: the futures that put bytes into a lane. They are done when the bytes are queued, not when they are there."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed, refund
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from .lane import Lane


class Write(Future):
    """Queues some of ``data``; the value is how many bytes. Waits while the lane is full."""

    __slots__ = ("_data", "_done", "_lane", "_offset")

    def __init__(self, lane: Lane, data: Any) -> None:
        self._lane = lane
        self._data = data
        self._offset = 0
        self._done = False

    def poll(self, cx: Context) -> Any:
        self._check()
        if not poll_proceed(cx):
            return PENDING
        try:
            size = self._lane.take_in(self, self._data, 0, cx)
        except BaseException:
            self._finish()
            raise
        if size < 0:
            refund()
            return PENDING
        self._finish()
        return make_ready(size)

    def _check(self) -> None:
        if self._done:
            raise RuntimeError(f"{self!r} was polled after it completed or was closed: call the method again")

    def _finish(self) -> None:
        self._done = True
        self._data = b""

    def close(self) -> None:
        self._finish()
        self._lane.leave(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} to the file {self._lane.descriptor.name!r}>"


class WriteAll(Write):
    """Queues all of ``data``."""

    __slots__ = ()

    def poll(self, cx: Context) -> Any:
        self._check()
        data, lane = self._data, self._lane
        while self._offset < len(data):
            if not poll_proceed(cx):
                return PENDING
            try:
                size = lane.take_in(self, data, self._offset, cx)
            except BaseException:
                self._finish()
                raise
            if size < 0:
                refund()
                return PENDING
            self._offset += size
        self._finish()
        return make_ready(None)
