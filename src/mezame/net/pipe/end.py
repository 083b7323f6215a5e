"""End: what both ends of a pipe have in common: a descriptor, registered with a driver, owned."""

from __future__ import annotations

import os
import sys
from typing import Any, ClassVar

from ...core.future import Future
from ...driver.io_op import ReadyOp
from ...driver.readiness import READ, WRITE, Source
from ..register import register
from .descriptor import Descriptor, check_pipe, number_of
from .polled import Polled


class End:
    """One end of a pipe. Close it with ``close()`` or ``async with``; dropping the last reference closes it too."""

    __slots__ = ("__weakref__", "_descriptor", "_polled", "_source")

    _descriptor: Descriptor
    _source: Source
    _polled: Polled
    _ACCESS: ClassVar[int]
    _call: Any

    def _adopt(self, number: int) -> None:
        """Takes over descriptor ``number``. Raises, and leaves it as it is, without a runtime."""
        descriptor = Descriptor(number)
        try:
            self._source = register(descriptor)  # type: ignore[arg-type]
        except BaseException:
            descriptor.take()
            raise
        self._descriptor = descriptor
        mask = READ if self._ACCESS == os.O_RDONLY else WRITE
        self._polled = Polled(self._source, descriptor, mask, type(self)._call)

    @classmethod
    def from_fd(cls, fd: Any, *, unchecked: bool = False) -> Any:
        """Takes over a descriptor: it is made non-blocking, and closed with this object.

        Args:
            fd: the number, or an object with ``fileno()``, whose descriptor is duplicated and which stays open.
            unchecked: do without the check that it is a pipe, and the right end of one.

        Raises ``ValueError`` if it is not (then it stays the caller's), ``TypeError`` for what is no descriptor,
        ``RuntimeError`` without a runtime.
        """
        what = f"{cls.__name__}.from_fd"
        number = number_of(fd, what)
        if not unchecked:
            check_pipe(number, cls._ACCESS, what)
        end = cls.__new__(cls)
        if isinstance(fd, int):
            end._adopt(number)
            return end
        number = os.dup(number)
        try:
            end._adopt(number)
        except BaseException:
            os.close(number)
            raise
        return end

    def into_fd(self, *, blocking: bool = True) -> int:
        """Gives the descriptor away: the caller has to close it. This object is closed for further use.

        Args:
            blocking: make it blocking again, as other programs and libraries want it.

        Raises ``OSError`` (EBADF) if it is closed.
        """
        if self.is_closed():
            raise OSError(9, f"this {type(self).__name__} was closed: it has no descriptor to give away")
        self._source.detach()
        self._polled.close()
        if blocking:
            self._descriptor.setblocking(True)
        return self._descriptor.take()

    def _ready(self) -> Future:
        return ReadyOp(self._source, READ if self._ACCESS == os.O_RDONLY else WRITE)

    def fileno(self) -> int:
        """The descriptor, -1 once closed."""
        return self._descriptor.fileno()

    @property
    def source(self) -> Source:
        """Its readiness, for tools."""
        return self._source

    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._source.is_closed

    def close(self) -> None:
        """Closes it. Operations that wait on it raise. Idempotent; from any thread."""
        self._source.close()
        self._polled.close()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self, _is_finalizing: Any = sys.is_finalizing) -> None:
        if hasattr(self, "_polled") and not _is_finalizing():
            self.close()

    def __repr__(self) -> str:
        if self.is_closed():
            return f"<{type(self).__name__} closed>"
        return f"<{type(self).__name__} {self._source!r}>"
