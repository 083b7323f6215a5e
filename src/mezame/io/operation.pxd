from ..core.context cimport Context
from ..core.future cimport Future
from ..core.poll cimport PendingType

cdef PendingType PENDING

cdef class Operation(Future):
    cdef readonly object _io
    cdef bint _done
    cdef int _start(self, object io) except -1
    cpdef _step(self, Context cx)
    cpdef poll(self, Context cx)
    cpdef close(self)

cpdef byte_count(str what, object value)
cpdef as_bytes(object data)
