"""Signal: one listener to one signal."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from . import door, handlers
from .kind import SignalKind

_CLOSED = "this Signal was closed: make a new one with mezame.signal.signal(kind)"


class Cursor:
    """How far a listener has come. Apart from ``Signal``, so that whoever waits in a list does not keep that alive."""

    __slots__ = ("record", "seen")

    def __init__(self, record: handlers.Record) -> None:
        self.record: handlers.Record | None = record  # None: closed
        self.seen = record.count

    def has_news(self) -> bool:
        record = self.record
        return record is None or record.count != self.seen

    def take(self) -> None:
        record = self.record
        if record is None:
            raise RuntimeError(_CLOSED)
        self.seen = record.count

    def close(self) -> bool:
        """False: it was closed before."""
        record, self.record = self.record, None
        if record is None:
            return False
        handlers.unlisten(record)
        return True


class Signal:
    """A listener to one signal, from ``mezame.signal.signal``; also an async iterator.

    Several listeners to one signal each get it. Deliveries coalesce: any number of them before a ``recv`` gives one
    item; none is lost while nobody waits. As long as a signal has a listener, it has no other effect on the process;
    with the last one, closed or dropped, the handler that was before is back.

    Thread-safe; it may be made before there is a runtime, and waited on in any.

    Source of the semantics: ``tokio::signal::unix::Signal``.
    """

    __slots__ = ("__weakref__", "_cursor", "_kind", "_polled")

    def __init__(self, kind: Any) -> None:
        self._cursor: Cursor | None = None
        self._polled: Recv | None = None
        self._kind = kind if isinstance(kind, SignalKind) else SignalKind(kind)
        self._cursor = Cursor(handlers.listen(self._kind.as_raw_value()))

    @property
    def kind(self) -> SignalKind:
        """What it listens to."""
        return self._kind

    def recv(self) -> Recv:
        """Waits for the next delivery; awaits to the ``SignalKind``.

        Raises ``RuntimeError`` if this listener is closed, before or meanwhile, and without a runtime. Cancel safe.
        """
        return Recv(self._kind, self._cursor, self)

    def poll_recv(self, cx: Context) -> Any:
        """``recv`` for those who poll: ``Poll.Ready(kind)`` or Pending. The waker of the latest poll is woken."""
        recv, self._polled = self._polled or Recv(self._kind, self._cursor, None), None
        answer = recv.poll(cx)
        if answer is PENDING:
            self._polled = recv
        return answer

    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._cursor is None or self._cursor.record is None

    def close(self) -> None:
        """Listens no more; whoever waits raises. Idempotent; any thread.

        With the last listener the handler is restored: at once in the main thread, elsewhere when the next such signal
        comes, which the old handler then gets.
        """
        if self._cursor is not None and self._cursor.close():
            handlers.ring_all()

    def __enter__(self) -> Signal:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    async def __aenter__(self) -> Signal:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __aiter__(self) -> Signal:
        return self

    async def __anext__(self) -> SignalKind:
        try:
            return await self.recv()  # type: ignore[no-any-return]
        except RuntimeError:
            if self.is_closed():
                raise StopAsyncIteration from None
            raise

    def __del__(self) -> None:
        if self._cursor is not None:
            self._cursor.close()

    def __repr__(self) -> str:
        return f"<Signal {self._kind!r}{' closed' if self.is_closed() else ''}>"


class Recv(Future):
    """The future of ``Signal.recv``."""

    __slots__ = ("_cursor", "_done", "_keep", "_kind", "_wait")

    def __init__(self, kind: SignalKind, cursor: Any, keep: Any) -> None:
        self._kind = kind
        self._cursor: Cursor = cursor
        self._keep = keep  # the Signal, which must go on listening while somebody waits
        self._wait: Any = None
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("recv() was polled after it completed: call it again")
        cursor = self._cursor
        if not cursor.has_news():
            if self._wait is None:
                self._wait = door.here().wait(cursor.has_news)
            if self._wait.poll(cx) is PENDING:
                if cursor.has_news():  # somebody else emptied the socket; or the budget is at its end
                    cx.waker.wake()
                return PENDING
            self._wait = None
        elif not poll_proceed(cx):
            return PENDING
        self._done = True
        self.close()
        cursor.take()
        return make_ready(self._kind)

    def close(self) -> None:
        wait, self._wait = self._wait, None
        if wait is not None:
            wait.close()


def signal(kind: Any) -> Signal:
    """Listens to a signal from now on.

    Args:
        kind: a ``SignalKind``, a ``signal.Signals`` member, or a number.

    Returns a ``Signal``. The first listener to a signal installs its handler, which only the main thread can do:
    elsewhere ``RuntimeError``. Raises ``ValueError`` for SIGKILL, SIGSTOP, SIGILL, SIGFPE, SIGSEGV and unknown numbers.

    >>> import mezame, os, signal
    >>> async def main():
    ...     with mezame.signal.signal(signal.SIGTERM) as terminate:
    ...         os.kill(os.getpid(), signal.SIGTERM)
    ...         async for _ in terminate:
    ...             return "time to go"
    >>> mezame.run(main())
    'time to go'

    Source of the semantics: ``tokio::signal::unix::signal``.
    """
    return Signal(kind)
