cimport cython

from ...core.waitlist cimport Place, WaitList, as_place
from ...core.waker cimport Waker, wake_all
from ..closed cimport Closable

@cython.final
cdef class Queue(Closable):
    cdef object _buffer
    cdef Py_ssize_t _capacity
    cdef Py_ssize_t _free
    cdef Py_ssize_t _permits
    cdef Py_ssize_t _senders
    cdef Py_ssize_t _weak
    cdef Py_ssize_t _ticket
    cdef bint _closed
    cdef bint _gone
    cdef Waker _receiver
    cdef WaitList _waiters
    cdef bint _is_over(self) except -1
    @cython.locals(answer=int, waker=Waker)
    cdef int _offer(self, object value) except -2
    @cython.locals(answer=int)
    cdef int _claim(self, Py_ssize_t count) except -2
    @cython.locals(waker=Waker)
    cdef _push(self, object value)
    cdef _unclaim(self, Py_ssize_t count)
    @cython.locals(place=Place, given=Py_ssize_t)
    cdef _hand_out(self, Py_ssize_t count, list wakers)
    @cython.locals(taken=Py_ssize_t, answer=int, old=Waker)
    cdef int _pop(self, Waker waker, list into, Py_ssize_t limit) except -2
    @cython.locals(old=Waker)
    cdef _forget_receiver(self, Py_ssize_t ticket)
    @cython.locals(place=Place, gathered=Py_ssize_t)
    cdef _shut(self, bint drop)
    @cython.locals(alive=bint)
    cdef bint _add_sender(self) except -1
    @cython.locals(waker=Waker)
    cdef _drop_sender(self)
    cdef _count_weak(self, Py_ssize_t change)
