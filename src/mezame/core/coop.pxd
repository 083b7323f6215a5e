cimport cython

from .context cimport Context
from .current cimport Current, current
from .future cimport Future
from .poll cimport PendingType, make_ready

cdef PendingType PENDING
cdef int _FRESH
cdef int _YIELDED
cdef int _FINISHED

@cython.final
cdef class YieldNow(Future):
    cdef int _phase

@cython.final
cdef class ConsumeBudget(Future):
    cdef bint _done

@cython.final
cdef class Unconstrained(Future):
    cdef object _future

@cython.locals(future=YieldNow)
cpdef Future yield_now()
