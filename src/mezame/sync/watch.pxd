cimport cython

from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.future cimport Future
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Place, WaitList, make_place
from ..core.waker cimport Waker, wake_all
from .closed cimport Closable, Closed

cdef PendingType PENDING
cdef int _UNCHANGED
cdef int _CHANGED
cdef int _CLOSED

@cython.final
cdef class _Cell(Closable):
    cdef object _value
    cdef long long _version
    cdef Py_ssize_t _receivers
    cdef Py_ssize_t _senders
    cdef WaitList _waiters
    cdef object _writing
    cdef object _get(self)
    cdef object _swap(self, object value)
    cdef _tell(self)
    @cython.locals(version=longlong)
    cdef long long _count_receivers(self, Py_ssize_t change) except? 9
    cdef _count_senders(self, Py_ssize_t change)

@cython.final
cdef class ValueMut:
    cdef _Cell _cell

cdef class Sender:
    cdef _Cell _cell
    cdef bint _open
    cdef _Cell _get_cell(self)
    cpdef bint same_channel(self, Sender other) except -1
    cpdef close(self)

cdef class Receiver:
    cdef _Cell _cell
    cdef long long _seen
    cdef int _look(self) noexcept
    cpdef borrow_and_update(self)
    cpdef bint same_channel(self, Receiver other) except -1

cdef class Changed(Future):
    cdef Place _place
    cdef Receiver _receiver
    cdef bint _done
    cdef _start_changed(self, Receiver receiver)
    @cython.locals(cur=Current, found=int)
    cpdef poll(self, Context cx)
    @cython.locals(receiver=Receiver, cell=_Cell, place=Place, waker=Waker, old=Waker, found=int)
    cdef int _wait(self, Context cx) except -1
    @cython.locals(cell=_Cell, place=Place, old=Waker)
    cpdef close(self)

cdef class WaitFor(Changed):
    cdef object _predicate
    @cython.locals(cur=Current, state=int)
    cpdef poll(self, Context cx)
