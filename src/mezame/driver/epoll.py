"""EpollPoller: sources on Linux epoll, edge-triggered; wakes from other threads by one eventfd.

A source is added once, for both directions, and removed when it is closed: no ``epoll_ctl`` per operation.
The eventfd is edge-triggered too and never read: each write is a new edge, and its counter cannot overflow in
the life of a machine.

Any thread adds and removes; one at a time waits. The table of sources is guarded. An event of a source that was removed
meanwhile finds nobody, or who got the same descriptor since: to that one it is a spurious event, which is harmless.

``wait(0)`` with no source registered makes no system call (but see ``poller.py``), and neither does an idle runtime,
which sleeps in ``epoll_wait`` until there is something to do.
"""

from __future__ import annotations

import os
import select
from threading import get_ident
from typing import Any

from ..core.word import Word
from .poller import Poller
from .readiness import ERROR, PRIORITY, READ_CLOSED, READABLE, WRITABLE, WRITE_CLOSED, Source

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

BATCH = 1024  # events taken per turn, as in tokio, unless told otherwise; more would keep ready tasks waiting

_IN = 0x001
_PRI = 0x002
_OUT = 0x004
_ERR = 0x008
_HUP = 0x010
_RDHUP = 0x2000
_ET = 1 << 31
_BOTH = _IN | _OUT


def available() -> bool:
    """True where there is epoll and eventfd."""
    return hasattr(select, "epoll") and hasattr(os, "eventfd")


def bits_of(events: int) -> int:
    """The bits of ``Source`` that the kernel's ``events`` stand for."""
    bits = 0
    if events & _IN:
        bits |= READABLE
    if events & _PRI:
        bits |= READABLE | PRIORITY
    if events & _OUT:
        bits |= WRITABLE
    if events & _RDHUP:
        bits |= READABLE | READ_CLOSED
    if events & _HUP:
        bits |= READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED
    if events & _ERR:
        bits |= READABLE | WRITABLE | ERROR
    return bits


class EpollPoller(Poller):
    """The poller on epoll. See the module's docstring.

    Args:
        limit: events taken per ``wait``, at least 1; what is left is there for the next one.
    """

    __slots__ = (
        "_buffer",
        "_epoll",
        "_epoll_fd",
        "_event_fd",
        "_last_fd",
        "_limit",
        "_nested",
        "_notifying",
        "_registered",
        "_signalled",
        "_sources",
        "_watched",
        "needs_rearm",
        "waits",
    )

    name = "epoll"

    def __init__(self, limit: int = BATCH) -> None:
        self._start_counts()
        self._notifying = 0  # threads that are in ``notify``; under the guard
        self._last_fd = -1  # the eventfd of a closed poller that somebody is still writing to; under the guard
        self._limit = limit
        if cython.compiled:
            self._buffer = bytearray(limit * event_size())  # type: ignore  # noqa: F821 - C, from the .pxd
            self._events = events_in(self._buffer)  # type: ignore  # noqa: F821
        self._nested = False
        self._epoll = select.epoll()
        self._epoll_fd = self._epoll.fileno()
        self._event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._sources = []  # at the place of their descriptors, which the kernel keeps small
        self._registered = Word()
        self._watched = None  # (socket, what to call), see ``watch``; under the guard
        self._signalled = False
        self.needs_rearm = False
        self.waits = 0
        self._epoll.register(self._event_fd, _IN | _ET)

    def add(self, source: Source) -> None:
        """Registers the source's descriptor, for good. Raises ``OSError``; ``FileExistsError`` if it is registered."""
        self.check_forsaken()
        fd = source.fd
        events = _RDHUP | _ET
        if source.interest & READABLE:
            events |= _IN
        if source.interest & WRITABLE:
            events |= _OUT
        if source.interest & PRIORITY:
            events |= _PRI
        if self._at(fd) is not None:
            # Is that one still open? The kernel knows: it forgets descriptors that are closed behind our back.
            self._epoll.register(fd, events)
            self._put(fd, source)
            self._epoll.modify(fd, events)  # events of in between went to the old one: report them again
            self._count(1, 1)
            return
        self._put(fd, source)
        try:
            self._epoll.register(fd, events)
        except BaseException:
            self._take(fd, source)
            raise
        self._count(1, 0)

    def _count(self, added: int, removed: int) -> None:
        self._lock()
        self.added += added
        self.removed += removed
        self._unlock()

    def _put(self, fd: int, source: Source) -> None:
        self._lock()
        while len(self._sources) <= fd:
            self._sources.append(None)
        if self._sources[fd] is None:
            self._registered._store(self._registered._load() + 1)
        self._sources[fd] = source
        self._unlock()

    def _take(self, fd: int, source: Source) -> bool:
        """False: it is not there (any more)."""
        self._lock()
        found = fd < len(self._sources) and self._sources[fd] is source
        if found:
            self._sources[fd] = None
            self._registered._store(self._registered._load() - 1)
        self._unlock()
        return found

    @cython.nonecheck(False)
    @cython.boundscheck(False)
    @cython.wraparound(False)
    def _at(self, fd: int) -> Source | None:
        source = None
        self._lock()
        if fd < len(self._sources):
            source = cython.cast(Source, self._sources[fd])
        self._unlock()
        return source

    def remove(self, source: Source) -> None:
        """Forgets the source, before its descriptor is closed."""
        fd = source.fd
        if not self._take(fd, source):
            return
        self._count(0, 1)
        try:
            self._epoll.unregister(fd)
        except (OSError, ValueError):  # the descriptor was closed behind our back, or we are closed
            pass

    def wait(self, timeout_ns: int) -> int:
        """Waits for events (0: only looks; -1: no limit), hands them to their sources; how many there were."""
        if timeout_ns == 0 and self._registered._load() == 0 and not self._nested and not self.must_look():
            return 0
        # The kernel counts in milliseconds here; rounded up, so that no timer is early.
        timeout = -1 if timeout_ns < 0 else (timeout_ns + 999_999) // 1_000_000
        self.waits = self.waits + 1
        if cython.compiled:
            return self._wait_compiled(timeout)
        count = 0
        for fd, events in self._epoll.poll(timeout / 1000 if timeout >= 0 else -1, self._limit):
            self._dispatch(fd, events)
            count += 1
        if self._signalled:
            self._tell_of_signal()
        return count

    @cython.nonecheck(False)
    def _wait_compiled(self, timeout: int) -> int:
        count = epoll_wait_into(self._epoll_fd, self._events, self._limit, timeout)  # type: ignore  # noqa: F821
        for index in range(count):
            self._dispatch(event_fd(self._events, index), event_bits(self._events, index))  # type: ignore  # noqa: F821
        if self._signalled:
            self._tell_of_signal()
        return count

    @cython.nonecheck(False)
    def _dispatch(self, fd: int, events: int) -> None:
        source = self._at(fd)
        if source is None:  # our eventfd, or a source that was removed since the kernel made the event
            if fd != self._event_fd:
                self._hear(fd)
            return
        self.events = self.events + 1
        bits = READABLE | WRITABLE if events == _BOTH else bits_of(events)  # both: what nearly every event is
        if source.hooks is not None:
            source.hooks.on_event(source, "read" if bits & READABLE else "write")
        source.set_ready(bits)

    def nest(self) -> int:
        """The descriptor, readable when ``wait`` would not sleep. From now on ``wait(0)`` takes every event."""
        self._nested = True
        return self._epoll_fd  # type: ignore[no-any-return]

    def notify(self) -> None:
        """Ends a ``wait`` of another thread. Nothing after ``close``; one that comes now leaves us the descriptor."""
        self._lock()
        fd = self._event_fd
        if fd >= 0:
            self._notifying += 1
        self._unlock()
        if fd < 0:
            return
        try:
            os.eventfd_write(fd, 1)
        finally:
            self._end_notifying()

    def _end_notifying(self) -> None:
        last = -1
        self._lock()
        self._notifying -= 1
        if self._notifying == 0:
            last = self._last_fd
            self._last_fd = -1
        self._unlock()
        if last >= 0:
            os.close(last)

    def watch(self, sock: Any, on_signal: Any = None) -> None:
        """Has bytes on ``sock`` (the wakeup socket of signals) end a ``wait``, which then calls ``on_signal()``."""
        watched = (sock, on_signal)
        self._lock()
        self._watched = watched
        self._unlock()
        self.set_watcher(get_ident())
        self._epoll.register(sock.fileno(), _IN | _ET)

    def unwatch(self, sock: Any) -> None:
        """Undoes ``watch``."""
        self._lock()
        watched = self._watched
        self._watched = None
        self._unlock()
        del watched
        self.set_watcher(0)
        if not self.forsaken:
            self._epoll.unregister(sock.fileno())

    def _get_watched(self) -> Any:
        self._lock()
        watched = self._watched
        self._unlock()
        return watched

    def _hear(self, fd: int) -> None:
        """If it is the watched socket: empties it, for one that is full would have no more edges."""
        watched = self._get_watched()
        if watched is None or watched[0].fileno() != fd:
            return
        self._signalled = True
        try:
            while len(watched[0].recv(4096)) == 4096:
                pass
        except OSError:
            pass

    def _tell_of_signal(self) -> None:
        """After the events: handlers run in the main thread only, and there when it interprets something."""
        self._signalled = False
        watched = self._get_watched()
        if watched is not None and watched[1] is not None:
            watched[1]()
        if cython.compiled:
            # Are we that thread? The signal may have come just before we slept; now, or only after the next event.
            PyErr_CheckSignals()  # type: ignore  # noqa: F821 - C, from the .pxd

    def rearm(self, source: Source, mask: int) -> None:
        """Nothing: an edge needs no re-arming."""

    def sources(self) -> list[Any]:
        """The registered sources."""
        return [source for source in list(self._sources) if source is not None]

    def forsake(self) -> None:
        """See ``Poller.forsake``. No guard: a thread of the parent, which is not here, may have held it."""
        self.forsaken = True
        fd = self._event_fd
        self._event_fd = self._epoll_fd = -1
        self._epoll.close()  # our descriptor of it
        if fd >= 0:
            os.close(fd)

    def close(self) -> None:
        """Closes the descriptors; sources are the driver's to shut down before."""
        self._lock()
        sources = self._sources
        self._sources = []
        self._registered._store(0)
        fd = self._event_fd
        self._event_fd = -1
        if self._notifying > 0:
            self._last_fd = fd
            fd = -1
        self._unlock()
        del sources
        self._epoll.close()
        if fd >= 0:
            os.close(fd)
