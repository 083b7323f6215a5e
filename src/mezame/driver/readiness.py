"""Source: what is known of the readiness of a descriptor, and who waits for it. What waits: ``io_op.py``.

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

Who waits: the first operation of a direction stands in the source itself, in the *seat* of that direction: its address
and its waker are kept, no object is made and no list touched, for hardly ever is there a second. Who finds the seat
taken has a place in the list of the direction (``core/waitlist.py``), and so have the ``poll_*`` methods
(``poll_slot.py``). An event wakes all of them, so it does not matter who came first.

    seat    0, or the address of an operation that is alive: it leaves when it is closed, dropped, or complete; the
            waker beside it is there exactly while it is not 0; under the guard

Closing, with other threads in the middle of an operation: ``_users`` counts the operations that are inside
a system call; the descriptor is closed by whoever comes last, so that its number cannot be given to another
socket under their hands. The poller forgets it before that: who closes counts as one of them until it has.
"""

from __future__ import annotations

import errno
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.guard import Guard
from ..core.waitlist import Waiter, WaitList
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
_WRITABLE, _WRITE, _READERS, _CLEARABLE = WRITABLE, WRITE, READERS, CLEARABLE

BLOCKED = object()  # an attempt's answer: the kernel said EAGAIN


class Source(Guard):
    """The readiness of one descriptor, and its waiters. Several may wait per direction.

    ``owner`` is the Python object that owns the descriptor (it has ``close``). ``interest`` is what the poller is asked
    to report, of READABLE, WRITABLE and PRIORITY; set it before the source is added.
    """

    __slots__ = (
        "_closed",
        "_given",
        "_poller",
        "_read_seat",
        "_read_waker",
        "_readers",
        "_ready",
        "_rearm",
        "_shutdown",
        "_tick",
        "_users",
        "_write_seat",
        "_write_waker",
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
        self._read_seat = 0
        self._read_waker = None
        self._write_seat = 0
        self._write_waker = None
        self._readers = WaitList()
        self._writers = WaitList()

    @cython.nonecheck(False)
    def set_ready(self, bits: int) -> None:
        """The driver saw these bits: keeps them and wakes whom they concern. Any thread."""
        reader = None
        writer = None
        listed = 0
        self._lock()
        self._ready = self._ready | bits
        self._tick = (self._tick + 1) & 0x7FFFFFFF
        # Read here: once the guard is open, a close may clear them in another thread.
        if bits & _READERS:
            listed = self._readers._length
            if self._read_seat != 0:
                reader = self._read_waker
                self._read_seat = 0
                self._read_waker = None
        if bits & _WRITE:
            listed += self._writers._length
            if self._write_seat != 0:
                writer = self._write_waker
                self._write_seat = 0
                self._write_waker = None
        self._unlock()
        if reader is not None:
            reader.wake()
        if writer is not None:
            writer.wake()
        if listed > 0:
            self._wake_listed(bits)

    def _wake_listed(self, bits: int) -> None:
        """Who has a place in the lists. Who joined since ``set_ready`` looked is woken too, which is harmless."""
        wakers: list[Waker] = []
        self._lock()
        if bits & _READERS:
            self._readers._take_wakers(wakers)
        if bits & _WRITE:
            self._writers._take_wakers(wakers)
        self._unlock()
        wake_all(wakers)

    def _take_all(self, wakers: list[Waker]) -> None:
        """Under the guard: the wakers of all who wait, seated or listed."""
        if self._read_seat != 0:
            wakers.append(self._read_waker)
            self._read_seat = 0
            self._read_waker = None
        if self._write_seat != 0:
            wakers.append(self._write_waker)
            self._write_seat = 0
            self._write_waker = None
        self._readers._take_wakers(wakers)
        self._writers._take_wakers(wakers)

    @cython.nonecheck(False)
    def _begin(self, mask: int) -> int:
        """Before an attempt: the tick if the direction looks ready, -1 if not. Raises if it is closed.

        After a tick the caller must call ``_end``.
        """
        self._lock()
        if self._closed or self._shutdown:
            shutdown = self._shutdown and not self._closed
            self._unlock()
            raise closed_error(shutdown, self.owner)
        tick = -1
        if self._ready & mask:
            self._users = self._users + 1
            tick = self._tick
        self._unlock()
        return tick

    @cython.nonecheck(False)
    def _end(self, drained: int, tick: int) -> None:
        """After an attempt: ``drained`` are the bits it proved wrong. Closes the descriptor if it is last."""
        self._lock()
        if drained and tick == self._tick:
            self._ready = self._ready & ~drained
        self._users = self._users - 1
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

    @cython.nonecheck(False)
    def _sit(self, who: int, mask: int, waker: Waker) -> int:
        """Gives the operation with the address ``who`` the seat of its direction, or, if it has it, another waker.

        1: done. 0: it became ready meanwhile, try again. -1: somebody else sits there.
        """
        before = None  # dropped after the unlock: that may run code
        answer = -1
        self._lock()
        if self._ready & mask or self._closed or self._shutdown:
            answer = 0
        elif mask & _WRITABLE:
            if self._write_seat == 0 or self._write_seat == who:
                before = self._write_waker
                self._write_seat = who
                self._write_waker = waker
                answer = 1
        elif self._read_seat == 0 or self._read_seat == who:
            before = self._read_waker
            self._read_seat = who
            self._read_waker = waker
            answer = 1
        self._unlock()
        del before
        return answer

    @cython.nonecheck(False)
    def _stand_up(self, who: int) -> None:
        """The operation with the address ``who`` waits no more; nothing if it had no seat."""
        waker = None
        self._lock()
        if self._read_seat == who:
            waker = self._read_waker
            self._read_seat = 0
            self._read_waker = None
        elif self._write_seat == who:
            waker = self._write_waker
            self._write_seat = 0
            self._write_waker = None
        self._unlock()
        del waker

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
            raise closed_error(shutdown and not closed, self.owner)
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
            self._users = self._users + 1
        self._unlock()
        if closed or shutdown:
            raise closed_error(shutdown and not closed, self.owner)

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
        readers = self._readers._length + (self._read_seat != 0)
        return (readers, self._writers._length + (self._write_seat != 0))

    def close(self) -> None:
        """Deregisters, wakes every waiter (they raise), then closes the descriptor. Idempotent. Any thread."""
        wakers: list[Waker] = []
        self._lock()
        first = not self._closed
        self._closed = True
        if first:
            self._users += 1  # until the poller has forgotten it: then its number may go to another
        self._take_all(wakers)
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
        self._take_all(wakers)
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
        self._take_all(wakers)
        self._unlock()
        wake_all(wakers)

    def __repr__(self) -> str:
        names = ("readable", "writable", "read-closed", "write-closed", "error", "priority")
        bits = "|".join(name for bit, name in enumerate(names) if self._ready >> bit & 1)
        return f"<Source fd={self.fd} {bits or 'not ready'}{' closed' if self._closed else ''}>"


def closed_error(shutdown: bool, owner: Any) -> Exception:
    """What an operation on a closed source raises. Its owner says what it is, if it is no socket."""
    kind = getattr(owner, "KIND", "socket")
    if shutdown:
        return RuntimeClosedError(f"the runtime of this {kind} was closed: its I/O driver is gone")
    return OSError(9, f"the {kind} was closed")
