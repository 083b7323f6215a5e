cimport cython

from ..core.context cimport Context
from ..core.current cimport current
from ..core.guard cimport Guard
from ..core.waitlist cimport Waiter, WaitList
from ..core.waker cimport Waker, wake_all

cdef int _WRITABLE
cdef int _WRITE
cdef int _READERS
cdef int _CLEARABLE

cdef class Source(Guard):
    cdef readonly int fd
    cdef readonly object owner
    cdef public object hooks
    cdef public int armed
    cdef public int interest
    cdef object _poller
    cdef bint _rearm
    cdef int _ready
    cdef int _tick
    cdef int _users
    cdef bint _closed
    cdef bint _given
    cdef bint _shutdown
    cdef Py_ssize_t _read_seat
    cdef Waker _read_waker
    cdef Py_ssize_t _write_seat
    cdef Waker _write_waker
    cdef WaitList _readers
    cdef WaitList _writers
    @cython.locals(reader=Waker, writer=Waker, listed=Py_ssize_t)
    cpdef set_ready(self, int bits)
    cdef _wake_listed(self, int bits)
    cdef int _take_all(self, list wakers) except -1
    @cython.locals(answer=int, before=Waker)
    cdef int _sit(self, Py_ssize_t who, int mask, Waker waker) except -2
    @cython.locals(waker=Waker)
    cdef void _stand_up(self, Py_ssize_t who) noexcept
    @cython.locals(tick=int)
    cdef int _begin(self, int mask) except -2
    @cython.locals(last=bint)
    cdef int _end(self, int drained, int tick) except -1
    @cython.locals(tick=int, drained=int)
    cpdef attempt(self, int mask, object function, tuple args)
    cdef bint _park(self, Waiter place, int mask, Waker waker)
    cdef _arm(self, int mask, Context cx)
    @cython.locals(closed=bint, shutdown=bint, bits=int, tick=int)
    cpdef look(self)
    cpdef clear(self, int bits, int tick)
    @cython.locals(closed=bint, shutdown=bint)
    cpdef hold(self)
    cpdef release(self)
    cdef _leave(self, Waiter place)
    cpdef close(self)
    cpdef shutdown(self)
