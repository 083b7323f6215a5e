cimport cython

from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.future cimport Future
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.waker cimport Waker

cdef PendingType PENDING
cdef int _EMPTY
cdef int _FULL
cdef int _GONE
cdef int _CLOSED
cdef int _TAKEN

@cython.final
cdef class _Cell(Guard):
    cdef int _state
    cdef object _value
    cdef Waker _waker
    @cython.locals(settled=bint, waker=Waker)
    cdef bint _settle(self, int state, object value) except -1
    @cython.locals(state=int, old=Waker)
    cdef int _wait(self, Waker waker)
    cdef object _take(self)

cdef class Sender:
    cdef _Cell _cell
    cdef bint _used

cdef class Receiver(Future):
    cdef _Cell _cell
    cdef object _failure(self, int state)
