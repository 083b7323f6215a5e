from .receiver cimport Receiver
from .ring cimport Ring

cdef class Sender:
    cdef Ring _ring
    cdef bint _open
    cdef Ring _get_ring(self)
    cpdef bint same_channel(self, Sender other) except -1
    cpdef close(self)

cdef class WeakSender:
    cdef Ring _ring
