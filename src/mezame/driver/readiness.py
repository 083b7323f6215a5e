"""Source and IoOp: per-socket readiness, and the futures that wait for it.

A ``Source`` is registered with the poller once, edge-triggered, for both directions; after that an operation
costs no registration call. What the poller said is kept here, as bits, until an operation proves it old:

    event         bits are set, the tick goes up, whoever waits for them is woken
    operation     tries at once if the bit is set (at first both are: optimistic)
    EAGAIN        clears the bit, but only if the tick is still the one seen before the call: an event that
                  came meanwhile is newer than our knowledge
    short read    clears it too: the kernel's buffer is empty, and new bytes make a new edge (but not an error bit)
    closed bits   stay: a closed direction never answers EAGAIN. If one does, the bit was not its own but came with an
                  event of a socket that had the descriptor's number before, still on its way when that was closed;
                  so EAGAIN clears it too, or the operation would try again for ever. ``clear`` does not: it is told
                  what somebody thinks, not what the kernel said

The race "found nothing / stored the waker" against an event of another thread:

    operation                                      driver
    --------------------------------------         -----------------------------------
    recv() -> EAGAIN                               lock; set the bit; tick += 1
    lock; clear the bit if the tick is the same    take the waiters; unlock; wake them
    bit set? -> unlock, try again
    else join the waiters; unlock; Pending

Closing, with other threads in the middle of an operation: ``_users`` counts the operations that are inside
a system call; the descriptor is closed by whoever comes last, so that its number cannot be given to another
socket under their hands. The poller forgets it before that: who closes counts as one of them until it has.
"""

from __future__ import annotations

import errno
from typing import Any

from ..core.context import Context
from ..core.current import Current, current, distance
from ..core.future import Future
from ..core.guard import Guard
from ..core.poll import PENDING, make_ready
from ..core.waitlist import Waiter, WaitList, make_place
from ..core.waker import Waker, wake_all
from ..errors import RuntimeClosedError

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

READABLE = 1
WRITABLE = 2
READ_CLOSED = 4
WRITE_CLOSED = 8
ERROR = 16
PRIORITY = 32  # out-of-band data; reported only to who asks for it in ``Source.interest``
READ = READABLE | READ_CLOSED | ERROR
WRITE = WRITABLE | WRITE_CLOSED | ERROR
READERS = READ | PRIORITY  # the bits that concern whoever stands in the list of readers
CLEARABLE = READABLE | WRITABLE | ERROR | PRIORITY
PROVED = READABLE | WRITABLE | PRIORITY  # by a short read or write; that there is no error, only EAGAIN proves
# C integers here, when compiled:
_WRITABLE, _WRITE, _READERS, _CLEARABLE, _PROVED = WRITABLE, WRITE, READERS, CLEARABLE, PROVED

BLOCKED = object()  # an attempt's answer: the kernel said EAGAIN
_BLOCKED = BLOCKED


class Source(Guard):
    """The readiness of one descriptor, and its waiters. Several may wait per direction.

    ``owner`` is the Python object that owns the descriptor (it has ``close``). ``interest`` is what the poller is asked
    to report, of READABLE, WRITABLE and PRIORITY; set it before the source is added.
    """

    __slots__ = (
        "_closed",
        "_given",
        "_poller",
        "_readers",
        "_ready",
        "_rearm",
        "_shutdown",
        "_tick",
        "_users",
        "_writers",
        "armed",
        "fd",
        "hooks",
        "interest",
        "owner",
    )

    def __init__(self, fd: int, owner: Any, poller: Any) -> None:
        self.fd = fd
        self.owner = owner
        self.hooks = None
        self.armed = 0
        self.interest = READABLE | WRITABLE
        self._poller = poller
        self._rearm = bool(poller.needs_rearm)
        self._ready = READABLE | WRITABLE  # optimistic: the first attempt asks the kernel
        self._tick = 0
        self._users = 0
        self._closed = False
        self._given = False  # detached: closed for us, and the descriptor stays open
        self._shutdown = False
        self._readers = WaitList()
        self._writers = WaitList()

    def set_ready(self, bits: int) -> None:
        """The driver saw these bits: keeps them and wakes whom they concern. Any thread."""
        self._lock()
        self._ready |= bits
        self._tick = (self._tick + 1) & 0x7FFFFFFF
        readers = self._readers._length if bits & _READERS else 0
        writers = self._writers._length if bits & _WRITE else 0
        if readers + writers > 1:
            self._unlock()
            self._wake_many(bits)
            return
        waiter = None
        waker = None
        if readers == 1:
            waiter = self._readers._pop()
        elif writers == 1:
            waiter = self._writers._pop()
        if waiter is not None:  # read here: once the guard is open, its close() may clear it in another thread
            waker = waiter._parked
            waiter._parked = None
        self._unlock()
        if waker is not None:
            waker.wake()

    def _wake_many(self, bits: int) -> None:
        """The uncommon case: several waiters. Who joined since ``set_ready`` looked is woken too, which is harmless."""
        wakers: list[Waker] = []
        self._lock()
        if bits & _READERS:
            self._readers._take_wakers(wakers)
        if bits & _WRITE:
            self._writers._take_wakers(wakers)
        self._unlock()
        wake_all(wakers)

    def _begin(self, mask: int) -> int:
        """Before an attempt: the tick if the direction looks ready, -1 if not. Raises if it is closed.

        After a tick the caller must call ``_end``.
        """
        self._lock()
        if self._closed or self._shutdown:
            shutdown = self._shutdown and not self._closed
            self._unlock()
            raise closed_error(shutdown)
        tick = -1
        if self._ready & mask:
            self._users += 1
            tick = self._tick
        self._unlock()
        return tick

    def _end(self, drained: int, tick: int) -> None:
        """After an attempt: ``drained`` are the bits it proved wrong. Closes the descriptor if it is last."""
        self._lock()
        if drained and tick == self._tick:
            self._ready &= ~drained
        self._users -= 1
        last = self._closed and not self._given and self._users == 0
        self._unlock()
        if last:
            self.owner.close()

    def attempt(self, mask: int, function: Any, args: tuple[Any, ...]) -> Any:
        """``function(*args)``, once: for the ``try_*`` methods. ``mask``: READ or WRITE.

        Raises ``BlockingIOError`` without a call if the direction is known not to be ready; if the call raises it,
        the direction counts as not ready until the next event.
        """
        tick = self._begin(mask)
        if tick < 0:
            raise BlockingIOError(errno.EAGAIN, "not ready: wait for readable() or writable(), then try again")
        drained = 0
        try:
            return function(*args)
        except BlockingIOError:
            drained = mask
            raise
        finally:
            self._end(drained, tick)

    def _park(self, place: Waiter, mask: int, waker: Waker) -> bool:
        """Puts ``place`` among the waiters. False: it became ready meanwhile, try again."""
        self._lock()
        if self._ready & mask or self._closed or self._shutdown:
            self._unlock()
            return False
        place._park_in(self._writers if mask & _WRITABLE else self._readers, waker)
        self._unlock()
        return True

    def _arm(self, mask: int, cx: Context) -> None:
        """After parking, where it matters: level-triggered pollers, and hooks."""
        if self._rearm:
            self._poller.rearm(self, mask & CLEARABLE)
        if self.hooks is not None:
            self.hooks.on_register(current().task, self, "write" if mask & WRITABLE else "read")

    def _leave(self, place: Waiter) -> None:
        """Whose ``place`` it is waits no more."""
        self._lock()
        owner = place._owner
        if owner is not None:
            owner._remove(place)
        parked = place._parked
        place._parked = None
        self._unlock()
        del parked

    def look(self) -> tuple[int, int]:
        """(bits, tick) of this moment, for ``clear``. Raises if it is closed."""
        self._lock()
        closed, shutdown, bits, tick = self._closed, self._shutdown, self._ready, self._tick
        self._unlock()
        if closed or shutdown:
            raise closed_error(shutdown and not closed)
        return bits, tick

    def clear(self, bits: int, tick: int) -> None:
        """Clears ``bits`` (closed bits stay), if no event came since ``tick``: those would be newer."""
        self._lock()
        if tick == self._tick:
            self._ready &= ~(bits & _CLEARABLE)
        self._unlock()

    def hold(self) -> None:
        """Before a call on the descriptor that is not ours: until ``release`` it stays open. Raises if it is closed."""
        self._lock()
        closed, shutdown = self._closed, self._shutdown
        if not (closed or shutdown):
            self._users += 1
        self._unlock()
        if closed or shutdown:
            raise closed_error(shutdown and not closed)

    def release(self) -> None:
        """After ``hold``: closes the descriptor if it was closed meanwhile and nobody else is at it."""
        self._end(0, 0)

    def forget_readiness(self) -> None:
        """Before registration: nothing is known to be ready (a socket that is still connecting)."""
        self._ready = 0

    @property
    def readiness(self) -> int:
        """The bits known now (for tests and for people)."""
        return self._ready

    @property
    def is_closed(self) -> bool:
        """True after ``close``."""
        return self._closed

    def waiting(self) -> tuple[int, int]:
        """How many futures wait to read and to write."""
        return (self._readers._length, self._writers._length)

    def close(self) -> None:
        """Deregisters, wakes every waiter (they raise), then closes the descriptor. Idempotent. Any thread."""
        wakers: list[Waker] = []
        self._lock()
        first = not self._closed
        self._closed = True
        if first:
            self._users += 1  # until the poller has forgotten it: then its number may go to another
        self._readers._take_wakers(wakers)
        self._writers._take_wakers(wakers)
        self._unlock()
        if first:
            self._poller.remove(self)
            self._end(0, 0)
        wake_all(wakers)

    def detach(self) -> Any:
        """Deregisters and gives the descriptor's owner away, open. Waiters are woken and raise."""
        wakers: list[Waker] = []
        self._lock()
        first = not self._closed
        if first:
            self._given = True
        self._closed = True
        self._readers._take_wakers(wakers)
        self._writers._take_wakers(wakers)
        self._unlock()
        if first:
            self._poller.remove(self)
        wake_all(wakers)
        return self.owner

    def shutdown(self) -> None:
        """The driver goes: every waiter, and every later operation, raises ``RuntimeClosedError``."""
        wakers: list[Waker] = []
        self._lock()
        self._shutdown = True
        self._readers._take_wakers(wakers)
        self._writers._take_wakers(wakers)
        self._unlock()
        wake_all(wakers)

    def __repr__(self) -> str:
        names = ("readable", "writable", "read-closed", "write-closed", "error", "priority")
        bits = "|".join(name for bit, name in enumerate(names) if self._ready >> bit & 1)
        return f"<Source fd={self.fd} {bits or 'not ready'}{' closed' if self._closed else ''}>"


def closed_error(shutdown: bool) -> Exception:
    """What an operation on a closed source raises."""
    if shutdown:
        return RuntimeClosedError("the runtime of this socket was closed: its I/O driver is gone")
    return OSError(9, "the socket was closed")


class IoOp(Future):
    """One I/O operation as a future: attempts while the source looks ready, else waits for readiness.

    It has a ``_place`` as soon as it had to wait, and takes it out of the source's list when it is closed or dropped.

    A subclass defines ``_attempt``, which returns its value, or ``BLOCKED``; it may set ``_drained`` to say
    that it emptied (filled) the kernel's buffer.
    """

    __slots__ = ("_count", "_data", "_done", "_drained", "_keep", "_length", "_mask", "_offset", "_place", "_source")

    def __init__(self, source: Source, mask: int) -> None:
        self._start_op(source, mask)

    def _start_op(self, source: Source, mask: int) -> None:
        """What ``__init__`` does, for subclasses (a C call when compiled)."""
        self._source = source
        self._mask = mask
        self._drained = False
        self._done = False
        if not cython.compiled:
            self._place = None
            self._keep = None  # what must stay alive meanwhile: the stream
            self._data = None

    def _attempt(self) -> Any:
        """One system call. Returns the operation's value or ``BLOCKED``; raises ``OSError``."""
        raise TypeError(f"{type(self).__name__} must define _attempt()")

    def poll(self, cx: Context) -> Any:
        value = self._go(cx, current())
        return PENDING if value is _BLOCKED else make_ready(value)

    def _go(self, cx: Context, cur: Current) -> Any:
        """``poll`` without the wrapping: the value, or BLOCKED for Pending."""
        if self._done:
            raise RuntimeError("this I/O operation was polled after it completed: start a new one")
        if not cur._take_budget(cx):
            return _BLOCKED
        source = self._source
        mask = self._mask
        while True:
            tick = source._begin(mask)
            if tick >= 0:
                self._drained = True
                try:
                    value = self._attempt()
                except BaseException:
                    source._end(0, tick)  # it failed, it did not find the buffer empty
                    raise
                source._end((mask if value is _BLOCKED else mask & _PROVED) if self._drained else 0, tick)
                if value is not _BLOCKED:
                    self._done = True
                    if self._place is not None and self._place._owner is not None:
                        source._leave(self._place)
                    return value
                continue
            if self._place is None:
                self._place = make_place(0)
            if source._park(self._place, mask, cx._get_waker()):
                cur._refund()
                if source._rearm or source.hooks is not None:
                    source._arm(mask, cx)
                return _BLOCKED

    def close(self) -> None:
        if self._place is not None:
            self._source._leave(self._place)

    def __dealloc__(self) -> None:
        """Dropped. (A cycle that is collected may have cleared the place already; nobody waits with it then.)"""
        if self._place is not None and self._place._owner is not None:
            self._source._leave(self._place)


if not cython.compiled:
    IoOp.__del__ = IoOp.__dealloc__  # type: ignore[attr-defined]


def io_next(raw: Any) -> Any:
    """``poll`` and what ``Future.__next__`` makes of it, in one: every await of a hot operation comes through here."""
    found = here()  # type: ignore  # noqa: F821 - C, from the .pxd
    if found is cython.NULL or cython.cast(Current, found).context is None:
        return await_next(raw)  # type: ignore  # noqa: F821
    value = cython.cast(IoOp, raw)._go(cython.cast(Current, found).context, cython.cast(Current, found))
    if value is _BLOCKED:
        return new_reference(PENDING)  # type: ignore  # noqa: F821
    return stop_iteration(value)  # type: ignore  # noqa: F821


if cython.compiled:
    use_distance(distance())  # type: ignore  # noqa: F821


class ReadyOp(IoOp):
    """Waits until a direction looks ready; attempts nothing. The future of ``readable``/``writable``."""

    __slots__ = ()

    def _attempt(self) -> Any:
        self._drained = False
        return None
