from .queue cimport Queue

cdef class End:
    cdef Queue _queue
    cdef bint _is_sender
    cdef bint _open
    cdef _start_end(self, Queue queue, bint is_sender)
    cdef Queue _get_queue(self)
    cpdef bint same_channel(self, End other) except -1
    cdef _leave(self)
