cimport cython

from .context cimport Context
from .future cimport Future
from .waker cimport Waker

cdef class Waiter(Future):
    cdef WaitList _owner
    cdef Waiter _before
    cdef Waiter _after
    cdef Waker _parked
    cdef void _start_waiter(self) noexcept
    cdef void _park_in(self, WaitList waiters, Waker waker) noexcept

@cython.final
cdef class WaitList:
    cdef Waiter _head
    cdef Waiter _tail
    cdef Py_ssize_t _length
    cdef void _append(self, Waiter waiter) noexcept
    @cython.locals(before=Waiter, after=Waiter)
    cdef bint _remove(self, Waiter waiter) noexcept
    cdef Waiter _pop(self)
    cdef Waiter _pop_newest(self)
    @cython.locals(waiter=Waiter)
    cdef int _take_wakers(self, list wakers) except -1

cpdef Waker waker_of(Context cx)
