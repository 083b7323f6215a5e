cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType, Ready
from .adapter cimport Adapter

cdef PendingType PENDING
cdef object _END

cdef class _Running(Adapter):
    cdef object _running
    cdef Py_ssize_t _limit
    cdef bint _ended
    cdef object _begin(self, object future)
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)

@cython.final
cdef class Buffered(_Running):
    pass

@cython.final
cdef class BufferUnordered(_Running):
    pass
