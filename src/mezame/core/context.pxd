cimport cython

from .waker cimport Wakeable, Waker

@cython.final
cdef class Context:
    cdef Wakeable _source
    cdef Waker _made
    @cython.locals(source=Wakeable, waker=Waker, made=Waker)
    cdef Waker _get_waker(self)
    cdef void _leave(self) noexcept

@cython.locals(cx=Context)
cpdef Context loop_context()
