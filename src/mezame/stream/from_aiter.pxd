cimport cython

from ..core.context cimport Context
from ..core.current cimport current
from ..core.poll cimport PendingType, make_ready
from .owned cimport Owned
from .stream cimport Stream

cdef PendingType PENDING
cdef object _END
cdef object _GENERATOR

cdef class FromAiter(Stream):
    cdef object _iterator
    cdef Owned _step
    @cython.locals(step=Owned, fresh=bint, answer=object)
    cpdef poll_next(self, Context cx)
    cpdef tuple let_go(self)
