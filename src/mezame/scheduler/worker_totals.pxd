cimport cython

from .worker cimport Worker, counters_of
from .worker_core cimport WorkerCore, WorkerGroup

cdef class WorkerTotals:
    cdef WorkerGroup _group
    cdef list _workers
    cdef long long _forced
    @cython.locals(core=WorkerCore)
    cpdef list _lists(self)
    cdef object _queued(self)
    @cython.locals(core=WorkerCore, total=longlong)
    cdef object _count_forced(self)
    @cython.locals(core=WorkerCore, total=longlong)
    cdef object _busy_time(self)
    @cython.locals(core=WorkerCore)
    cdef object _all_asleep(self)
