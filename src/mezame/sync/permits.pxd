cimport cython

from ..core.guard cimport Guard
from ..core.waitlist cimport Place, Waiter, WaitList, as_place
from ..core.waker cimport Waker, wake_all

cdef class Permits(Guard):
    cdef long long _permits
    cdef bint _closed
    cdef WaitList _waiters
    cdef _start_permits(self, long long permits)
    cdef int _try_take(self, long long permits)
    @cython.locals(alone=bint)
    cpdef _release(self, long long permits)
    cdef _release_to(self, long long permits)
    @cython.locals(place=Place, given=longlong)
    cdef _hand_out(self, long long permits, list wakers)
    @cython.locals(found=longlong, first=Place)
    cdef long long _pool(self) except? 9
    @cython.locals(found=longlong, enough=bint)
    cdef bint _try_first(self, long long permits) except -1
    @cython.locals(found=longlong, given=longlong, served=bint, other=Waiter)
    cdef bint _join_first(self, Place place, Waker waker) except -1
    @cython.locals(gathered=longlong, parked=Waker)
    cpdef _give_up(self, Place place)
