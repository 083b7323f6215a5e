cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType, Ready
from ..future.members cimport Members
from .adapter cimport Adapter

cdef PendingType PENDING
cdef object _END

cdef class _Running(Adapter):
    cdef Members _running
    cdef Py_ssize_t _limit
    cdef bint _ended
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)

@cython.final
cdef class Buffered(_Running):
    pass

@cython.final
cdef class BufferUnordered(_Running):
    pass
