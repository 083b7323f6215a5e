"""PollSlot: the place of the ``poll_*`` methods of one direction of a socket.

An operation that is awaited is a future of its own and waits in the list of its ``Source`` by itself; any number may.
A ``poll_*`` method has no future that could wait: its waker stands here, one slot per direction of a socket, and the
waker of the latest poll replaces the one before (tokio's rule). The slot waits in the same list as the futures:

    poll, nothing there     the slot joins the list with cx.waker (or, being in it, changes the waker)
    event, or close         the source takes it out and wakes
    poll, something there   the slot is in no list: an event made the direction ready, and took it out

So a slot holds a waker only between a Pending and the event. It has no state of its own during an attempt: two threads
that poll at once by mistake disturb each other's waker, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.poll import PENDING, make_ready
from ..core.waitlist import Waiter
from .readiness import BLOCKED, PROVED, Source
from .sockets import recv, recv_into, send

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

# What an attempt is: a function's call, and its answer is what that returns; a read into a buffer, or a write of one,
# and it is the number of bytes; nothing at all; or a read of at most so many bytes, and it is those.
CALL, RECEIVE, SEND, LOOK, TAKE = 0, 1, 2, 3, 4
_CALL, _RECEIVE, _SEND, _TAKE, _PROVED = CALL, RECEIVE, SEND, TAKE, PROVED  # C integers here, when compiled


class PollSlot(Waiter):
    """One direction of ``source``: ``mask`` is its bits, READ or WRITE."""

    __slots__ = ("_mask", "_source")

    def __init__(self, source: Source, mask: int) -> None:
        self._start_waiter()
        self._source = source
        self._mask = mask

    def _poll_io(self, cx: Context, kind: int, what: Any) -> Any:
        """An attempt, or several, until it succeeds or there is nothing: the value, or BLOCKED for Pending."""
        cur = current()
        if not cur._take_budget(cx):
            return BLOCKED
        source = self._source
        mask = self._mask
        while True:
            tick = source._begin(mask)
            if tick >= 0:
                value = None
                drained = 0
                try:
                    value = _attempt(source.fd, kind, what)
                    if value is BLOCKED:
                        drained = mask
                    elif _is_short(kind, what, value):
                        drained = mask & _PROVED
                finally:
                    source._end(drained, tick)
                if value is not BLOCKED:
                    return value
                continue
            if source._park(self, mask, cx._get_waker()):
                cur._refund()
                if source._rearm or source.hooks is not None:
                    source._arm(mask, cx)
                return BLOCKED

    def poll_call(self, cx: Context, function: Callable[[], Any]) -> Any:
        """Polls ``function``, a non-blocking call on the descriptor: Ready with what it returns, raises what it raises.

        ``BlockingIOError`` from it is Pending, until the source is ready.
        """
        value = self._poll_io(cx, _CALL, function)
        return PENDING if value is BLOCKED else make_ready(value)

    def poll(self, cx: Context) -> Any:
        """Ready(None) when the direction looks ready."""
        return PENDING if self._poll_io(cx, LOOK, None) is BLOCKED else make_ready(None)

    def close(self) -> None:
        self._source._leave(self)


def _attempt(fd: int, kind: int, what: Any) -> Any:
    if kind == _RECEIVE:
        count = recv_into(fd, what, 0, len(what))
        return BLOCKED if count < 0 else count
    if kind == _SEND:
        count = send(fd, what, 0)
        return BLOCKED if count < 0 else count
    if kind == _TAKE:
        return recv(fd, what)
    if kind == _CALL:
        while True:
            try:
                return what()
            except BlockingIOError:
                return BLOCKED
            except InterruptedError:
                continue
    return None


def _is_short(kind: int, what: Any, value: Any) -> bool:
    """A read got less than it asked for, so the kernel's buffer is empty. Not the end: that stays readable for ever."""
    if kind == _TAKE:
        return 0 < len(cython.cast(bytes, value)) < what
    if kind == _RECEIVE:
        return 0 < value < len(what)
    return False
