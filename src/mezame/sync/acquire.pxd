cimport cython
from cpython.ref cimport PyObject

from ..core.bound cimport quicken
from ..core.context cimport Context
from ..core.current cimport Current, current, distance, here, use_distance
from ..core.future cimport Future, await_next, new_reference, set_iternext, stop_iteration
from ..core.poll cimport PendingType, make_ready
from ..core.shelf cimport shelve, unshelve
from ..core.waitlist cimport Keeper, Place, make_place
from ..core.waker cimport Waker
from .permits cimport Permits

cdef PendingType PENDING
cdef object _WAITING
cdef long long _ALL
cdef object _DONE

cpdef object check_count(object permits)

cdef class Acquire(Future):
    cdef Permits _semaphore
    cdef Place _place
    cdef Keeper _keeper
    cdef long long _wanted
    cdef bint _done
    cdef bint _with
    cdef SemaphorePermit _permit
    cdef _start_acquire(self, Permits semaphore, long long permits)
    cdef object _go(self, Context cx, Current cur)
    cdef object _won(self)
    cdef bint _acquire(self, Context cx, Current cur) except -1
    @cython.locals(semaphore=Permits, place=Place, fresh=bint, closed=bint, got=bint, taken=longlong, gathered=longlong, old=Waker)
    cdef bint _wait(self, Context cx, Current cur) except -1
    cdef _make_place(self)

@cython.locals(acquire=Acquire)
cpdef Acquire make_acquire(Permits semaphore, long long permits)

@cython.locals(found="PyObject *")
cdef PyObject *_acquire_next(PyObject *raw) except? NULL
cdef PyObject *_acquire_enter(PyObject *raw, PyObject **args) except NULL
cdef PyObject *_acquire_exit(PyObject *raw, PyObject **args) except NULL

@cython.final
cdef class SemaphorePermit:
    cdef Permits _semaphore
    cdef long long _count
    @cython.locals(semaphore=Permits, taken=longlong)
    cdef long long _take(self, long long count, bint exactly) except? 9
    @cython.locals(count=longlong, semaphore=Permits, alone=bint)
    cpdef release(self)
    @cython.locals(count=longlong, semaphore=Permits)
    cpdef merge(self, SemaphorePermit other)

@cython.locals(permit=SemaphorePermit)
cdef SemaphorePermit make_permit(Permits semaphore, long long count)
