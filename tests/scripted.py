"""What the tests of streams share: a stream that follows a script, and sinks that write down what is done to them."""

from __future__ import annotations

from typing import Any

import mezame
from mezame import Context, Poll
from mezame.stream import END, Sink, Stream

WAIT = type("Wait", (), {"__repr__": lambda self: "WAIT"})()  # Pending once, and woken at once
STALL = type("Stall", (), {"__repr__": lambda self: "STALL"})()  # Pending until the script is changed


class Script(Stream):
    """Answers what the script says: an item, WAIT, STALL, END, or an exception, which is raised. At its end: END.

    It counts its polls, and those after it said END; a drop is final.
    """

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.polls = 0
        self.given = 0
        self.after_end = 0
        self.drops = 0
        self.closes = 0
        self.waker: Any = None
        self.ended = False

    def poll_next(self, cx: Context) -> Any:
        self.polls += 1
        self.after_end += self.ended
        if not self.steps:
            self.ended = True
            return Poll.Ready(END)
        step = self.steps[0]
        if step is STALL:
            self.waker = cx.waker
            return Poll.Pending
        del self.steps[0]
        if step is WAIT:
            cx.waker.wake()
            return Poll.Pending
        if isinstance(step, Exception):
            raise step
        if step is END:
            self.ended = True
        else:
            self.given += 1
        return Poll.Ready(step)

    def go(self, *steps: Any) -> None:
        """Puts ``steps`` in the place of the STALL that it stands at, and wakes."""
        assert self.steps[0] is STALL
        self.steps[0:1] = steps
        waker, self.waker = self.waker, None
        if waker is not None:
            waker.wake()

    def drop(self) -> None:
        self.drops += 1
        self.steps.clear()
        self.waker = None

    async def aclose(self) -> None:
        self.closes += 1
        self.drop()


class Log(Sink):
    """A sink with room for ``room`` items between two flushes; writes down the calls. ``stalled``: no call is Ready."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.room = room
        self.free = room
        self.items: list[Any] = []  # taken, in order
        self.out: list[Any] = []  # flushed
        self.calls: list[str] = []
        self.stalled = False
        self.closed = False
        self.waker: Any = None
        self.ready = False
        self.fail: Exception | None = None

    def _stall(self, cx: Context) -> bool:
        if self.fail is not None:
            raise self.fail
        if self.stalled:
            self.waker = cx.waker
        return self.stalled

    def go(self) -> None:
        self.stalled = False
        waker, self.waker = self.waker, None
        if waker is not None:
            waker.wake()

    def poll_ready(self, cx: Context) -> Any:
        if self._stall(cx):
            return Poll.Pending
        if self.closed:
            raise RuntimeError("closed")
        if self.free == 0:
            self._flush()
        self.ready = True
        return Poll.Ready(None)

    def start_send(self, item: Any) -> None:
        if not self.ready:
            raise RuntimeError("start_send without poll_ready")
        self.ready = False
        self.free -= 1
        self.calls.append("send")
        self.items.append(item)

    def _flush(self) -> None:
        self.free = self.room
        self.out[:] = self.items

    def poll_flush(self, cx: Context) -> Any:
        if self._stall(cx):
            return Poll.Pending
        self.calls.append("flush")
        self._flush()
        return Poll.Ready(None)

    def poll_close(self, cx: Context) -> Any:
        if self._stall(cx):
            return Poll.Pending
        self.calls.append("close")
        self._flush()
        self.closed = True
        return Poll.Ready(None)


async def outcomes(stream: Any, limit: int = 10_000) -> list[Any]:
    """All that the stream gives until it ends; exceptions among the items."""
    got: list[Any] = []
    for _ in range(limit):
        try:
            item = await stream.next(END)
        except Exception as error:
            got.append(error)
            continue
        if item is END:
            return got
        got.append(item)
    raise AssertionError(f"no end after {limit} items")


def run(future: Any, **options: Any) -> Any:
    return mezame.run(future, **options)
