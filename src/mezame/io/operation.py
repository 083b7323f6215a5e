"""Operation: the future of one call on a byte stream; and what all of these calls check of their arguments."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING


class Operation(Future):
    """A future around ``poll_...`` of ``_io``: a subclass defines ``_step``, which is not called after it was Ready.

    There is nothing to unregister when it is dropped: the stream keeps the waker of the latest poll, and a late
    wake is harmless.
    """

    __slots__ = ("_done", "_io")

    def __init__(self, io: Any) -> None:
        self._start(io)

    def _start(self, io: Any) -> None:
        """What ``__init__`` does, for who makes one without the cost of a class call (a C call when compiled)."""
        self._io = io
        self._done = False

    def _step(self, cx: Context) -> Any:
        raise TypeError(f"{type(self).__name__} must define _step(cx)")

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError(f"{self!r} was polled after it completed or was closed: call the method again")
        self._done = True  # it stays so if _step raises
        answer = self._step(cx)
        if answer is PENDING:
            self._done = False
        return answer

    def close(self) -> None:
        self._done = True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self._io).__name__}>"


def byte_count(what: str, value: Any) -> int:
    """``value`` as a number of bytes. Raises ``TypeError`` or ``ValueError`` with it."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number of bytes, not {value!r}")
    if value < 0:
        raise ValueError(f"{what} must be a number of bytes from 0 on, not {value!r}")
    return value


def as_bytes(data: Any) -> Any:
    """``data`` in a form that can be sliced by bytes: ``bytes``, or a flat view. ``TypeError`` if it is no buffer."""
    if type(data) is bytes:
        return data
    if isinstance(data, str):
        raise TypeError(f"bytes are written to a stream, not str {data[:40]!r}: encode it first")
    view = memoryview(data)
    return view if view.format == "B" and view.ndim == 1 and view.contiguous else view.cast("B")


def one_byte(what: str, value: Any) -> bytes:
    """``value``, an int or one byte, as one byte."""
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value <= 255:
            return bytes((value,))
    elif isinstance(value, (bytes, bytearray)) and len(value) == 1:
        return bytes(value)
    raise ValueError(f"{what} must be one byte, such as b'\\n' or 10, not {value!r}")


def forward(inner: Any, name: str) -> Any:
    """Method ``name`` of what an adapter stands on. ``TypeError`` if that cannot do it."""
    method = getattr(inner, name, None)
    if method is None:
        raise TypeError(f"{type(inner).__name__} has no {name}(): the adapter around it cannot do more than it can")
    return method
