cimport cython

from ...core.future cimport Future
from ...core.guard cimport Guard
from ...core.waitlist cimport Place, WaitList, as_place, make_place
from ...core.waker cimport Waker, wake_all

cdef class Turn(Future):
    cdef bint _done
    cdef Place _place
    cdef _start_turn(self)
    cdef Place _get_place(self)

@cython.final
cdef class Queue(Guard):
    cdef object _buffer
    cdef Py_ssize_t _capacity
    cdef Py_ssize_t _free
    cdef Py_ssize_t _claims
    cdef Py_ssize_t _senders
    cdef Py_ssize_t _receivers
    cdef bint _closed
    cdef WaitList _sending
    cdef WaitList _receiving
    @cython.locals(place=Place)
    cdef bint _next_turn(self, WaitList waiters, list wakers) except -1
    cdef _add(self, object value, list wakers)
    cdef _free_slot(self, list wakers)
    @cython.locals(answer=int)
    cdef int _offer(self, object value) except -2
    @cython.locals(answer=int)
    cdef int _force(self, object value, list evicted) except -2
    @cython.locals(answer=int)
    cdef int _take(self, list into) except -2
    @cython.locals(answer=int, given=bint, old=Waker)
    cdef int _poll_send(self, Place place, object value, Waker waker) except -2
    @cython.locals(answer=int, given=bint, old=Waker)
    cdef int _poll_recv(self, Place place, list into, Waker waker) except -2
    @cython.locals(given=bint, old=Waker)
    cdef _drop(self, Place place, bint sending)
    @cython.locals(closing=bint)
    cdef bint _close(self) except -1
    @cython.locals(left=Py_ssize_t)
    cdef Py_ssize_t _count(self, bint sending, Py_ssize_t change) except -1
    @cython.locals(count=Py_ssize_t, alive=bint)
    cdef bint _revive(self, bint sending) except -1
