cimport cython

from .clock cimport monotonic_ns
from .word cimport Word

cdef unsigned long long AWAKE

@cython.final
cdef class BusyTime:
    cdef Word _word
    cdef Word _seen
    @cython.locals(word=ulonglong)
    cdef void _start(self, unsigned long long now) noexcept
    @cython.locals(word=ulonglong)
    cdef void _stop(self, unsigned long long now) noexcept
    cdef bint _is_awake(self) noexcept
    @cython.locals(total=ulonglong, seen=ulonglong)
    cdef unsigned long long _total_ns(self) noexcept
    @cython.locals(word=ulonglong, total=ulonglong)
    cdef unsigned long long _look(self) noexcept
