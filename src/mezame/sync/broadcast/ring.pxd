cimport cython

from ...core.waitlist cimport WaitList
from ...core.waker cimport Waker, wake_all
from ..closed cimport Closable

@cython.final
cdef class Slot:
    cdef Py_ssize_t _left
    cdef object _value

@cython.final
cdef class Ring(Closable):
    cdef list _slots
    cdef Py_ssize_t _size
    cdef Py_ssize_t _mask
    cdef Py_ssize_t _receivers
    cdef Py_ssize_t _senders
    cdef Py_ssize_t _weak
    cdef long long _tail
    cdef WaitList _waiters
    cdef Slot _slot(self, long long number)
    @cython.locals(count=Py_ssize_t, slot=Slot)
    cdef Py_ssize_t _put(self, object value) except -1
    @cython.locals(slot=Slot)
    cdef int _take(self, long long number, list into) except -1
    cdef long long _oldest(self) noexcept
    @cython.locals(number=longlong, oldest=longlong, count=longlong)
    cdef long long _unread(self) except? 9
    @cython.locals(number=longlong)
    cdef long long _join(self) except? 9
    @cython.locals(oldest=longlong)
    cdef _leave(self, long long number)
    @cython.locals(alive=bint)
    cdef bint _add_sender(self) except -1
    cdef _drop_sender(self)
    cdef _count_weak(self, Py_ssize_t change)
