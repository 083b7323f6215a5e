from .queue cimport Queue

cdef class SenderEnd:
    cdef Queue _queue
    cdef bint _open
    cdef Queue _get_queue(self)
    cpdef bint same_channel(self, SenderEnd other) except -1
    cpdef close(self)

cdef class WeakEnd:
    cdef Queue _queue
