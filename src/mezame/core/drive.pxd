cimport cython

from .context cimport Context
from .current cimport Current, current
from .executor cimport Executor
from .future cimport Future
from .poll cimport PendingType
from .waker cimport Waker

cdef PendingType PENDING

@cython.final
cdef class Drive(Future):
    cdef Executor _executor
    cdef object _future
