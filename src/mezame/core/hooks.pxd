cimport cython

@cython.final
cdef class Shared:
    cdef public object hooks
