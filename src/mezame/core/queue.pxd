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
    @cython.nonecheck(False)
    cdef inline PyObject *_pop_link(self) noexcept:  # ``_head`` and ``_tail`` mean nothing while it is empty
        cdef PyObject *head = NULL
        if self._length > 0:
            head = self._head
            self._head = (<Wakeable>head)._next
            self._length = self._length - 1
        return head
    cdef void _append_all(self, RunQueue other) noexcept
    cdef void _clear(self) noexcept
