"""remote_handle: a future that runs in one place and whose value arrives in another."""

from __future__ import annotations

import threading
from typing import Any

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, Poll
from ..core.wrapper import Wrapper
from .unwind import Unwinding


class RemoteDroppedError(RuntimeError):
    """The remote half went away before its future completed."""


class _Link:
    """What the halves share: an outcome on its way to the handle, a cancellation on its way to the remote."""

    __slots__ = ("cancelled", "lock", "outcome", "to_handle", "to_remote")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.outcome: tuple[Any, BaseException | None] | None = None
        self.cancelled = False
        self.to_handle = AtomicWaker()
        self.to_remote = AtomicWaker()

    def settle(self, value: Any, error: BaseException | None) -> None:
        """The first outcome counts."""
        with self.lock:
            if self.outcome is None:
                self.outcome = (value, error)
        self.to_handle.wake()


class Remote(Wrapper):
    """The half that runs: spawn it, or await it. Awaits to None; the value and the failure go to the handle."""

    __slots__ = ("_link", "_unwinding")

    def __init__(self, future: Any, link: _Link) -> None:
        super().__init__(future)
        self._link = link
        self._unwinding: Unwinding | None = None

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("a Remote was polled after it completed: make a new one")
        link = self._link
        link.to_remote.register(cx.waker)
        if link.cancelled and self._unwinding is None:
            self._unwinding = Unwinding(self._future)
        try:
            answer = self._future.poll(cx) if self._unwinding is None else self._unwinding.poll(cx)
        except (KeyboardInterrupt, SystemExit):
            self._done = True
            raise
        except Exception as error:
            self._done = True
            if link.cancelled:
                raise  # nobody listens at the other end: it is the failure of whoever runs this half
            link.settle(None, error)
            return Poll.Ready(None)
        if answer is PENDING:
            return PENDING
        self._done = True
        link.settle(answer.value, None)
        return Poll.Ready(None)

    def close(self) -> None:
        self._link.to_remote.take()
        super().close()

    def __del__(self) -> None:
        link = getattr(self, "_link", None)
        if link is not None and not self._done:
            link.settle(None, RemoteDroppedError("the remote half was dropped before its future completed"))


class RemoteHandle(Future):
    """The half that waits: awaits to the value, raises the failure, or ``RemoteDroppedError``.

    Dropping it cancels the remote, which unwinds; ``forget()`` lets that run on. Cancel safe.
    """

    __slots__ = ("_finished", "_link")

    def __init__(self, link: _Link) -> None:
        self._link = link
        self._finished = False

    def poll(self, cx: Context) -> Any:
        if self._finished:
            raise RuntimeError("a RemoteHandle was polled after it completed: it gives the value once")
        self._link.to_handle.register(cx.waker)
        outcome = self._link.outcome
        if outcome is None:
            return PENDING
        self._finished = True
        self.close()
        value, error = outcome
        if error is not None:
            raise error
        return Poll.Ready(value)

    def close(self) -> None:
        """Forgets the waker: what an await that is cancelled does. The remote runs on while the handle is held."""
        self._link.to_handle.take()

    def forget(self) -> None:
        """Lets the remote run on when this handle goes; its failure is then nobody's."""
        self._finished = True

    def __del__(self) -> None:
        if not self._finished:
            self._link.cancelled = True
            self._link.to_remote.wake()


def remote_handle(future: Any) -> tuple[Remote, RemoteHandle]:
    """(remote, handle): ``future`` runs where the remote is awaited or spawned, its value comes out of the handle.

    Args:
        future: a coroutine, or anything that ``into_future`` takes.

    The halves may be on different runtimes and threads.

    >>> import mezame
    >>> async def main():
    ...     remote, handle = mezame.future.remote_handle(mezame.ready(42))
    ...     mezame.spawn(remote)
    ...     return await handle
    >>> mezame.run(main())
    42

    Source of the semantics: ``futures::FutureExt::remote_handle``.
    """
    link = _Link()
    return Remote(future, link), RemoteHandle(link)
