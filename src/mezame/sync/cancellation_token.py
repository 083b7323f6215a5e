"""CancellationToken: one flag for many tasks, which goes up once and for ever; with children.

    root -- child -- grandchild          cancel() reaches all below, never what is above
         \\- child

A token refers to its parent strongly and to its children weakly: a child that nobody holds leaves no trace, and one
that has children of its own stays as long as these.

The race between a cancel and a new child: both are made under one lock, so the child is either among those that the
cancel reaches, or sees that its parent is cancelled and is born so.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

from ..core.chain import METHODS
from ..core.context import Context
from ..core.future import Future, close_coroutine, into_future, poll_fn
from ..core.poll import PENDING, Poll
from ..future.unwind import unwind
from .notify import Notified, Notify

_tree = threading.RLock()  # of all tokens; a finaliser may cancel one while we hold it


class CancellationToken:
    """A one-way flag that tasks wait for. All methods may be called from any thread.

    >>> import mezame
    >>> async def worker(token):
    ...     await token.cancelled()
    ...     return "stopped"
    >>> async def main():
    ...     token = mezame.sync.CancellationToken()
    ...     task = mezame.spawn(worker(token.child_token()))
    ...     token.cancel()
    ...     return await task
    >>> mezame.run(main())
    'stopped'

    Source of the semantics: ``tokio_util::sync::CancellationToken``.
    """

    __slots__ = ("__weakref__", "_cancelled", "_children", "_notify", "_parent")

    def __init__(self) -> None:
        self._cancelled = False
        self._notify = Notify()
        self._parent: CancellationToken | None = None
        self._children: dict[int, weakref.ref[CancellationToken]] = {}

    def cancel(self) -> None:
        """Cancels this token and all below it, for ever; wakes whoever waits for them. Idempotent."""
        reached: list[CancellationToken] = []
        with _tree:
            ahead = [self]
            while ahead:
                token = ahead.pop()
                if token._cancelled:
                    continue
                token._cancelled = True
                reached.append(token)
                children = [reference() for reference in list(token._children.values())]
                token._children.clear()
                ahead += [child for child in children if child is not None]
        for token in reached:
            token._parent = None  # nothing comes from there any more
            token._notify.notify_waiters()

    def is_cancelled(self) -> bool:
        """True once it was cancelled."""
        return self._cancelled

    def cancelled(self) -> Cancelled:
        """Waits until the token is cancelled; ready at once if it is. Cancel safe."""
        return Cancelled(self)

    def clone(self) -> CancellationToken:
        """The same token: this object, for it can be shared."""
        return self

    def child_token(self) -> CancellationToken:
        """A token that is cancelled with this one, and can be cancelled without it."""
        child = CancellationToken()
        with _tree:
            if self._cancelled:
                child._cancelled = True
            else:
                child._parent = self
                children = self._children
                key = id(child)
                children[key] = weakref.ref(child, lambda gone: _remove(children, key, gone))
        return child

    def drop_guard(self) -> DropGuard:
        """A context manager that cancels the token when its block is left, or when it is dropped."""
        return DropGuard(self)

    async def run_until_cancelled(self, future: Any) -> Any:
        """Awaits ``future`` unless the token is cancelled first: its value, or None.

        Args:
            future: a coroutine (owned: cancelled and unwound if the token comes first) or a Future (borrowed).

        Cancelled already: None, and the future is not polled. It is polled before the token is looked at, so that a
        value that is there wins. Cancel safe as far as ``future`` is.

        >>> import mezame
        >>> async def main():
        ...     token = mezame.sync.CancellationToken()
        ...     first = await token.run_until_cancelled(mezame.ready(1))
        ...     token.cancel()
        ...     return first, await token.run_until_cancelled(mezame.pending())
        >>> mezame.run(main())
        (1, None)
        """
        if self._cancelled:
            close_coroutine(future)
            return None
        inner = into_future(future)
        token = self.cancelled()

        def poll(cx: Context) -> Any:
            answer = inner.poll(cx)
            if answer is not PENDING:
                return answer
            return token.poll(cx)

        try:
            return await poll_fn(poll)
        finally:
            token.close()
            if inner is not future:
                await unwind(inner)

    def __repr__(self) -> str:
        return f"<CancellationToken {'cancelled' if self._cancelled else 'not cancelled'} at {id(self):#x}>"


def _remove(children: dict[int, Any], key: int, gone: Any) -> None:
    """A child was collected. Its key may be a newer child's by now."""
    with _tree:
        if children.get(key) is gone:
            del children[key]


class Cancelled(Future):
    """The future of ``CancellationToken.cancelled``."""

    __slots__ = ("_done", "_notified", "_token")

    def __init__(self, token: CancellationToken) -> None:
        self._token = token
        self._notified: Notified = token._notify.notified()  # before the flag is read: no cancel in between is missed
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("cancelled() was polled after it completed: call it again")
        if not self._token._cancelled and self._notified.poll(cx) is PENDING:
            return PENDING
        self._done = True
        self._notified.close()
        return Poll.Ready(None)

    def close(self) -> None:
        self._notified.close()


class DropGuard:
    """What ``drop_guard`` gives."""

    __slots__ = ("_token",)

    def __init__(self, token: CancellationToken) -> None:
        self._token: CancellationToken | None = token

    def disarm(self) -> CancellationToken:
        """Gives the token back: this guard does nothing any more. Raises ``RuntimeError`` if it was disarmed."""
        token, self._token = self._token, None
        if token is None:
            raise RuntimeError("this DropGuard was disarmed before")
        return token

    def token(self) -> CancellationToken:
        """The token. Raises ``RuntimeError`` after ``disarm``."""
        if self._token is None:
            raise RuntimeError("this DropGuard was disarmed: keep the token that disarm() returned")
        return self._token

    def __enter__(self) -> DropGuard:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self._token is not None:
            self._token.cancel()

    def __del__(self) -> None:
        token = getattr(self, "_token", None)
        if token is not None:
            token.cancel()


METHODS["with_cancellation_token"] = CancellationToken.run_until_cancelled
