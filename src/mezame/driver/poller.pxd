from cpython.exc cimport PyErr_CheckSignals

from ..core.guard cimport Guard

cdef extern from "pythread.h":
    unsigned long thread_ident "PyThread_get_thread_ident"() noexcept

cdef class Poller(Guard):
    cdef public long long added
    cdef public long long removed
    cdef public long long events
    cdef public unsigned long watcher
    cdef public int skipped
    cpdef _start_counts(self)
    cpdef bint must_look(self) except -1
    cpdef int wait(self, long long timeout_ns) except -1
    cpdef int nest(self) except -1
    cpdef notify(self)
