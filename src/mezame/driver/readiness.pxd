cimport cython

from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Waiter, WaitList
from ..core.waker cimport Waker, wake_all

cdef PendingType PENDING

cdef class Source(Guard):
    cdef readonly int fd
    cdef readonly object owner
    cdef public object hooks
    cdef public int armed
    cdef object _poller
    cdef bint _rearm
    cdef int _ready
    cdef int _tick
    cdef int _users
    cdef bint _closed
    cdef bint _shutdown
    cdef WaitList _readers
    cdef WaitList _writers
    @cython.locals(lone=Waiter)
    cpdef set_ready(self, int bits)
    cdef _wake_lone(self, Waiter waiter)
    @cython.locals(tick=int)
    cdef int _begin(self, int mask) except -2
    @cython.locals(last=bint)
    cdef _end(self, int drained, int tick)
    cdef bint _park(self, Waiter op, int mask, Waker waker)
    cdef _arm(self, int mask, Context cx)
    cdef _leave(self, Waiter op)
    cpdef close(self)
    cpdef shutdown(self)

cdef class IoOp(Waiter):
    cdef Source _source
    cdef int _mask
    cdef bint _drained
    cdef bint _done
    cdef int _start_op(self, Source source, int mask) except -1
    cdef object _attempt(self)
    @cython.locals(tick=int, mask=int)
    cpdef poll(self, Context cx)

@cython.final
cdef class ReadyOp(IoOp):
    pass
