cimport cython
from cpython.ref cimport PyObject

from .waker cimport Wakeable

@cython.final
cdef class RunQueue:
    cdef PyObject *_head
    cdef PyObject *_tail
    cdef Py_ssize_t _length
    @cython.locals(link="PyObject *")
    cdef void _push(self, Wakeable item) noexcept
    @cython.locals(link="PyObject *")
    cdef Wakeable _pop(self)
    @cython.locals(head="PyObject *")
    cdef PyObject *_pop_link(self) noexcept
    cdef void _append_all(self, RunQueue other) noexcept
    cdef void _clear(self) noexcept
