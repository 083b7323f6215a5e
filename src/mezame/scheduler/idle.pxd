cimport cython

from ..core.guard cimport Guard
from ..core.word cimport Word, fence

@cython.final
cdef class Idle(Guard):
    cdef int _workers
    cdef Word _searching
    cdef Word _sleeping
    cdef list _sleepers
    @cython.locals(index=int)
    cdef int _worker_to_notify(self) except -2
    @cython.locals(searching=longlong, allowed=bint)
    cdef bint _start_searching(self) except -1
    @cython.locals(searching=longlong)
    cdef bint _stop_searching(self) except -1
    @cython.locals(last=bint, left=longlong)
    cdef bint _go_to_sleep(self, int index, bint searching) except -1
    @cython.locals(found=bint)
    cdef bint _is_asleep(self, int index) except -1
    @cython.locals(found=bint)
    cdef bint _wake_up(self, int index) except -1
