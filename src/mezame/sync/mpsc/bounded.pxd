from .permit cimport OwnedPermit, Permit, PermitIterator
from .queue cimport Queue
from .receiver cimport ReceiverEnd, Recv, make_recv
from .reserve cimport Reserve, ReserveMany, ReserveOwned, Send, make_send
from .sender cimport SenderEnd, WeakEnd

cdef class Sender(SenderEnd):
    cdef _claim_now(self, Py_ssize_t count, object value)

cdef class WeakSender(WeakEnd):
    pass

cdef class Receiver(ReceiverEnd):
    pass
