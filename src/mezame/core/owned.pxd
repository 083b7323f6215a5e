cimport cython

from .guard cimport Guard
from .task cimport Task

@cython.final
cdef class OwnedTasks(Guard):
    cdef list _tasks
    cdef long long _total
    cdef bint _closed
    cpdef bint _add(self, Task task) except -1
    @cython.locals(task=Task)
    cpdef bint _add_all(self, list tasks) except -1
    @cython.locals(last=Task, at=Py_ssize_t)
    cpdef _discard(self, Task task)
    cpdef _close(self)
    cpdef _reopen_for(self, Task task)
    cpdef Py_ssize_t _count(self) except -1
    cpdef list _all(self)
    cpdef object total(self)
