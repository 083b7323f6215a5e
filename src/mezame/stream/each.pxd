cimport cython

from ..core.context cimport Context
from ..core.future cimport Future
from ..core.poll cimport PendingType, Ready, make_ready
from ..future.poll_next cimport PollNext

cdef PendingType PENDING
cdef object _END

cdef class Each(Future):
    cdef PollNext _stream
    cdef object _function
    cdef bint _stops
    @cython.locals(answer=object, ready=Ready, found=object)
    cpdef poll(self, Context cx)
