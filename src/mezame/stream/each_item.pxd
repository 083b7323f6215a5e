cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType, Ready, make_ready
from .adapter cimport Adapter

cdef PendingType PENDING
cdef object _END

cdef class Map(Adapter):
    cdef object _function
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)

cdef class Filter(Adapter):
    cdef object _predicate
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)

cdef class FilterMap(Adapter):
    cdef object _function
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)

cdef class Inspect(Adapter):
    cdef object _function
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)

cdef class Enumerate(Adapter):
    cdef object _count
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)

cdef class Scan(Adapter):
    cdef object _function
    cdef object _state
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)

cdef class MapErr(Adapter):
    cdef object _function
