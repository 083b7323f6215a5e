cimport cython

from ..core.clock cimport Clock
from ..core.guard cimport Guard
from ..core.waker cimport Waker, wake_all
from .wheel cimport TimerEntry, TimerWheel

cdef int _NEW
cdef int _WAITING
cdef int _FIRED
cdef int _CLOSED
cdef long long _TICK_NS
cdef Py_ssize_t _BATCH

@cython.final
cdef class Timers(Guard):
    cdef readonly Clock clock
    cdef public object unpark
    cdef TimerWheel _wheel
    cdef long long _origin
    cdef bint _parked
    cdef long long _parked_until
    cdef bint _closed
    @cython.locals(tick=longlong, early=bint, closed=bint, waiting=bint, old=Waker)
    cpdef bint register(self, TimerEntry entry, long long deadline_ns, Waker waker) except -1
    @cython.locals(waker=Waker)
    cpdef Waker deregister(self, TimerEntry entry)
    @cython.locals(state=int)
    cpdef bint has_fired(self, TimerEntry entry) except -1
    cpdef long long next_deadline_ns(self) except? 9
    cpdef long long begin_park(self) except? 9
    cpdef end_park(self)
    cpdef Py_ssize_t fire_due(self) except -1
    @cython.locals(now=longlong, total=Py_ssize_t, more=bint, fired=list, wakers=list)
    cpdef Py_ssize_t fire(self, long long now_ns) except -1
    @cython.locals(entry=TimerEntry)
    cdef _collect(self, list fired, list wakers, int state)
