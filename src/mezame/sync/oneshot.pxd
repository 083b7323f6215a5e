cimport cython
from cpython.ref cimport PyObject

from ..core.context cimport Context
from ..core.current cimport Current, current, distance, here, use_distance
from ..core.future cimport Future, await_next, new_reference, set_am_await, set_iternext, stop_iteration
from ..core.poll cimport PendingType, make_ready
from ..core.shelf cimport shelve, unshelve
from ..core.waker cimport Waker, wake_all
from .closed cimport Closable, Closed

cdef PendingType PENDING
cdef int _EMPTY
cdef int _FULL
cdef int _GONE
cdef int _CLOSED
cdef int _TAKEN
cdef object _NOTHING

@cython.final
cdef class _Cell(Closable):
    cdef int _state
    cdef object _value
    cdef Waker _waker
    @cython.locals(settled=bint, waker=Waker)
    cdef bint _settle(self, int state, object value) except -1
    @cython.locals(state=int, old=Waker)
    cdef int _wait(self, Waker waker)
    cdef _wake_closers(self)
    cdef object _take(self)

cdef class Sender:
    cdef _Cell _cell
    cdef Closed _closing
    cdef bint _used

cdef class Receiver:
    cdef _Cell _cell
    cdef bint _terminated
    cpdef poll(self, Context cx)
    @cython.locals(state=int)
    cdef object _receive(self, Context cx, Current cur)

@cython.final
cdef class Receive(Future):
    cdef Receiver _receiver

@cython.locals(receive=Receive)
cpdef Receive make_receive(Receiver receiver)

@cython.locals(cell=_Cell)
cdef _Cell _make_cell()
@cython.locals(sender=Sender)
cdef Sender _make_sender(_Cell cell)
@cython.locals(receiver=Receiver)
cdef Receiver _make_receiver(_Cell cell)

@cython.locals(found="PyObject *", receiver=Receiver)
cdef PyObject *_receive_next(PyObject *raw) except? NULL
@cython.locals(found="PyObject *")
cdef PyObject *_receiver_await(PyObject *raw) except NULL
