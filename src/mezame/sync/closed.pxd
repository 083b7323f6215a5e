cimport cython

from ..core.context cimport Context
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Waiter, WaitList
from ..core.waker cimport Waker

cdef PendingType PENDING

cdef class Closable(Guard):
    cdef WaitList _closers
    cdef bint _is_gone(self)
    cdef _take_closers(self, list wakers)
    @cython.locals(fresh=WaitList)
    cdef _make_closers(self)
    @cython.locals(gone=bint)
    cdef bint _ask_gone(self)

cdef class Closed(Waiter):
    cdef Closable _channel
    cdef bint _done
    @cython.locals(channel=Closable, waker=Waker, old=Waker, gone=bint)
    cpdef poll(self, Context cx)
    @cython.locals(channel=Closable, old=Waker)
    cpdef close(self)
