cimport cython

from ..core.reuse cimport reuse
from .acquire cimport Acquire
from .permits cimport Permits
from .semaphore cimport Semaphore

cdef class Mutex:
    cdef Semaphore _semaphore
    cdef object _value
    cdef MutexGuard _holder

cdef class Lock(Acquire):
    cdef Mutex _mutex
    cdef MutexGuard _guard

@cython.final
cdef class Locking(Acquire):
    cdef Mutex _mutex

@cython.locals(locking=Locking)
cdef Locking make_locking(Mutex mutex)

cdef class Relock(Acquire):
    cdef MutexGuard _guard

@cython.final
cdef class MutexGuard:
    cdef Mutex _mutex
    cdef bint _held
    cdef bint _of_block
    @cython.locals(semaphore=Permits, held=bint)
    cdef _release(self)
    cpdef unlock(self)

@cython.locals(guard=MutexGuard)
cdef MutexGuard make_guard(Mutex mutex)
