cimport cython

from ..core.context cimport Context
from ..core.future cimport Future
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Place, Waiter, WaitList, as_place, make_place
from ..core.waker cimport Waker, wake_all

cdef PendingType PENDING
cdef int _NEW
cdef int _WAITING
cdef int _CHOSEN
cdef int _CHOSEN_LAST
cdef int _ALL
cdef int _DONE

cdef class Notify(Guard):
    cdef bint _permit
    cdef long long _generation
    cdef WaitList _waiters
    cdef long long _now(self)
    cpdef notify_one(self)
    @cython.locals(place=Place, waker=Waker)
    cdef _notify(self, bint newest)
    @cython.locals(place=Place)
    cpdef notify_waiters(self)

cdef class Notified(Future):
    cdef Notify _notify
    cdef long long _generation
    cdef Place _place
    cdef int _state
    @cython.locals(notify=Notify, place=Place, state=int, old=Waker)
    cdef bint _enlist(self, Waker waker)
    @cython.locals(notify=Notify, place=Place, state=int, parked=Waker)
    cpdef close(self)
