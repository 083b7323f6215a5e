"""SelectPoller: the portable poller, on the standard library's ``selectors``. The same interface as epoll's.

``selectors`` are level-triggered: a ready descriptor would be reported for ever. So a direction is *armed* only
while somebody waits for it (``rearm``, called when an operation parks) and disarmed by its event. What is armed is
collected, and applied by the thread that selects, before it does.

A selector is not made for several threads, but it bears changes during ``select``. So one lock, ``_changing``, is held
by whoever changes it, or decides which one it is: it may be replaced (below), but not while another loop waits for its
descriptor (``nest``). The lock is re-entrant: a finaliser may close a source while it is held.

``selectors`` know nothing of out-of-band data. When the first source asks for that, a ``PrioritySelector`` takes the
place of the selector, if the system has ``poll``.

It is used where there is no epoll, and forced by ``MEZAME_DRIVER=selectors`` or ``Runtime(driver="selectors")``.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import threading
from typing import Any

from . import priority_selector
from .poller import Poller
from .priority_selector import EVENT_ERROR, EVENT_HANGUP, EVENT_PRIORITY, PrioritySelector
from .readiness import ERROR, PRIORITY, READ_CLOSED, READABLE, WRITABLE, WRITE_CLOSED, Source


class SelectPoller(Poller):
    """The poller on ``selectors.DefaultSelector``.

    Args:
        limit: events taken per ``wait``, at least 1, or None. The selector's order is always the same, so who was
            passed over comes first at the next one.
    """

    name = "selectors"
    needs_rearm = True

    def __init__(self, limit: int | None = None) -> None:
        self._start_counts()
        self._selector: Any = selectors.DefaultSelector()
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        self._selector.register(self._receiver, selectors.EVENT_READ, None)
        self._sources: dict[int, Source] = {}
        self._registered: dict[int, Source] = {}  # what the selector has; our own sockets are not in it
        self._dirty: set[int] = set()
        self._changing = threading.RLock()
        self._waiter: int | None = None
        self._watched: tuple[Any, Any] | None = None
        self._limit = limit
        self._left: list[Any] = []  # descriptors that were passed over, in order
        self._nested = False
        self._fine = False  # some source has asked for PRIORITY, or for ERROR alone
        self.waits = 0

    def add(self, source: Source) -> None:
        """Notes the source; it is registered when something waits for it. ``FileExistsError`` if there is one."""
        self.check_forsaken()
        wants_more = bool(source.interest & PRIORITY) or not source.interest
        with self._changing:
            if wants_more and not self._fine and (self._nested or not priority_selector.available()):
                raise OSError(
                    errno.EOPNOTSUPP,
                    "the selectors driver reports READABLE and WRITABLE only, on this system and inside of another "
                    "loop: use driver='epoll'",
                )
            before = self._sources.get(source.fd)
            if before is not None and _is_open(before):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            self._sources[source.fd] = source
            self._fine = self._fine or wants_more
            self.added += 1
            if before is not None:
                self.removed += 1  # its descriptor was closed behind our back

    def remove(self, source: Source) -> None:
        """Forgets the source, before its descriptor is closed. Another thread that is selecting begins anew."""
        with self._changing:
            if self._sources.get(source.fd) is source:
                del self._sources[source.fd]
                self.removed += 1
            source.armed = 0
            self._unregister(source.fd, source)
        self.notify()

    def _unregister(self, fd: int, source: Source) -> None:
        """Under the lock."""
        if self._registered.get(fd) is source:
            del self._registered[fd]
            try:
                self._selector.unregister(fd)
            except (KeyError, ValueError, OSError):  # already closed behind our back
                pass

    def rearm(self, source: Source, mask: int) -> None:
        """Somebody waits for ``mask``: has it reported once."""
        with self._changing:
            source.armed |= mask
            self._dirty.add(source.fd)
            foreign = self._waiter is not None and self._waiter != threading.get_ident()
        if foreign or self._nested:  # inside of another loop nobody need come to ``wait`` by himself
            self.notify()

    def _change_selector(self) -> None:
        """From here on with one that knows PRIORITY and ERROR. Under the lock."""
        old, new = self._selector, PrioritySelector()
        for key in list(old.get_map().values()):
            new.register(key.fileobj, key.events, key.data)
        self._selector = new
        old.close()

    def _events(self, source: Source) -> int:
        """What is armed, in the selector's words."""
        events = 0
        if source.armed & READABLE:
            events |= selectors.EVENT_READ
        if source.armed & WRITABLE:
            events |= selectors.EVENT_WRITE
        if source.armed & PRIORITY:
            events |= EVENT_PRIORITY
        if source.armed & ERROR and not source.interest:  # others hear of errors by their directions
            events |= EVENT_ERROR
        return events

    def _apply(self) -> list[Source]:
        """Brings the selector in line with what is armed, under the lock; the sources whose descriptors are bad."""
        if self._fine and not isinstance(self._selector, PrioritySelector):
            self._change_selector()
        dirty, self._dirty = self._dirty, set()
        bad = []
        for fd in dirty:
            source = self._sources.get(fd)
            old = self._registered.get(fd)
            if old is not None and old is not source:
                self._unregister(fd, old)
                old = None
            if source is None:
                continue
            events = self._events(source)
            try:
                if old is None:
                    if events:
                        self._selector.register(fd, events, source)
                        self._registered[fd] = source
                elif events:
                    self._selector.modify(fd, events, source)
                else:
                    self._unregister(fd, source)
            except (OSError, ValueError, KeyError):
                # The kernel no longer knows the descriptor: the operation itself will say why.
                self._unregister(fd, source)
                bad.append(source)
        return bad

    def wait(self, timeout_ns: int) -> int:
        """Waits for events (0: only looks; -1: no limit), hands them to their sources; how many there were."""
        if timeout_ns == 0 and not self._sources and not self._nested and not self.must_look():
            return 0
        with self._changing:
            bad = self._apply()
            self._waiter = threading.get_ident()
        self.waits += 1
        try:
            for lost in bad:
                lost.set_ready(READABLE | WRITABLE)
                timeout_ns = 0
            # Rounded up to a millisecond, so that no timer is early.
            timeout = None if timeout_ns < 0 else (timeout_ns + 999_999) // 1_000_000 / 1000
            ready = self._selector.select(timeout)
            if self._limit is not None:
                ready = self._cut(ready)
        finally:
            with self._changing:
                self._waiter = None
        count = 0
        on_signal = None
        for key, events in ready:
            source: Source | None = key.data
            if source is None:
                on_signal = self._hear(key.fileobj) or on_signal
                continue
            bits = _readiness(events, source.interest)
            with self._changing:
                if self._sources.get(source.fd) is not source:
                    continue
                source.armed &= ~bits
                self._dirty.add(source.fd)
            if source.hooks is not None:
                source.hooks.on_event(source, "read" if bits & READABLE else "write")
            source.set_ready(bits)
            self.events += 1
            count += 1
        if on_signal is not None:
            on_signal()
        return count

    def _cut(self, ready: list[Any]) -> list[Any]:
        """The first ``limit`` of the sources' events; our own sockets do not count."""
        ours = [event for event in ready if event[0].data is None]
        theirs = [event for event in ready if event[0].data is not None]
        turn = {fd: at for at, fd in enumerate(self._left)}
        theirs.sort(key=lambda event: turn.get(event[0].fd, len(turn)))
        self._left = [event[0].fd for event in theirs[self._limit :]]
        return ours + theirs[: self._limit]

    def nest(self) -> int:
        """See ``Poller.nest``; some selectors have a descriptor."""
        with self._changing:
            fileno = getattr(self._selector, "fileno", None)
            if fileno is not None and not self._fine:
                self._nested = True
                return int(fileno())
        return Poller.nest(self)

    def _hear(self, sock: Any) -> Any:
        """Empties one of our own sockets; what is to be called if it is the watched one, and still is."""
        on_signal = None
        with self._changing:  # or ``unwatch`` returns, and the socket is closed, while we read from it
            if sock is not self._receiver:
                if self._watched is None or self._watched[0] is not sock:
                    return None
                on_signal = self._watched[1]
            try:
                while len(sock.recv(4096)) == 4096:
                    pass
            except OSError:
                pass
        return on_signal

    def notify(self) -> None:
        """Ends a ``wait`` of another thread."""
        try:
            self._sender.send(b"\0")
        except (BlockingIOError, OSError):  # full: it will wake anyway; closed: nobody waits
            pass

    def watch(self, sock: Any, on_signal: Any = None) -> None:
        """Has bytes on ``sock`` (the wakeup socket of signals) end a ``wait``, which then calls ``on_signal()``."""
        with self._changing:
            self._watched = (sock, on_signal)
            self._selector.register(sock, selectors.EVENT_READ, None)
        self.set_watcher(threading.get_ident())
        self.notify()  # some selectors look at their descriptors only when they begin to wait

    def unwatch(self, sock: Any) -> None:
        """Undoes ``watch``."""
        self.set_watcher(0)
        with self._changing:
            self._watched = None
            if not self.forsaken:
                self._selector.unregister(sock)

    def sources(self) -> list[Any]:
        """The registered sources."""
        with self._changing:
            return list(self._sources.values())

    def forsake(self) -> None:
        """See ``Poller.forsake``."""
        self.forsaken = True
        self._changing = threading.RLock()  # a thread of the parent may have held the other
        self._selector.close()
        self._receiver.close()
        self._sender.close()

    def close(self) -> None:
        """Closes the selector; sources are the driver's to shut down before."""
        with self._changing:
            self._sources.clear()
            self._registered.clear()
            self._selector.close()
            self._receiver.close()
            self._sender.close()


def _readiness(events: int, interest: int) -> int:
    """The bits of ``Source`` for a selector's events.

    An error and a hang-up are levels that stay: whoever can only be told of something else must hear of them, too, or
    they would be reported for ever.
    """
    bits = 0
    if events & selectors.EVENT_READ:
        bits |= READABLE
    if events & selectors.EVENT_WRITE:
        bits |= WRITABLE
    if events & EVENT_PRIORITY:
        bits |= PRIORITY
    if events & EVENT_HANGUP:
        bits |= READ_CLOSED | WRITE_CLOSED
    if events & EVENT_ERROR or (events & EVENT_HANGUP and not interest):
        bits |= ERROR
    if events & (EVENT_ERROR | EVENT_HANGUP) and interest == PRIORITY:
        bits |= PRIORITY | READ_CLOSED
    return bits


def _is_open(source: Source) -> bool:
    """False if the owner of the descriptor was closed behind our back."""
    try:
        return bool(source.owner.fileno() == source.fd)
    except (AttributeError, OSError, ValueError):
        return not isinstance(getattr(source.owner, "closed", None), bool)
