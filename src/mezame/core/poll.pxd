cimport cython

from .immortal cimport immortal
from .shelf cimport shelve, unshelve

@cython.final
cdef class Ready:
    cdef readonly object value

@cython.final
cdef class PendingType:
    pass

cdef Ready _READY_NONE

@cython.locals(ready=Ready)
cpdef Ready make_ready(object value)
