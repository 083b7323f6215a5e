cimport cython

from ...core.context cimport Context
from cpython.ref cimport PyObject

from ...core.current cimport Current, current, distance, here, use_distance
from ...core.future cimport Future, await_next, new_reference, set_iternext
from ...core.shelf cimport shelve, unshelve
from ...core.poll cimport PendingType, make_ready
from ...core.waitlist cimport Keeper, Place, make_place
from ...core.waker cimport Waker
from .permit cimport OwnedPermit, Permit, PermitIterator
from .queue cimport Queue
from .sender cimport SenderEnd

cdef PendingType PENDING

cdef class Claim(Future):
    cdef Queue _queue
    cdef SenderEnd _sender
    cdef Place _place
    cdef Keeper _keeper
    cdef Py_ssize_t _wanted
    cdef bint _done
    cdef _start_claim(self, SenderEnd sender, Py_ssize_t count)
    @cython.locals(cur=Current, answer=int)
    cdef int _claim_slots(self, Context cx) except -2
    cdef bint _is_fresh(self) except -1
    @cython.locals(queue=Queue, place=Place, fresh=bint, waker=Waker, old=Waker, answer=int, taken=Py_ssize_t, gathered=Py_ssize_t)
    cdef int _wait(self, Context cx) except -2
    cpdef close(self)

@cython.final
cdef class Reserve(Claim):
    pass

@cython.final
cdef class ReserveOwned(Claim):
    pass

@cython.final
cdef class ReserveMany(Claim):
    pass

@cython.final
cdef class Send(Future):
    cdef SenderEnd _sender
    cdef object _value
    cdef Reserve _reserve
    cdef bint _done
    @cython.locals(answer=int, sender=SenderEnd)
    cdef bint _send(self, Context cx, Current cur) except -1
    cdef bint _finish(self, int answer) except -1

@cython.locals(send=Send)
cpdef Send make_send(SenderEnd sender, object value)
@cython.locals(found="PyObject *")
cdef PyObject *_send_next(PyObject *raw) except? NULL
