cimport cython

from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Waiter, WaitList
from ..core.waker cimport Waker, wake_all

cdef PendingType PENDING

cdef class Semaphore(Guard):
    cdef long long _permits
    cdef bint _closed
    cdef WaitList _waiters
    cdef int _try_take(self, long long permits)
    cpdef _release(self, long long permits)
    @cython.locals(acquire=Acquire, given=longlong)
    cdef _hand_out(self, long long permits, list wakers)
    @cython.locals(gathered=longlong, free=longlong, parked=Waker)
    cdef _give_up(self, Acquire acquire)

cdef Acquire _as_acquire(object waiter)

cdef class Acquire(Waiter):
    cdef Semaphore _semaphore
    cdef long long _wanted
    cdef long long _needs
    cdef bint _queued
    cdef bint _done
    cdef Permit _permit
    @cython.locals(answer=int, closed=bint, got=bint, taken=longlong)
    cdef bint _acquire(self, Context cx) except -1

@cython.final
cdef class _Entering(Waiter):
    cdef Acquire _acquire

@cython.final
cdef class Permit:
    cdef Semaphore _semaphore
    cdef long long _count
    cpdef release(self)
