cimport cython

from ..core.context cimport Context
from ..core.current cimport Current
from .acquire cimport Acquire
from .permits cimport Permits
from .semaphore cimport Semaphore

cdef class RwLock:
    cdef Semaphore _semaphore
    cdef object _value
    cdef long long _max_readers
    cdef bint _token
    cdef object _token_freed

cdef class Read(Acquire):
    cdef RwLock _rwlock
    cdef RwLockReadGuard _guard

cdef class Write(Acquire):
    cdef RwLock _rwlock
    cdef RwLockWriteGuard _guard

cdef class Upgrade(Acquire):
    cdef RwLock _rwlock
    cdef RwLockReadGuard _reading

cdef class RwLockGuard:
    cdef RwLock _rwlock
    cdef long long _permits
    cdef _start_guard(self, RwLock rwlock, long long permits)
    @cython.locals(semaphore=Permits, permits=longlong)
    cdef long long _take(self) except *
    cdef object _get_value(self)
    @cython.locals(permits=longlong)
    cpdef unlock(self)

@cython.final
cdef class RwLockReadGuard(RwLockGuard):
    pass

@cython.final
cdef class RwLockWriteGuard(RwLockGuard):
    pass
