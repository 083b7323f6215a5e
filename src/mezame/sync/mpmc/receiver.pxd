from ...core.context cimport Context
from ...core.current cimport Current, current
from ...core.poll cimport PendingType, make_ready
from .end cimport End
from .queue cimport Queue, Turn

cdef PendingType PENDING

cdef class Receiver(End):
    pass

cdef class WeakReceiver:
    cdef Queue _queue

cdef class Recv(Turn):
    cdef Receiver _receiver
    cdef object _default
