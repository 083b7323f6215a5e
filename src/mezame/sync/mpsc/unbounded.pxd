from .queue cimport Queue
from .receiver cimport ReceiverEnd, Recv, make_recv
from .sender cimport SenderEnd, WeakEnd

cdef class UnboundedSender(SenderEnd):
    pass

cdef class WeakUnboundedSender(WeakEnd):
    pass

cdef class UnboundedReceiver(ReceiverEnd):
    pass
