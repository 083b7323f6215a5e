"""abortable: a future with a switch beside it."""

from __future__ import annotations

from typing import Any

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context
from ..core.poll import PENDING
from ..core.wrapper import Wrapper
from .unwind import Unwinding


class Aborted(Exception):
    """The future was aborted through its ``AbortHandle``."""


class AbortHandle:
    """The switch. From any thread; dropping it does nothing. Source: ``futures::future::AbortHandle``."""

    __slots__ = ("_aborted", "_waker")

    def __init__(self) -> None:
        self._aborted = False
        self._waker = AtomicWaker()

    def abort(self) -> None:
        """Has the future raise ``Aborted`` at its next poll, and wakes it. Idempotent."""
        self._aborted = True
        self._waker.wake()

    def is_aborted(self) -> bool:
        """True once ``abort`` was called, whether or not the future had completed."""
        return self._aborted

    def clone(self) -> AbortHandle:
        """A handle of the same future: this object, for it can be shared and kept."""
        return self


class Abortable(Wrapper):
    """The future of ``abortable``. The switch is looked at before each poll."""

    __slots__ = ("_handle", "_unwinding")

    def __init__(self, future: Any, handle: AbortHandle) -> None:
        super().__init__(future)
        self._handle = handle
        self._unwinding: Unwinding | None = None

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("an Abortable was polled after it completed: make a new one")
        if not self._handle._aborted:
            self._handle._waker.register(cx.waker)
        if self._handle._aborted or self._unwinding is not None:
            return self._abort(cx)
        return super().poll(cx)

    def _abort(self, cx: Context) -> Any:
        if self._unwinding is None:
            self._unwinding = Unwinding(self._future)
        if self._unwinding.poll(cx) is PENDING:
            return PENDING
        self._done = True
        raise Aborted("this future was aborted")

    def is_aborted(self) -> bool:
        """True once its handle was told to abort."""
        return self._handle.is_aborted()

    def close(self) -> None:
        self._handle._waker.take()
        super().close()


def abortable(future: Any) -> tuple[Abortable, AbortHandle]:
    """(future, handle): the same future, which raises ``Aborted`` once ``handle.abort()`` was called.

    A coroutine is cancelled and unwound first. (To end a *task* use ``Task.abort``.) Cancel safe as far as
    ``future`` is.

    >>> import mezame
    >>> async def main():
    ...     work, handle = mezame.future.abortable(mezame.pending())
    ...     handle.abort()
    ...     try:
    ...         await work
    ...     except mezame.future.Aborted as error:
    ...         return str(error)
    >>> mezame.run(main())
    'this future was aborted'

    Source of the semantics: ``futures::future::abortable``.
    """
    handle = AbortHandle()
    return Abortable(future, handle), handle
