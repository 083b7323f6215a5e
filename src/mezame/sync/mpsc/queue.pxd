cimport cython

from ...core.waitlist cimport Place, WaitList, as_place
from ...core.waker cimport Waker, wake_all
from ..closed cimport Closable
from ..ring cimport Ring

cdef object _NOTHING
cdef object _OVER

@cython.final
cdef class Queue(Closable):
    cdef Ring _buffer
    cdef Py_ssize_t _capacity
    cdef Py_ssize_t _free
    cdef Py_ssize_t _permits
    cdef Py_ssize_t _senders
    cdef Py_ssize_t _weak
    cdef Py_ssize_t _ticket
    cdef bint _closed
    cdef bint _gone
    cdef Py_ssize_t _owner
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
    @cython.locals(place=Place, waker=Waker)
    cdef Waker _hand_out_one(self)
    @cython.locals(waker=Waker)
    cdef object _take(self)
    @cython.locals(old=Waker, answer=Py_ssize_t, evicts=bint)
    cdef Py_ssize_t _park_receiver(self, Waker waker, Py_ssize_t ticket) except -2
    @cython.locals(taken=Py_ssize_t, answer=int)
    cdef int _take_many(self, list into, Py_ssize_t limit) except -2
    @cython.locals(old=Waker, gathered=Py_ssize_t)
    cpdef _give_up(self, Place place)
    @cython.locals(old=Waker)
    cdef _forget_receiver(self, Py_ssize_t ticket)
    @cython.locals(place=Place, gathered=Py_ssize_t)
    cdef _shut(self, bint drop)
    @cython.locals(alive=bint)
    cdef bint _add_sender(self) except -1
    @cython.locals(waker=Waker)
    cdef _drop_sender(self)
    cdef _count_weak(self, Py_ssize_t change)
