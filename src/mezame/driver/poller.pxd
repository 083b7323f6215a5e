from ..core.guard cimport Guard

cdef class Poller(Guard):
    cdef public long long added
    cdef public long long removed
    cdef public long long events
    cpdef _start_counts(self)
    cpdef int wait(self, long long timeout_ns) except -1
    cpdef int nest(self) except -1
    cpdef notify(self)
