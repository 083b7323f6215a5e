cimport cython

from ..core.context cimport Context
from ..core.future cimport Future
from ..core.poll cimport PendingType, Ready, make_ready
from ..core.shelf cimport shelve, unshelve

cdef PendingType PENDING
cdef object _END
cdef object _STOP

cdef class PollNext:
    cpdef poll_next(self, Context cx)

cdef class Next(Future):
    cdef PollNext _stream
    cdef object _default
    cdef bint _done
    @cython.locals(answer=object, ready=Ready)
    cpdef poll(self, Context cx)

@cython.locals(future=Next)
cpdef Next make_next(PollNext stream, object default)
