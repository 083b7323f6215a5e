cimport cython

from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.future cimport Future
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Waiter, WaitList
from ..core.waker cimport Waker, wake_all

cdef PendingType PENDING

@cython.final
cdef class _Channel(Guard):
    cdef object _buffer
    cdef Py_ssize_t _capacity
    cdef Py_ssize_t _free
    cdef Py_ssize_t _permits
    cdef Py_ssize_t _senders
    cdef bint _closed
    cdef Waker _receiver
    cdef WaitList _waiters
    @cython.locals(answer=int)
    cdef int _try_claim(self)
    @cython.locals(waker=Waker)
    cdef _push(self, object value)
    @cython.locals(waker=Waker)
    cdef _unclaim(self)
    @cython.locals(reserve=Reserve)
    cdef _free_slots(self, Py_ssize_t count, list wakers)
    cdef bint _is_over(self)
    @cython.locals(taken=Py_ssize_t, answer=int, old=Waker)
    cdef int _pop(self, Waker waker, list into, Py_ssize_t limit) except -2
    @cython.locals(old=Waker)
    cdef _forget_receiver(self)
    cdef _add_sender(self)
    @cython.locals(waker=Waker)
    cdef _drop_sender(self)
    cdef _shut(self, bint drop)

cdef Reserve _as_reserve(object waiter)

cdef class _SenderEnd:
    cdef _Channel _channel
    cdef bint _open
    cdef _Channel _clone_check(self)
    cpdef bint same_channel(self, _SenderEnd other)
    cpdef close(self)

cdef class Sender(_SenderEnd):
    pass

cdef class UnboundedSender(_SenderEnd):
    pass

cdef class Reserve(Waiter):
    cdef _Channel _channel
    cdef bint _granted
    cdef bint _queued
    cdef bint _done
    @cython.locals(answer=int)
    cdef int _claim(self, Context cx) except -2

cdef class Send(Reserve):
    cdef object _value

@cython.final
cdef class Permit:
    cdef _Channel _channel
    cdef bint _used
    cpdef release(self)

cdef class Receiver:
    cdef _Channel _channel

@cython.final
cdef class Recv(Future):
    cdef _Channel _channel
    cdef object _default
    cdef bint _many
    cdef Py_ssize_t _limit
    cdef bint _done
