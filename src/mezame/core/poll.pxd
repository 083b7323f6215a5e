cimport cython

@cython.final
@cython.freelist(64)
cdef class Ready:
    cdef public object value

@cython.final
cdef class PendingType:
    pass

@cython.locals(ready=Ready)
cpdef Ready make_ready(object value)
