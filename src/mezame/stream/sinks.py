"""Sinks: PollSender (into a channel), drain (away), unfold_sink (into an async function)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..sync.errors import SendError
from .callables import callable_for
from .owned import Owned
from .sink import Sink

NOT_READY = "start_send was called with no room: poll_ready must answer Ready before each"


class Drain(Sink):
    """The sink of ``drain``."""

    __slots__ = ("_is_closed", "_is_ready")

    def __init__(self) -> None:
        self._is_ready = self._is_closed = False

    def poll_ready(self, cx: Context) -> Any:
        if self._is_closed:
            raise RuntimeError("this sink was closed: nothing can be sent")
        self._is_ready = True
        return make_ready(None)

    def start_send(self, item: Any) -> None:
        if not self._is_ready:
            raise RuntimeError(NOT_READY)
        self._is_ready = False

    def poll_flush(self, cx: Context) -> Any:
        return make_ready(None)

    def poll_close(self, cx: Context) -> Any:
        self._is_closed = True
        self._is_ready = False
        return make_ready(None)


def drain() -> Drain:
    """A sink that throws away what is sent into it.

    >>> import mezame
    >>> mezame.run(mezame.stream.iter(range(3)).forward(mezame.stream.drain()))

    Source of the semantics: ``futures::sink::drain``.
    """
    return Drain()


class UnfoldSink(Sink):
    """The sink of ``unfold_sink``. ``_call`` is the call in progress; there is no room until it has ended."""

    __slots__ = ("_call", "_function", "_is_ready", "_state")

    def __init__(self, state: Any, function: Callable[[Any, Any], Any]) -> None:
        self._state = state
        self._function: Any = callable_for("unfold_sink", function)
        self._is_ready = False
        self._call = Owned()

    def poll_ready(self, cx: Context) -> Any:
        if self.poll_flush(cx) is PENDING:
            return PENDING
        if self._function is None:
            raise RuntimeError("this sink was closed, or its function has failed: nothing can be sent")
        self._is_ready = True
        return make_ready(None)

    def start_send(self, item: Any) -> None:
        if not self._is_ready:
            raise RuntimeError(NOT_READY)
        self._is_ready = False
        state, self._state = self._state, None
        self._call.start(self._function(state, item))

    def poll_flush(self, cx: Context) -> Any:
        if self._call.future is not None:
            try:
                answer = self._call.poll(cx)
            except BaseException:
                self._function = None
                raise
            if answer is PENDING:
                return PENDING
            self._state = answer.value
        return make_ready(None)

    def poll_close(self, cx: Context) -> Any:
        if self.poll_flush(cx) is PENDING:
            return PENDING
        self._function = None
        self._is_ready = False
        return make_ready(None)


def unfold_sink(state: Any, function: Callable[[Any, Any], Any]) -> UnfoldSink:
    """A sink out of a state and an async function: ``await function(state, item)`` takes it, gives the next state.

    The next item is taken when the call for the one before has ended. A failure breaks the sink.

    >>> import mezame
    >>> async def add(total, n):
    ...     print(total + n)
    ...     return total + n
    >>> mezame.run(mezame.stream.iter([1, 2, 3]).forward(mezame.stream.unfold_sink(0, add)))
    1
    3
    6

    Source of the semantics: ``futures::sink::unfold``.
    """
    return UnfoldSink(state, function)


class PollSender(Sink):
    """The sending end of a channel as a sink: ``poll_ready`` reserves a slot, ``start_send`` fills it.

    Args:
        sender: an ``mpsc.Sender``; or another sender, whose ``send(item)`` may give a future (it is the flush then).

    ``close()`` closes this sender. Raises ``SendError`` when the receiver is gone. Cancelled, a send that had no room
    sends nothing.

    >>> import mezame
    >>> async def main():
    ...     tx, rx = mezame.sync.mpsc.channel(4)
    ...     await mezame.stream.iter("abc").forward(mezame.stream.PollSender(tx))
    ...     return await rx.recv_many(4)
    >>> mezame.run(main())
    ['a', 'b', 'c']

    Source of the semantics: ``tokio_util::sync::PollSender``.
    """

    __slots__ = ("_permit", "_sender", "_wait")

    def __init__(self, sender: Any) -> None:
        if not hasattr(sender, "send"):
            raise TypeError(f"PollSender needs a channel's sender, not {sender!r}")
        self._sender = sender
        self._wait = Owned()  # for a slot, or for a send to end
        self._permit: Any = None

    def poll_ready(self, cx: Context) -> Any:
        if self._permit is not None:
            return make_ready(None)
        sender = self._sender
        if sender is None:
            raise SendError(None, "this sender was closed")
        reserve = getattr(sender, "reserve_owned", None)
        if reserve is None:
            if self.poll_flush(cx) is PENDING:
                return PENDING
            if self.is_closed():
                raise SendError(None)
            self._permit = sender
            return make_ready(None)
        if self._wait.future is None:
            self._wait.start(reserve())
        answer = self._wait.poll(cx)
        if answer is PENDING:
            return PENDING
        self._permit = answer.value
        return make_ready(None)

    def poll_reserve(self, cx: Context) -> Any:
        """``poll_ready`` under its name in tokio-util."""
        return self.poll_ready(cx)

    def start_send(self, item: Any) -> None:
        permit, self._permit = self._permit, None
        if permit is None:
            raise RuntimeError(NOT_READY)
        sent = permit.send(item)
        if permit is self._sender and isinstance(sent, Future):
            self._wait.start(sent)

    def send_item(self, item: Any) -> None:
        """``start_send`` under its name in tokio-util."""
        self.start_send(item)

    def poll_flush(self, cx: Context) -> Any:
        if self._wait.future is None or hasattr(self._sender, "reserve_owned"):
            return make_ready(None)
        return self._wait.poll(cx)

    def poll_close(self, cx: Context) -> Any:
        if self.poll_flush(cx) is PENDING:
            return PENDING
        self.abort_send()
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()
        return make_ready(None)

    def abort_send(self) -> bool:
        """Gives back the slot that was reserved, or the place in the queue for one. False if there was neither."""
        permit, self._permit = self._permit, None
        had = permit is not None or self._wait.future is not None
        self._wait.drop()
        if permit is not None and permit is not self._sender:
            permit.release()
        return had

    def is_closed(self) -> bool:
        """True if this sender was closed, or the receiver is gone."""
        ask = getattr(self._sender, "is_closed", None)
        return self._sender is None or (ask is not None and bool(ask()))

    def get_ref(self) -> Any:
        """The sender; None once this was closed."""
        return self._sender
