cimport cython
from cpython.ref cimport PyObject

from .guard cimport Guard

cdef class Wakeable(Guard):
    cdef PyObject *_next
    cdef TaskWaker _waker
    cdef int _wake(self) except -1
    @cython.locals(waker=TaskWaker)
    cdef Waker _make_waker(self)
    @cython.locals(waker=TaskWaker)
    cdef void _cut_waker(self) noexcept

cdef class Waker(Guard):
    cpdef wake(self)
    cpdef wake_by_ref(self)
    cpdef bint will_wake(self, object other)
    cpdef Waker clone(self)

@cython.final
cdef class TaskWaker(Waker):
    cdef Wakeable _target

cdef class CallbackWaker(Waker):
    cdef object _function
    @cython.locals(callback=CallbackWaker)
    cpdef bint will_wake(self, object other)

@cython.final
cdef class NoopWaker(Waker):
    pass

cpdef wake_all(list wakers)
cdef Waker check_waker(object other)
