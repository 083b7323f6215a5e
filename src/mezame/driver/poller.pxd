from ..core.guard cimport Guard

cdef class Poller(Guard):
    cpdef int wait(self, long long timeout_ns) except -1
    cpdef notify(self)
