"""AsyncFd: any descriptor that can be polled (a pipe, an eventfd, a serial line, a C library's socket) in the driver.

The readiness of the descriptor is kept, as bits with a tick, in a ``Source`` (``driver/readiness.py``):

    readable()        waits until a bit that answers is set; a guard with the bits and the tick of that moment
    the caller        does its I/O; at EAGAIN it says so: guard.clear_ready(), or guard.try_io does it
    clear_ready       clears the guard's bits, unless an event came since the guard was made: it would be newer
    an event          sets bits, the tick goes up, all who wait for these bits are woken

So readiness may be old and true no more (then the I/O says EAGAIN), but is never missed: a bit that was cleared comes
back with the next event, and the driver reports each change once.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.current import current
from ..core.future import Future, ready
from ..core.poll import PENDING, make_ready
from ..driver.io_op import ReadyOp
from ..driver.readiness import ERROR, PRIORITY, READ, READABLE, WRITABLE, WRITE, WRITE_CLOSED, Source
from ..errors import RuntimeClosedError
from .interest import Interest, Ready


class _Owner:
    """What the source closes when it is closed: the object, if it can be closed; a bare number is its owner's."""

    __slots__ = ("fd", "inner")

    KIND = "AsyncFd"  # for errors

    def __init__(self, inner: Any, fd: int) -> None:
        self.inner = inner
        self.fd = fd

    def fileno(self) -> int:
        return self.fd if isinstance(self.inner, int) else int(self.inner.fileno())

    def close(self) -> None:
        close = getattr(self.inner, "close", None)
        if close is not None:
            close()


def _register(inner: Any, interest: Interest) -> Source:
    slot = current()
    driver = slot.io
    if driver is None:
        if slot.handle is None:
            raise RuntimeError("AsyncFd needs a runtime: make it inside mezame.run(main()), or enter a runtime")
        raise RuntimeError("this runtime has no I/O driver: make it with enable_io=True")
    if driver.closed:
        raise RuntimeClosedError("the runtime of this thread was closed: its I/O driver is gone")
    fd = inner if isinstance(inner, int) else inner.fileno()
    if fd < 0:
        raise ValueError(f"{inner!r} has no open descriptor")
    kind = os.fstat(fd).st_mode
    if stat.S_ISREG(kind) or stat.S_ISDIR(kind):
        raise PermissionError(errno.EPERM, f"{inner!r} is a file or directory, which is always ready: use mezame.fs")
    os.set_blocking(fd, False)
    source = Source(fd, _Owner(inner, fd), driver.poller)
    source.interest = int(interest) & (READABLE | WRITABLE | PRIORITY)
    source.forget_readiness()  # the driver's first report says what it is
    source.hooks = slot.handle.executor.hooks
    try:
        driver.poller.add(source)
    except FileExistsError:
        raise FileExistsError(
            errno.EEXIST, f"descriptor {fd} is registered with this runtime already: use the object that it belongs to"
        ) from None
    return source


class AsyncFd:
    """A descriptor whose readiness is waited for; the I/O is the caller's.

    Args:
        inner: an object with ``fileno()``, or a descriptor's number. It is made non-blocking. The object belongs to the
            AsyncFd: ``close`` closes it (a bare number it does not close). Dropped, an AsyncFd closes nothing.
        interest: what may be waited for, of ``Interest.READABLE``, ``WRITABLE``, ``PRIORITY`` and ``ERROR``.

    Raises ``FileExistsError`` if the descriptor is registered with this runtime, ``PermissionError`` for a regular
    file, ``RuntimeError`` outside of a runtime. Thread-safe. Any number of tasks may wait.

    >>> import mezame, os
    >>> from mezame.io import AsyncFd, Interest
    >>> async def main():
    ...     reader, writer = os.pipe()
    ...     fd = AsyncFd(reader, Interest.READABLE)
    ...     os.write(writer, b"hello")
    ...     while True:
    ...         with await fd.readable() as guard:
    ...             try:
    ...                 return guard.try_io(lambda inner: os.read(inner, 100))
    ...             except BlockingIOError:
    ...                 continue          # it was not ready after all: wait again
    >>> mezame.run(main())
    b'hello'

    Source of the semantics: ``tokio::io::unix::AsyncFd``, ``smol::Async``.
    """

    __slots__ = ("__weakref__", "_fifo", "_inner", "_interest", "_reading", "_source", "_writing")

    def __init__(self, inner: Any, interest: Interest = Interest.READABLE | Interest.WRITABLE) -> None:
        self._source: Source | None = None
        if not isinstance(interest, Interest) or not interest:
            raise ValueError(f"AsyncFd needs an Interest such as Interest.READABLE, not {interest!r}")
        if isinstance(inner, bool) or not (isinstance(inner, int) or hasattr(inner, "fileno")):
            raise TypeError(f"AsyncFd needs a descriptor, or an object with fileno(), not {inner!r}")
        self._source = _register(inner, interest)
        self._inner = inner
        self._interest = interest
        self._fifo = stat.S_ISFIFO(os.fstat(self._source.fd).st_mode)
        self._reading: FdReady | None = None
        self._writing: FdReady | None = None

    # --- what it is -----------------------------------------------------------------------------------------

    @property
    def inner(self) -> Any:
        """The object, or the number, that it was made of."""
        return self._inner

    def fileno(self) -> int:
        """The descriptor, -1 once closed."""
        source = self._open_source()
        return -1 if source.is_closed else source.fd

    @property
    def source(self) -> Source:
        """Its readiness, for tools."""
        return self._open_source()

    def _open_source(self) -> Source:
        source = self._source
        assert source is not None
        return source

    def is_closed(self) -> bool:
        """True after ``close`` or ``detach``."""
        return bool(self._open_source().is_closed)

    def detach(self) -> Any:
        """Deregisters; gives back what it was made of, open and non-blocking. Who waits here is woken and raises."""
        self._reading = self._writing = None
        self._open_source().detach()
        return self._inner

    def close(self) -> None:
        """Deregisters, and closes the object. Who waits here is woken and raises ``OSError``. Idempotent."""
        self._reading = self._writing = None
        self._open_source().close()

    def __aenter__(self) -> Future:
        return ready(self)

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Future:
        self.close()
        return ready(None)

    def __enter__(self) -> AsyncFd:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        source = self._source
        if source is not None and not source.is_closed:
            source.detach()

    def __repr__(self) -> str:
        return f"<AsyncFd of {self._inner!r} {self._source!r}>"

    # --- waiting --------------------------------------------------------------------------------------------

    def ready(self, interest: Interest) -> FdReady:
        """Waits until one of ``interest`` is there; awaits to an ``AsyncFdReadyGuard``. Cancel safe.

        Source of the semantics: ``tokio::io::unix::AsyncFd::ready``.
        """
        if not isinstance(interest, Interest) or not interest or interest & ~self._interest & ~Interest.ERROR:
            raise ValueError(f"this AsyncFd was made for {self._interest!r}; it cannot wait for {interest!r}")
        return FdReady(self, interest)

    def readable(self) -> FdReady:
        """Waits until a read will probably not wait: ``ready(Interest.READABLE)``."""
        return self.ready(Interest.READABLE)

    def writable(self) -> FdReady:
        """Waits until a write will probably not wait: ``ready(Interest.WRITABLE)``."""
        return self.ready(Interest.WRITABLE)

    def poll_read_ready(self, cx: Context) -> Any:
        """``Poll.Ready(guard)`` if it is readable, or ``Poll.Pending``; the waker of the latest poll is woken.

        For the ``poll`` of one reader; any number of tasks may ``await readable()`` beside it.
        """
        future, self._reading = self._reading or self.readable(), None
        answer = future.poll(cx)
        if answer is PENDING:
            self._reading = future
        return answer

    def poll_write_ready(self, cx: Context) -> Any:
        """``poll_read_ready`` for writing."""
        future, self._writing = self._writing or self.writable(), None
        answer = future.poll(cx)
        if answer is PENDING:
            self._writing = future
        return answer

    # --- I/O ------------------------------------------------------------------------------------------------

    async def async_io(self, interest: Interest, function: Callable[[Any], Any]) -> Any:
        """Calls ``function(inner)`` when it is ready, again and again until it does not raise ``BlockingIOError``.

        Awaits to what it returns. Cancel safe: it is not cancelled within ``function``, only in between.

        >>> import mezame, os
        >>> from mezame.io import AsyncFd, Interest
        >>> async def main():
        ...     reader, writer = os.pipe()
        ...     async with AsyncFd(os.fdopen(reader, "rb", buffering=0)) as fd:
        ...         mezame.spawn_blocking(os.write, writer, b"hello")
        ...         return await fd.async_io(Interest.READABLE, lambda file: os.read(file.fileno(), 100))
        >>> mezame.run(main())
        b'hello'

        Source of the semantics: ``tokio::io::unix::AsyncFd::async_io``.
        """
        while True:
            guard = await self.ready(interest)
            try:
                return guard.try_io(function)
            except BlockingIOError:
                continue

    def try_io(self, interest: Interest, function: Callable[[Any], Any]) -> Any:
        """Calls ``function(inner)`` if it looks ready. Raises ``BlockingIOError`` if it does not, or was not after all.

        Source of the semantics: ``tokio::io::unix::AsyncFd::try_io``.
        """
        guard = self._guard(self.ready(interest).mask)
        if guard is None:
            raise BlockingIOError(errno.EAGAIN, f"{self!r} is not ready for {interest!r}")
        return guard.try_io(function)

    def _guard(self, mask: int) -> AsyncFdReadyGuard | None:
        """A guard of what is ready of ``mask`` now, or None."""
        bits, tick = self._open_source().look()
        if bits & ERROR and self._fifo:
            bits |= WRITE_CLOSED  # epoll's only word to a pipe's writer that its reader is gone
        return AsyncFdReadyGuard(self, Ready(bits & mask), tick) if bits & mask else None


class AsyncFdReadyGuard:
    """What a descriptor was ready for at one moment, to be cleared when the I/O shows that it is over.

    A context manager, whose exit does nothing: readiness stays until it is cleared.

    Source of the semantics: ``tokio::io::unix::AsyncFdReadyGuard``.
    """

    __slots__ = ("_fd", "_ready", "_tick")

    def __init__(self, fd: AsyncFd, ready: Ready, tick: int) -> None:
        self._fd = fd
        self._ready = ready
        self._tick = tick

    @property
    def async_fd(self) -> AsyncFd:
        """The ``AsyncFd`` that it is of."""
        return self._fd

    @property
    def inner(self) -> Any:
        """What that was made of."""
        return self._fd.inner

    def ready(self) -> Ready:
        """What it was ready for, of what was waited for."""
        return self._ready

    def clear_ready(self) -> None:
        """It is ready no more: EAGAIN was seen. Clears nothing if an event came since the guard was made."""
        self.clear_ready_matching(self._ready)

    def clear_ready_matching(self, ready: Ready) -> None:
        """``clear_ready`` of a part."""
        source = self._fd.source
        source.clear(int(ready & self._ready), self._tick)
        self._ready &= ~ready | Ready.READ_CLOSED | Ready.WRITE_CLOSED

    def retain_ready(self) -> None:
        """Says that it is ready still. Does nothing: readiness stays until it is cleared."""

    def try_io(self, function: Callable[[Any], Any]) -> Any:
        """Calls ``function(inner)``; its value. ``BlockingIOError`` clears the readiness and is passed on."""
        source = self._fd.source
        source.hold()
        try:
            return function(self._fd.inner)
        except BlockingIOError:
            self.clear_ready()
            raise
        finally:
            source.release()

    def __enter__(self) -> AsyncFdReadyGuard:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        pass

    def __repr__(self) -> str:
        return f"<AsyncFdReadyGuard {self._ready!r}>"


class FdReady(Future):
    """The future of ``ready``, ``readable`` and ``writable``: stands in the list of readers, of writers, or in both."""

    __slots__ = ("_done", "_fd", "_ops", "mask")

    def __init__(self, fd: AsyncFd, interest: Interest) -> None:
        self._fd = fd
        self.mask = interest.mask()
        self._ops: list[Any] = []
        self._done = False

    def _make_ops(self) -> list[Any]:
        source = self._fd.source
        reading = self.mask & ~WRITE | (self.mask & READ if self.mask & READABLE else 0)
        ops = []
        if self.mask & WRITABLE:
            ops.append(ReadyOp(source, WRITE))
        if reading or not ops:
            ops.append(ReadyOp(source, reading or self.mask))
        return ops

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("readiness was polled after it completed or was closed: call the method again")
        while True:
            if not self._ops:
                self._ops = self._make_ops()
            try:
                # No short cut: after the first that is Pending the second must leave its waker, too.
                answers = [op.poll(cx) for op in self._ops]
            except BaseException:
                self.close()
                raise
            if all(answer is PENDING for answer in answers):
                return PENDING
            self._leave()
            guard = self._fd._guard(self.mask)
            if guard is not None:  # None: another task cleared it since
                self._done = True
                return make_ready(guard)

    def _leave(self) -> None:
        ops, self._ops = self._ops, []
        for op in ops:
            op.close()

    def close(self) -> None:
        self._done = True
        self._leave()
