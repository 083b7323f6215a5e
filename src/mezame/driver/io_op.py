"""IoOp: one operation on a descriptor, as a future. What it waits for: ``readiness.py``.

    poll --> the source looks ready? --no--> take the seat (or a place), leave the waker: Pending
                     | yes                                 ^ event: the bit is set, the waker woken
                     v                                     |
                 attempt: the system call ---EAGAIN: the bit is cleared, unless an event came meanwhile
                     | a value, or an error
                     v
                   Ready: the seat is left. Closed or dropped before that: it is left, too

It draws on the budget of its task, and gives that back when it has to wait. All operations of sockets are subclasses
(``net/operations.py``), which define the system call.
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.current import Current, current, distance
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from ..core.waitlist import make_place
from .readiness import BLOCKED, PROVED, Source

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

# C variables here, when compiled:
_BLOCKED = BLOCKED
_PROVED = PROVED


class IoOp(Future):
    """One I/O operation as a future: attempts while the source looks ready, else waits for readiness.

    It takes the source's seat, or a ``_place`` in its list, when it first has to wait (``_waited``), and gives it up
    when it is complete, closed or dropped.

    A subclass defines ``_attempt``, which returns its value, or ``BLOCKED``; with a value it may set ``_drained`` to
    say that it emptied (filled) the kernel's buffer all the same.
    """

    __slots__ = (
        "_count",
        "_data",
        "_done",
        "_drained",
        "_keep",
        "_length",
        "_mask",
        "_offset",
        "_place",
        "_source",
        "_waited",
    )

    def __init__(self, source: Source, mask: int) -> None:
        self._start_op(source, mask)

    @cython.nonecheck(False)
    def _start_op(self, source: Source, mask: int) -> None:
        """What ``__init__`` does, for subclasses (a C call when compiled)."""
        self._source = source
        self._mask = mask
        self._done = False
        self._waited = False
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

    @cython.nonecheck(False)
    def _go(self, cx: Context, cur: Current) -> Any:
        """``poll`` without the wrapping: the value, or BLOCKED for Pending."""
        if self._done:
            raise RuntimeError("this I/O operation was polled after it completed: start a new one")
        if not cur._take_budget(cx):
            return _BLOCKED
        while True:
            tick = self._source._begin(self._mask)
            if tick >= 0:
                self._drained = False
                old = 0  # an attempt that fails has not found the buffer empty
                try:
                    value = self._attempt()
                    old = self._mask if value is _BLOCKED else self._mask & _PROVED if self._drained else 0
                finally:
                    self._source._end(old, tick)
                if value is not _BLOCKED:
                    self._done = True
                    if self._waited:
                        self._leave()
                    return value
            elif self._wait(cx):
                cur._refund()
                if self._source._rearm or self._source.hooks is not None:
                    self._source._arm(self._mask, cx)
                return _BLOCKED

    def _wait(self, cx: Context) -> bool:
        """Has the next event wake the task of ``cx``. False: there was one meanwhile, try again."""
        waker = cx._get_waker()
        self._waited = True
        if self._place is None:
            answer = self._source._sit(self._address(), self._mask, waker)
            if answer >= 0:
                return answer > 0
            self._place = make_place(0)
        return self._source._park(self._place, self._mask, waker)

    def _address(self) -> int:
        """What the source knows it by."""
        return cython.cast("Py_ssize_t", cython.cast("PyObject *", self)) if cython.compiled else id(self)

    @cython.nonecheck(False)
    def _leave(self) -> None:
        """It waits no more."""
        self._waited = False
        if self._place is None:
            self._source._stand_up(self._address())
        else:
            self._source._leave(self._place)

    def close(self) -> None:
        if self._waited:
            self._leave()

    def __dealloc__(self) -> None:
        """Dropped. (If a cycle with it was collected, its source may be gone already: then nobody is there to wake.)"""
        if self._waited and self._source is not None:
            self._leave()


if not cython.compiled:
    IoOp.__del__ = IoOp.__dealloc__  # type: ignore[attr-defined]


@cython.nonecheck(False)
def empty_op(raw: Any) -> Any:
    """A dropped operation goes on the shelf (``core/shelf.pxd``): what ``__dealloc__`` does, and None in each field.

    It closes no cycle: it refers to its stream, and no stream to an operation.
    """
    op = cython.cast(IoOp, raw)
    if op._waited:
        op._leave()
        op._place = None
    op._source = None
    op._keep = None
    op._data = None
    return 0


@cython.nonecheck(False)
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
        return None
