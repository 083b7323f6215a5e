from .waker cimport Wakeable

cdef int _RUNNING
cdef int _COMPLETE
cdef int _NOTIFIED
cdef int _CANCEL
cdef int _REST
cdef int _AGAIN
cdef int _LATER

cdef class TaskState(Wakeable):
    cdef int _bits
    cdef void _start_state(self) noexcept
    cdef bint _to_notified(self) noexcept
    cdef int _to_cancelled(self) noexcept
    cdef void _forget_cancel(self) noexcept
    cdef bint _to_running(self) noexcept
    cdef bint _to_held(self) noexcept
    cdef int _to_idle(self, bint deferred) noexcept
    cdef void _to_complete(self) noexcept
    cdef bint _is_complete(self) noexcept
    cdef bint _is_running(self) noexcept
    cdef bint _is_scheduled(self) noexcept

cpdef int transition(TaskState state, str event) except -2
