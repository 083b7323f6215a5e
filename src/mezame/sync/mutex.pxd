cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType, make_ready
from .semaphore cimport Acquire, Semaphore

cdef PendingType PENDING

cdef class Mutex:
    cdef Semaphore _semaphore
    cdef object _value
    cdef MutexGuard _holder

cdef class Lock(Acquire):
    cdef Mutex _mutex
    cdef MutexGuard _guard

cdef class _Locking(Acquire):
    cdef Mutex _mutex

cdef class Relock(Acquire):
    cdef MutexGuard _guard

@cython.final
cdef class MutexGuard:
    cdef Mutex _mutex
    cdef bint _held
    cdef bint _of_block
    @cython.locals(semaphore=Semaphore, held=bint)
    cdef _release(self)
    cpdef unlock(self)
