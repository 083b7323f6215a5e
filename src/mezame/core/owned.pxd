cimport cython

from .guard cimport Guard
from .task cimport Task

@cython.final
cdef class OwnedTasks(Guard):
    cdef Task _first
    cdef Py_ssize_t _length
    cdef long long _total
    cdef bint _closed
    @cython.locals(first=Task)
    cdef bint _add(self, Task task) noexcept
    @cython.locals(before=Task, after=Task)
    cdef void _discard(self, Task task) noexcept
    cdef void _close(self) noexcept
    cdef void _reopen_for(self, Task task) noexcept
    cdef Py_ssize_t _count(self) noexcept
    @cython.locals(task=Task)
    cdef list _all(self)
