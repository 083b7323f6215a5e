cimport cython
from cpython.exc cimport PyErr_CheckSignals

from ..core.guard cimport Guard
from ..core.word cimport Word

cdef extern from "pythread.h":
    unsigned long thread_ident "PyThread_get_thread_ident"() noexcept

cdef class Poller(Guard):
    cdef public long long added
    cdef public long long removed
    cdef public long long events
    cdef Word watcher
    cdef public int skipped
    cdef public bint forsaken
    cpdef _start_counts(self)
    cpdef set_watcher(self, unsigned long long ident)
    @cython.locals(watcher=ulonglong)
    cpdef bint must_look(self) except -1
    cpdef int wait(self, long long timeout_ns) except -1
    cpdef int nest(self) except -1
    cpdef notify(self)
