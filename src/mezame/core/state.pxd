cimport cython

from .atomic cimport atomic_load, atomic_swap
from .waker cimport Wakeable

cdef int _RUNNING
cdef int _COMPLETE
cdef int _NOTIFIED
cdef int _CANCEL
cdef int _REST
cdef int _AGAIN
cdef int _LATER

cdef class TaskState(Wakeable):
    cdef unsigned long long _bits
    cdef void _start_state(self) noexcept
    @cython.final
    @cython.nonecheck(False)
    cdef inline unsigned long long _get_bits(self) noexcept:
        return atomic_load(cython.address(self._bits))
    @cython.final
    @cython.nonecheck(False)
    cdef inline bint _swap_bits(self, unsigned long long old, unsigned long long new) noexcept:
        return atomic_swap(cython.address(self._bits), old, new)
    @cython.locals(bits="unsigned long long")
    cdef bint _to_notified(self) noexcept
    @cython.locals(bits="unsigned long long")
    cdef int _to_cancelled(self) noexcept
    @cython.locals(bits="unsigned long long")
    cdef void _forget_cancel(self) noexcept
    @cython.locals(bits="unsigned long long")
    cdef bint _to_running(self) noexcept
    cdef bint _to_held(self) noexcept
    @cython.locals(bits="unsigned long long")
    cdef bint _to_dropped(self) noexcept
    @cython.locals(bits="unsigned long long")
    cdef int _to_idle(self, bint deferred) noexcept
    @cython.locals(bits="unsigned long long")
    cdef void _to_complete(self) noexcept
    cdef bint _is_complete(self) noexcept
    cdef bint _is_running(self) noexcept
    cdef bint _is_scheduled(self) noexcept

cpdef int transition(TaskState state, str event) except -2
