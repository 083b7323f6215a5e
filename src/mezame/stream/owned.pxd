cimport cython

from ..core.context cimport Context
from ..core.future cimport CoroutineFuture, Future
from ..core.poll cimport PendingType

cdef PendingType PENDING

@cython.final
cdef class Owned:
    cdef public Future future
    cpdef start(self, object awaitable)
    cpdef start_coroutine(self, object coro)
    @cython.locals(answer=object)
    cpdef poll(self, Context cx)
