cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType, Ready, make_ready
from .members cimport Members

cdef PendingType PENDING
cdef long long _NOBODY

cdef class OrderedMembers(Members):
    cdef dict _done
    cdef long long _first
    cdef long long _last
    cpdef push(self, object given, bint owned=*)
    cdef _put(self, long long number, object given, bint owned)
    @cython.locals(answer=object, ready=Ready)
    cpdef poll_next(self, Context cx)
    cdef _skip(self)
    cpdef list take(self)
