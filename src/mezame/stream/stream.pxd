from ..future.poll_next cimport PollNext

cdef class Stream(PollNext):
    pass
