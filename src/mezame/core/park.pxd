cimport cython

from cpython.exc cimport PyErr_CheckSignals

from .guard cimport Guard

cdef class Park(Guard):
    cpdef park(self, long long timeout_ns)
    cpdef unpark(self)

cdef class Parker(Park):
    cdef object _semaphore
    @cython.locals(taken=bint)
    cdef bint _is_taken(self) except -1
