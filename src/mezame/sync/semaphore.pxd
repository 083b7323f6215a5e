cimport cython

from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.guard cimport Guard
from ..core.future cimport Future
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Place, Waiter, WaitList, as_place, make_place
from ..core.waker cimport Waker, wake_all

cdef PendingType PENDING
cdef long long _ALL

cdef class Semaphore(Guard):
    cdef long long _permits
    cdef bint _closed
    cdef WaitList _waiters
    cdef int _try_take(self, long long permits)
    cpdef _release(self, long long permits)
    @cython.locals(place=Place, given=longlong)
    cdef _hand_out(self, long long permits, list wakers)
    @cython.locals(found=longlong, first=Place)
    cdef long long _pool(self) except *
    @cython.locals(found=longlong, enough=bint)
    cdef bint _try_first(self, long long permits) except -1
    @cython.locals(found=longlong, given=longlong, served=bint, other=Waiter)
    cdef bint _join_first(self, Place place, Waker waker) except -1
    @cython.locals(gathered=longlong, parked=Waker)
    cdef _give_up(self, Place place)

cdef class Acquire(Future):
    cdef Semaphore _semaphore
    cdef Place _place
    cdef long long _wanted
    cdef bint _done
    cdef SemaphorePermit _permit
    @cython.locals(semaphore=Semaphore, place=Place, fresh=bint, closed=bint, got=bint, taken=longlong, gathered=longlong, old=Waker)
    cdef bint _acquire(self, Context cx) except -1

@cython.final
cdef class _Entering(Future):
    cdef Acquire _acquire

@cython.final
cdef class SemaphorePermit:
    cdef Semaphore _semaphore
    cdef long long _count
    @cython.locals(semaphore=Semaphore, taken=longlong)
    cdef long long _take(self, long long count, bint exactly) except *
    cpdef release(self)
    @cython.locals(count=longlong, semaphore=Semaphore)
    cpdef merge(self, SemaphorePermit other)
