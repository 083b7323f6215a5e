cimport cython

from .current cimport Spawner, current
from .frames cimport spawn_site
from .future cimport close_coroutine
from .hooks cimport Shared
from .loop cimport Loop
from .park cimport Park
from .task cimport Task, make_task

cdef Shared SHARED

cdef class Executor(Loop):
    cdef object _spawn(self, object future, object name)
    cdef _admit(self, Task task)
    @cython.locals(task=Task)
    cdef list _make_many(self, list batch, object name)
    cdef Task _make_root(self, object future)
    cdef object _enter_with_root(self, Task root)
    cdef _leave_root(self, object saved)
    @cython.locals(task=Task)
    cpdef report_failures(self)

@cython.locals(task=Task)
cpdef list running_among(list tasks)
@cython.locals(task=Task)
cpdef refuse_all(list tasks)
cpdef Task begin_root(Task root)
cpdef object root_outcome(Task root)
cpdef report_root(Task root)
@cython.locals(spawner=Spawner)
cpdef object spawn_here(object future, object name)
