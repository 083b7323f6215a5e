from ..future.poll_next cimport PollNext
from .stream cimport Stream

cdef class Adapter(Stream):
    cdef public PollNext _source
