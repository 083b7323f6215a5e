cimport cython

from ..core.guard cimport Guard
from ..core.park cimport Park

cdef int _EMPTY
cdef int _ON_SEMAPHORE
cdef int _IN_DRIVER
cdef int _NOTIFIED

@cython.final
cdef class DriverSeat(Guard):
    cdef Park _driver
    cdef bint _taken
    cdef bint _take(self) noexcept
    cdef void _leave(self) noexcept
    cdef bint _look(self) except -1

@cython.final
cdef class WorkerPark(Guard):
    cdef DriverSeat _seat
    cdef object _semaphore
    cdef int _state
    cdef _park(self)
    cdef bint _enter(self, int state) noexcept
    cdef void _to_empty(self) noexcept
    cdef _unpark(self)
