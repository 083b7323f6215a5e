"""Wrap: a future that is polled by one executor inside of another runtime's context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.context import Context
from ..core.wrapper import Wrapper

if TYPE_CHECKING:
    from .handle import Handle


class Wrap(Wrapper):
    """The future of ``Handle.wrap``. The context is entered around each poll and around the end, and left after it."""

    __slots__ = ("_handle",)

    def __init__(self, handle: Handle, future: Any) -> None:
        Wrapper.__init__(self, future)
        self._handle = handle

    def poll(self, cx: Context) -> Any:
        with self._handle.enter():
            return Wrapper.poll(self, cx)

    def close(self) -> None:
        with self._handle.enter():
            Wrapper.close(self)
