cimport cython

from .context cimport Context
from .shelf cimport shelve, unshelve
from .waker cimport Waker

cdef class Waiter:
    cdef WaitList _owner
    cdef Waiter _before
    cdef Waiter _after
    cdef Waker _parked
    cdef void _start_waiter(self) noexcept
    cdef void _park_in(self, WaitList waiters, Waker waker) noexcept
    cdef int _give_waker(self, list wakers) except -1

@cython.final
cdef class Place(Waiter):
    cdef long long _wanted
    cdef long long _needs
    cdef int _state

@cython.final
cdef class Keeper:
    cdef object _kept_owner
    cdef Place _kept_place

@cython.locals(place=Place)
cpdef Place make_place(long long wanted)
cpdef Place as_place(object member)

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
