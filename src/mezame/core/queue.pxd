cimport cython

from .waker cimport Wakeable

@cython.final
cdef class RunQueue:
    cdef Wakeable _head
    cdef Wakeable _tail
    cdef Py_ssize_t _length
    cdef void _push(self, Wakeable item) noexcept
    cdef Wakeable _pop(self)
    cdef void _append_all(self, RunQueue other) noexcept
