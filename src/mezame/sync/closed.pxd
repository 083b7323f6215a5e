cimport cython

from ..core.context cimport Context
from ..core.future cimport Future
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Place, WaitList, make_place
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

cdef class Closed(Future):
    cdef Place _place
    cdef Closable _channel
    cdef bint _done
    @cython.locals(channel=Closable, place=Place, waker=Waker, old=Waker, gone=bint)
    cpdef poll(self, Context cx)
    @cython.locals(channel=Closable, place=Place, old=Waker)
    cpdef close(self)
