from ..core.block_on cimport ThreadLoop
from ..core.current cimport current
from ..core.executor cimport Executor, begin_root, root_outcome
from ..core.future cimport close_coroutine
from ..core.shutdown cimport drop_task
from ..core.task cimport Task, make_task

cdef class CurrentThread(Executor):
    cdef bint _core_taken
    cdef list _waiting
    cdef long long _forced_outside
    cdef _count_forced(self, ThreadLoop loop)
    cdef _block_on(self, Task root, ThreadLoop loop)
    cdef _drive_root(self, Task root, ThreadLoop loop)
    cdef bint _take_core(self, ThreadLoop loop)
    cdef _give_core(self)
    cdef _stop_waiting(self, ThreadLoop loop)
