cimport cython

from .clock cimport monotonic_ns
from .executor cimport Executor
from .task cimport Task, make_task

@cython.locals(task=Task)
cpdef list close_executor(Executor executor, object timeout, object last)
@cython.locals(task=Task, closing=Task)
cdef unwind(Executor executor, object deadline, object last)
@cython.locals(left=longlong, task=Task)
cdef drain(Executor executor, object deadline)
@cython.locals(deadline=longlong)
cpdef drop_task(Task task)
cpdef bint try_drop(Task task) except -1
cpdef end_dropped(Task task)
@cython.locals(entered=list)
cdef close_inside(object coro, object context)
