"""What the tests of byte I/O share: streams that do as they are told, and that record what was done to them."""

from __future__ import annotations

from typing import Any

from mezame import Poll
from mezame.io import AsyncRead, AsyncWrite

PEND = object()  # in a script: Pending once, and the wake comes at once


class Script(AsyncRead):
    """A reader that gives the chunks of a script one by one: bytes, PEND, or an exception to raise. Then the end."""

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.asked: list[int] = []
        self.closes = 0

    def poll_read(self, cx, buf):
        self.asked.append(buf.remaining())
        if not self.steps:
            return Poll.Ready(None)
        step = self.steps.pop(0)
        if step is PEND:
            cx.waker.wake()
            return Poll.Pending
        if isinstance(step, BaseException):
            raise step
        part = step[: buf.remaining()]
        if len(part) < len(step):
            self.steps.insert(0, step[len(part) :])
        buf.put_slice(part)
        return Poll.Ready(None)

    def close(self):
        self.closes += 1


class Recorder(AsyncWrite):
    """A writer that keeps what it gets, and the order of the calls. ``script``: how many bytes the next writes take
    (PEND: Pending once; an exception: raises); after it, all."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.data = bytearray()
        self.calls: list[Any] = []
        self.closes = 0

    def poll_write(self, cx, data):
        most = self.script.pop(0) if self.script else len(data)
        if most is PEND:
            cx.waker.wake()
            return Poll.Pending
        if isinstance(most, BaseException):
            raise most
        part = bytes(data[:most])
        self.data += part
        self.calls.append(part)
        return Poll.Ready(len(part))

    def poll_flush(self, cx):
        self.calls.append("flush")
        return Poll.Ready(None)

    def poll_shutdown(self, cx):
        self.calls.append("shutdown")
        return Poll.Ready(None)

    def close(self):
        self.closes += 1


class Both(Script, Recorder):
    """A ``Script`` to read, a ``Recorder`` to write."""

    def __init__(self, *steps: Any) -> None:
        Script.__init__(self, *steps)
        Recorder.__init__(self)
        self.steps = list(steps)


def cut(data: bytes, sizes: list[int]) -> list[Any]:
    """``data`` in chunks of these sizes (0: a PEND), the rest as the last."""
    steps: list[Any] = []
    at = 0
    for size in sizes:
        if size == 0:
            steps.append(PEND)
        elif at < len(data):
            steps.append(data[at : at + size])
            at += size
    if at < len(data):
        steps.append(data[at:])
    return steps
