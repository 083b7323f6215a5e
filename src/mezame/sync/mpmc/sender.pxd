from ...core.context cimport Context
from ...core.current cimport Current, current
from ...core.poll cimport PendingType, make_ready
from .end cimport End
from .queue cimport Queue, Turn

cdef PendingType PENDING

cdef class Sender(End):
    pass

cdef class WeakSender:
    cdef Queue _queue

cdef class Send(Turn):
    cdef Sender _sender
    cdef object _value
