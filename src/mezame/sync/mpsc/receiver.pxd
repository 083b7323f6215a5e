cimport cython

from ...core.context cimport Context
from ...core.current cimport Current, current
from ...core.future cimport Future
from ...core.poll cimport PendingType, make_ready
from .queue cimport Queue

cdef PendingType PENDING

cdef class ReceiverEnd:
    cdef Queue _queue

cdef class Recv(Future):
    cdef ReceiverEnd _receiver
    cdef object _default
    cdef bint _many
    cdef bint _done
    cdef Py_ssize_t _limit
    cdef Py_ssize_t _ticket
    cdef _start_recv(self, ReceiverEnd receiver, object default, bint many, Py_ssize_t limit)
    @cython.locals(cur=Current, queue=Queue, answer=int)
    cpdef poll(self, Context cx)

@cython.locals(recv=Recv)
cpdef Recv make_recv(ReceiverEnd receiver, object default, bint many, Py_ssize_t limit)
