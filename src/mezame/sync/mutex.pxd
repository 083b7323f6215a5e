cimport cython
from cpython.ref cimport PyObject

from ..core.bound cimport quicken
from ..core.current cimport Current, current, distance, here, use_distance
from ..core.future cimport new_reference, set_am_await, set_iternext, stop_iteration
from ..core.shelf cimport shelve, unshelve
from .acquire cimport Acquire
from .permits cimport Permits
from .semaphore cimport Semaphore

cdef object _DONE

cdef class Mutex:
    cdef Semaphore _semaphore
    cdef object _value
    cdef MutexGuard _holder
    cdef object _enter(self, Current cur)
    cdef object _get_value(self)
    cdef int _set_value(self, object value) except -1
    @cython.locals(holder=MutexGuard)
    cdef _leave(self, object error)

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

cdef class MutexGuard:
    cdef Mutex _mutex
    cdef bint _held
    cdef bint _of_block
    @cython.locals(semaphore=Permits, held=bint, alone=bint)
    cdef _release(self)
    cpdef unlock(self)

@cython.locals(guard=MutexGuard)
cdef MutexGuard make_guard(Mutex mutex)

@cython.final
cdef class BlockGuard(MutexGuard):
    cdef bint _begun
    cdef BlockGuard _begin(self)

@cython.locals(guard=BlockGuard)
cdef BlockGuard make_block_guard(Mutex mutex)

cdef PyObject *_guard_await(PyObject *raw) except NULL
cdef PyObject *_guard_next(PyObject *raw) except? NULL
@cython.locals(found="PyObject *")
cdef PyObject *_mutex_enter(PyObject *raw, PyObject **args) except NULL
cdef PyObject *_mutex_exit(PyObject *raw, PyObject **args) except NULL
