cimport cython

from .cell cimport run_traced
from .context cimport Context, loop_context
from .current cimport Current, Scheduler, current
from .executor cimport begin_root, root_outcome
from .future cimport close_coroutine
from .hooks cimport Shared
from .park cimport Park
from .task cimport Task, make_task
from .waker cimport Wakeable, Waker

cdef Shared SHARED

cdef int BUDGET

cdef class ThreadLoop(Scheduler):
    cdef Park _parker
    cdef bint _poked
    cdef object _interrupted
    cdef bint _leaving
    cdef _take_interrupt(self)
    cdef readonly long long polls
    cdef readonly bint is_parked
    cdef readonly unsigned long thread
    cpdef give_up(self, Task root)
    cdef bint _drive(self, Task root) except -1
    cpdef poke(self)
    cpdef object forced_yields(self)
