cimport cython

from .guard cimport Guard
from .waker cimport Waker

@cython.final
cdef class AtomicWaker(Guard):
    cdef Waker _stored
    cpdef register(self, Waker waker)
    cpdef wake(self)
    cpdef take(self)
    @cython.locals(old=Waker)
    cdef Waker _swap(self, Waker waker)
