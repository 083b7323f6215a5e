cimport cython
from cpython.ref cimport PyObject

from ..core.queue cimport RunQueue
from ..core.waker cimport Wakeable
from .word cimport Word

cdef unsigned int CAPACITY
cdef unsigned int _MASK
cdef unsigned long long _WRAP

@cython.final
cdef class StealQueue:
    cdef PyObject *_slots[256]
    cdef Word _head
    cdef Word _tail
    cdef void _put(self, unsigned long long at, Wakeable item) noexcept
    @cython.locals(item="PyObject *")
    cdef Wakeable _take(self, unsigned long long at)
    @cython.locals(head=ulonglong, steal=ulonglong, real=ulonglong, tail=ulonglong, upper=ulonglong, step=int)
    cdef bint _push(self, Wakeable item, RunQueue overflow) except -1
    @cython.locals(head=ulonglong, steal=ulonglong, real=ulonglong, following=ulonglong)
    cdef Wakeable _pop(self)
    cdef unsigned int _room(self) noexcept
    @cython.locals(tail=ulonglong)
    cdef unsigned int _length(self) noexcept
    @cython.locals(
        end=ulonglong, head=ulonglong, steal=ulonglong, real=ulonglong, upper=ulonglong, count=ulonglong, step=int
    )
    cdef unsigned int _steal_into(self, StealQueue target) except? 0xFFFFFFFF
