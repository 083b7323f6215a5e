cimport cython

from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Waiter
from .readiness cimport Source
from .sockets cimport recv, recv_into, send

cdef PendingType PENDING
cdef object BLOCKED
cdef int _CALL
cdef int _RECEIVE
cdef int _SEND
cdef int _TAKE
cdef int _PROVED

cdef class PollSlot(Waiter):
    cdef Source _source
    cdef int _mask
    @cython.locals(cur=Current, source=Source, mask=int, tick=int, drained=int, value=object)
    cdef object _poll_io(self, Context cx, int kind, object what)
    cpdef poll_call(self, Context cx, object function)
    cpdef poll(self, Context cx)

@cython.locals(count=Py_ssize_t)
cdef object _attempt(int fd, int kind, object what)

cdef bint _is_short(int kind, object what, object value) except -1
