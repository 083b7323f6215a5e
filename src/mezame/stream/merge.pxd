cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType, Ready, make_ready
from ..future.poll_next cimport PollNext as Source
from .stream cimport Stream

cdef PendingType PENDING
cdef object _END

cdef class Two(Stream):
    cdef Source _left
    cdef Source _right
    cdef bint _left_first(self) except -1
    @cython.locals(answer=object)
    cpdef poll_next(self, Context cx)
    @cython.locals(answer=object, ready=Ready)
    cdef object _poll_left(self, Context cx)
    @cython.locals(answer=object, ready=Ready)
    cdef object _poll_right(self, Context cx)

@cython.final
cdef class Merge(Two):
    cdef bint _turn

@cython.final
cdef class Or(Two):
    pass

@cython.final
cdef class Race(Two):
    pass

@cython.final
cdef class SelectWithStrategy(Two):
    cdef object _which
