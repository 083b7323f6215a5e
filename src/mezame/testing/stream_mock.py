"""StreamMock: a stream that plays a script of items and waits."""

from __future__ import annotations

from collections import deque
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from ..future.end import END
from ..stream.stream import Stream
from ..time.duration import to_ns
from ..time.sleep import sleep

__all__ = ["StreamMock", "StreamMockBuilder"]


class StreamMockBuilder:
    """Writes the script of a ``StreamMock``; ``build`` may be called again.

    >>> import mezame
    >>> from mezame.testing.stream_mock import StreamMockBuilder
    >>> async def main():
    ...     async with StreamMockBuilder().next(1).wait(3600).next(2).build() as numbers:
    ...         return [n async for n in numbers]
    >>> mezame.run(main(), start_paused=True)
    [1, 2]

    Source of the semantics: ``tokio_test::stream_mock::StreamMockBuilder``.
    """

    def __init__(self) -> None:
        self._actions: list[tuple[str, Any]] = []

    def next(self, item: Any) -> StreamMockBuilder:
        """The stream gives ``item``."""
        self._actions.append(("next", item))
        return self

    def wait(self, duration: Any) -> StreamMockBuilder:
        """The stream waits ``duration`` seconds of the runtime's clock, from the moment that this is reached."""
        self._actions.append(("wait", to_ns(duration, "wait") / 1e9))
        return self

    def build(self) -> StreamMock:
        """The stream. Behind its last line it is at its end."""
        return StreamMock(self._actions)


class StreamMock(Stream):
    """What ``StreamMockBuilder.build`` makes.

    ``drop()`` and the end of ``async with`` raise ``AssertionError`` if something of the script has not happened.

    Source of the semantics: ``tokio_test::stream_mock::StreamMock``.
    """

    __slots__ = ("_actions", "_sleep")

    def __init__(self, actions: list[tuple[str, Any]]) -> None:
        self._actions = deque(actions)
        self._sleep: Any = None

    def poll_next(self, cx: Context) -> Any:
        while self._actions:
            kind, value = self._actions[0]
            if kind == "wait":
                if self._sleep is None:
                    self._sleep = sleep(value)
                if self._sleep.poll(cx) is PENDING:
                    return PENDING
                self._sleep = None
            self._actions.popleft()
            if kind == "next":
                return make_ready(value)
        return make_ready(END)

    def size_hint(self) -> tuple[int, int | None]:
        count = sum(kind == "next" for kind, _ in self._actions)
        return count, count

    def drop(self) -> None:
        """Ends it. Raises ``AssertionError`` if something of the script has not happened. Idempotent."""
        __tracebackhide__ = True
        left = self._release()
        if left:
            raise AssertionError(f"{len(left)} lines of the script of a StreamMock did not happen: {left}")

    def _release(self) -> list[tuple[str, Any]]:
        left = list(self._actions)
        self._actions.clear()
        if self._sleep is not None:
            self._sleep.close()
            self._sleep = None
        return left

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        __tracebackhide__ = True
        if error is None:
            self.drop()
        else:
            self._release()  # the test has failed already

    def __del__(self) -> None:
        if getattr(self, "_actions", None):
            self.drop()
