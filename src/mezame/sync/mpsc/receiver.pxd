cimport cython

from ...core.context cimport Context
from cpython.ref cimport PyObject

from ...core.current cimport Current, current, distance, here, use_distance
from ...core.future cimport Future, await_next, new_reference, set_iternext, stop_iteration
from ...core.shelf cimport shelve, unshelve
from ...core.poll cimport PendingType, make_ready
from .queue cimport Queue

cdef PendingType PENDING
cdef object _NOTHING
cdef object _OVER
cdef object _NO_DEFAULT

cdef class ReceiverEnd:
    cdef Queue _queue

@cython.final
cdef class Recv(Future):
    cdef ReceiverEnd _receiver
    cdef object _default
    cdef bint _done
    cdef Py_ssize_t _ticket
    @cython.locals(queue=Queue, ticket=Py_ssize_t)
    cdef object _recv(self, Context cx, Current cur)
    cdef int _keep(self, Py_ssize_t ticket) except -1
    cdef object _end(self)

@cython.locals(recv=Recv)
cpdef Recv make_recv(ReceiverEnd receiver, object default)

cdef class RecvMany(Future):
    cdef ReceiverEnd _receiver
    cdef bint _done
    cdef Py_ssize_t _limit
    cdef Py_ssize_t _ticket
    @cython.locals(cur=Current, queue=Queue, got=list, ticket=Py_ssize_t)
    cpdef poll(self, Context cx)
    cpdef close(self)

@cython.locals(found="PyObject *")
cdef PyObject *_recv_next(PyObject *raw) except? NULL
