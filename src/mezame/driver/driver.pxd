from ..core.clock cimport Clock
from ..core.park cimport Park
from .poller cimport Poller
from .timer cimport Timers

cdef int _AWAKE
cdef int _PARKED
cdef int _NOTIFIED

cdef class Driver(Park):
    cdef Clock _clock
    cdef Poller _poller
    cdef Timers _timers
    cdef int _state
    cdef int _blocking
    cdef bint _nested
    cdef public bint closed
    cdef long long _until_timer(self, long long timeout_ns) except? 9
    cdef _awake(self)
    cdef _jump(self)
