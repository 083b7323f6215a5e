cimport cython

from .queue cimport Queue
from .sender cimport SenderEnd

cdef class Slot:
    cdef Queue _queue
    cdef bint _used
    cdef _start_slot(self, Queue queue)
    @cython.locals(used=bint)
    cdef bint _use(self) except -1
    cdef _send(self, object value)

@cython.final
cdef class Permit(Slot):
    pass

@cython.final
cdef class OwnedPermit(Slot):
    cdef SenderEnd _sender
    cpdef bint same_channel(self, OwnedPermit other) except -1
    cpdef bint same_channel_as_sender(self, SenderEnd sender) except -1

@cython.final
cdef class PermitIterator:
    cdef Queue _queue
    cdef Py_ssize_t _left
    @cython.locals(taken=Py_ssize_t)
    cdef Py_ssize_t _take(self, Py_ssize_t count) except -1
    cpdef release(self)
