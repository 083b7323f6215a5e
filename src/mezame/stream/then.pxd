cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType, Ready
from .adapter cimport Adapter
from .owned cimport Owned

cdef PendingType PENDING
cdef object _END

cdef class _Calling(Adapter):
    cdef Owned _call
    cdef object _function

cdef class Then(_Calling):
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)

cdef class OrElse(_Calling):
    cpdef poll_next(self, Context cx)
