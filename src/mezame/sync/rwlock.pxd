cimport cython
from cpython.ref cimport PyObject

from ..core.bound cimport quicken
from ..core.context cimport Context
from ..core.current cimport Current
from ..core.future cimport new_reference
from ..core.shelf cimport shelve, unshelve
from .acquire cimport Acquire
from .permits cimport Permits
from .semaphore cimport Semaphore

cdef object _DONE

cdef class RwLock:
    cdef Semaphore _semaphore
    cdef object _value
    cdef long long _max_readers
    cdef bint _token
    cdef object _token_freed
    cdef object _get_value(self)
    cdef int _set_value(self, object value) except -1

cdef class Locking(Acquire):
    cdef RwLock _rwlock
    cdef RwLockGuard _guard
    cdef _leave(self)

@cython.final
cdef class Read(Locking):
    pass

@cython.locals(read=Read)
cdef Read make_read(RwLock rwlock)

@cython.final
cdef class Write(Locking):
    pass

@cython.locals(write=Write)
cdef Write make_write(RwLock rwlock)

cdef class Upgrade(Acquire):
    cdef RwLock _rwlock
    cdef RwLockReadGuard _reading

cdef class RwLockGuard:
    cdef RwLock _rwlock
    cdef long long _permits
    @cython.locals(semaphore=Permits, permits=longlong)
    cdef long long _take(self) except? 9
    cdef object _get_value(self)
    @cython.locals(permits=longlong)
    cpdef unlock(self)

@cython.final
cdef class RwLockReadGuard(RwLockGuard):
    pass

@cython.locals(guard=RwLockReadGuard)
cdef RwLockReadGuard make_read_guard(RwLock rwlock)

@cython.final
cdef class RwLockWriteGuard(RwLockGuard):
    pass

@cython.locals(guard=RwLockWriteGuard)
cdef RwLockWriteGuard make_write_guard(RwLock rwlock)

cdef PyObject *_locking_enter(PyObject *raw, PyObject **args) except NULL
cdef PyObject *_locking_exit(PyObject *raw, PyObject **args) except NULL
