cimport cython

from ..core.context cimport Context
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Waiter, WaitList
from ..core.waker cimport Waker, wake_all

cdef PendingType PENDING
cdef int _NEW
cdef int _WAITING
cdef int _CHOSEN
cdef int _ALL
cdef int _DONE

cdef class Notify(Guard):
    cdef bint _permit
    cdef long long _generation
    cdef WaitList _waiters
    cdef long long _now(self)
    cpdef notify_one(self)
    @cython.locals(notified=Notified, waker=Waker)
    cdef _notify(self, bint newest)
    @cython.locals(notified=Notified)
    cpdef notify_waiters(self)

cdef Notified _as_notified(object waiter)

cdef class Notified(Waiter):
    cdef Notify _notify
    cdef long long _generation
    cdef int _state
    cdef bint _newest
    @cython.locals(notify=Notify, state=int, old=Waker)
    cdef bint _enlist(self, Waker waker)
    @cython.locals(notify=Notify, state=int, parked=Waker)
    cpdef close(self)
