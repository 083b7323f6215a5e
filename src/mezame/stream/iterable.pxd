from ..core.context cimport Context
from ..core.current cimport current
from ..core.poll cimport PendingType, make_ready
from .stream cimport Stream

cdef PendingType PENDING
cdef object _END

cdef class Iter(Stream):
    cdef object _iterator
    cpdef poll_next(self, Context cx)
