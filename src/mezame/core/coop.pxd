cimport cython

from .context cimport Context
from .current cimport Current, current
from .future cimport Future
from .poll cimport PendingType, make_ready

cdef PendingType PENDING

@cython.final
cdef class YieldNow(Future):
    cdef bint _yielded

@cython.final
cdef class ConsumeBudget(Future):
    pass

@cython.final
cdef class Unconstrained(Future):
    cdef object _future

@cython.locals(future=YieldNow)
cpdef Future yield_now()
