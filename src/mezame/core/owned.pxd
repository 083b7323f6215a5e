cimport cython

from .guard cimport Guard
from .task cimport Task

@cython.final
cdef class OwnedTasks(Guard):
    cdef list _tasks
    cdef long long _total
    cdef bint _closed
    cdef bint _add(self, Task task) except -1
    @cython.locals(last=Task, at=Py_ssize_t)
    cdef _discard(self, Task task)
    cdef void _close(self) noexcept
    cdef _reopen_for(self, Task task)
    cdef Py_ssize_t _count(self) noexcept
    cdef list _all(self)
