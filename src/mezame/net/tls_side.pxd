cimport cython

from ..core.atomic_waker cimport AtomicWaker
from ..core.context cimport Context
from ..core.guard cimport Guard
from ..core.waker cimport Waker

cdef int _WRITER

@cython.final
cdef class Slots(Waker):
    cdef readonly AtomicWaker reader
    cdef readonly AtomicWaker writer
    cdef AtomicWaker of(self, int role)

@cython.final
cdef class Side(Guard):
    cdef readonly Slots slots
    cdef readonly Context cx
    cdef bint _busy
    cdef bint _again
    cdef long long _fills
    @cython.locals(mine=bint)
    cdef bint _enter(self, int role, Context cx) except -1
    @cython.locals(again=bint)
    cdef int _leave(self) except -1
    cdef void _count_fill(self) noexcept
    @cython.locals(count="long long")
    cdef long long _count_of_fills(self) noexcept
