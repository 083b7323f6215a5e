"""Polled: the operation behind ``poll_read`` or ``poll_write`` of a descriptor.

    target given --attempt--> done
         |            |
         |            +--blocked--> the operation stays among the waiters of the source, with the latest waker
         +--- the next poll goes on with it, and with the target of that poll

It knows the descriptor, not the stream: what waits in the driver must not keep the stream alive, because dropping that
closes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.context import Context
from ...core.poll import PENDING
from ...driver.readiness import Source
from ..operations import CallOp
from .descriptor import Descriptor


class Polled:
    """One direction of one descriptor."""

    __slots__ = ("_call", "_descriptor", "_mask", "_pending", "_source", "_target")

    def __init__(self, source: Source, descriptor: Descriptor, mask: int, call: Callable[[int, Any], Any]) -> None:
        self._source = source
        self._descriptor = descriptor
        self._mask = mask
        self._call = call
        self._pending: CallOp | None = None
        self._target: Any = None

    def poll(self, cx: Context, target: Any) -> Any:
        """``call(descriptor, target)``, as soon as it does not block."""
        operation, self._pending = self._pending, None
        if operation is None:
            operation = CallOp(None, self._source, self._mask, self._attempt, ())
        self._target = target
        try:
            answer = operation.poll(cx)
        finally:
            self._target = None
        if answer is PENDING:
            self._pending = operation
        return answer

    def _attempt(self) -> Any:
        return self._call(self._descriptor.fileno(), self._target)

    def close(self) -> None:
        """Waits no more."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.close()
