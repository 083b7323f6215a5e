from ..core.cell cimport run_traced
from ..core.context cimport Context, loop_context
from ..core.current cimport Current, Scheduler, current
from ..core.future cimport Future
from ..core.hooks cimport Shared
from ..core.poll cimport make_ready
from ..core.task cimport Task, make_task
from ..core.waker cimport Wakeable

cdef Shared SHARED

cdef class Call(Future):
    cdef object _function
    cdef tuple _args
    cdef dict _kwargs

cdef class BlockingPool(Scheduler):
    cdef dict __dict__
    cdef _run_job(self, Task task)
    cdef _drop(self, Task task)
    cdef int _enqueue(self, Wakeable item, bint mandatory) except -1
    cpdef Task submit(self, object function, tuple args, dict kwargs, object name, bint mandatory=*)
