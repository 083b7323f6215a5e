cimport cython

from ..core.context cimport Context
from cpython.ref cimport PyObject

from ..core.current cimport Current, current, distance, here, use_distance
from ..core.guard cimport Guard
from ..core.future cimport Future, await_next, new_reference, set_iternext, stop_iteration
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Keeper, Place, Waiter, WaitList, as_place, make_place
from ..core.waker cimport Waker, wake_all

cdef PendingType PENDING
cdef object _WAITING
cdef long long _ALL

cdef class Semaphore(Guard):
    cdef long long _permits
    cdef bint _closed
    cdef WaitList _waiters
    cdef int _try_take(self, long long permits)
    @cython.locals(alone=bint)
    cpdef _release(self, long long permits)
    cdef _release_to(self, long long permits)
    @cython.locals(place=Place, given=longlong)
    cdef _hand_out(self, long long permits, list wakers)
    @cython.locals(found=longlong, first=Place)
    cdef long long _pool(self) except *
    @cython.locals(found=longlong, enough=bint)
    cdef bint _try_first(self, long long permits) except -1
    @cython.locals(found=longlong, given=longlong, served=bint, other=Waiter)
    cdef bint _join_first(self, Place place, Waker waker) except -1
    @cython.locals(gathered=longlong, parked=Waker)
    cpdef _give_up(self, Place place)

cdef class Acquire(Future):
    cdef Semaphore _semaphore
    cdef Place _place
    cdef Keeper _keeper
    cdef long long _wanted
    cdef bint _done
    cdef bint _with
    cdef SemaphorePermit _permit
    cdef _start_acquire(self, Semaphore semaphore, long long permits)
    cdef object _go(self, Context cx, Current cur)
    cdef object _won(self)
    cdef bint _acquire(self, Context cx, Current cur) except -1
    @cython.locals(semaphore=Semaphore, place=Place, fresh=bint, closed=bint, got=bint, taken=longlong, gathered=longlong, old=Waker)
    cdef bint _wait(self, Context cx, Current cur) except -1
    cdef _make_place(self)

@cython.locals(found="PyObject *")
cdef PyObject *_acquire_next(PyObject *raw) except? NULL

@cython.final
cdef class SemaphorePermit:
    cdef Semaphore _semaphore
    cdef long long _count
    @cython.locals(semaphore=Semaphore, taken=longlong)
    cdef long long _take(self, long long count, bint exactly) except *
    cpdef release(self)
    @cython.locals(count=longlong, semaphore=Semaphore)
    cpdef merge(self, SemaphorePermit other)
