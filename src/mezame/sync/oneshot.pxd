cimport cython

from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.future cimport Future
from ..core.poll cimport PendingType, make_ready
from ..core.waker cimport Waker, wake_all
from .closed cimport Closable, Closed

cdef PendingType PENDING
cdef int _EMPTY
cdef int _FULL
cdef int _GONE
cdef int _CLOSED
cdef int _TAKEN

@cython.final
cdef class _Cell(Closable):
    cdef int _state
    cdef object _value
    cdef Waker _waker
    @cython.locals(settled=bint, waker=Waker)
    cdef bint _settle(self, int state, object value) except -1
    @cython.locals(state=int, old=Waker)
    cdef int _wait(self, Waker waker)
    cdef _wake_closers(self)
    cdef object _take(self)

cdef class Sender:
    cdef _Cell _cell
    cdef Closed _closing
    cdef bint _used

cdef class Receiver:
    cdef _Cell _cell
    cdef bint _terminated
    @cython.locals(cur=Current, state=int)
    cpdef poll(self, Context cx)

@cython.final
cdef class Receive(Future):
    cdef Receiver _receiver

@cython.locals(receive=Receive)
cpdef Receive make_receive(Receiver receiver)
