cimport cython

from .guard cimport Guard

cdef extern from "Python.h":
    unsigned long thread_ident "PyThread_get_thread_ident"() noexcept

@cython.final
cdef class Turn(Guard):
    cdef unsigned long _owner
    cdef Py_ssize_t _depth
    cdef bint _wanted
    @cython.locals(me="unsigned long")
    cpdef enter(self)
    @cython.locals(mine=bint)
    cdef bint _take(self, unsigned long me, bint wanted) noexcept
    @cython.locals(wanted=bint)
    cpdef leave(self)
