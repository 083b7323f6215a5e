cimport cython

from ..core.block_on cimport ThreadLoop
from ..core.cell cimport hold
from ..core.current cimport current
from ..core.executor cimport begin_root, root_outcome, running_among
from ..core.frames cimport spawn_site
from ..core.future cimport close_coroutine
from ..core.owned cimport OwnedTasks
from ..core.park cimport Park
from ..core.queue cimport RunQueue
from ..core.shutdown cimport drop_task, end_dropped
from ..core.task cimport Task, make_task
from .worker cimport Worker
from .worker_core cimport WorkerCore, WorkerGroup, call_hook, drop, drop_all, let_go, mark_observed, report, schedule_in, unpark
from .worker_park cimport DriverSeat
from .worker_totals cimport WorkerTotals

cdef int CLOSING
cdef int STOPPING

cdef class MultiThread(WorkerTotals):
    cdef object __weakref__
    cdef Park _park
    cdef int _count
    cdef int _event_interval
    cdef int _global_interval
    cdef bint _lifo
    cdef object _seed
    cdef object _histogram
    cdef object _condition
    cdef object _threads
    cdef list _handoffs
    cdef dict _roots
    cdef int _made
    cdef set _left
    cdef set _abandoned
    cdef set _failures
    cdef bint _closed
    cdef bint _forked
    cdef bint _leaving
    @cython.locals(worker=Worker)
    cdef WorkerCore _here(self)
    @cython.locals(core=WorkerCore)
    cdef Task _make(self, object future, object name, object context)
    @cython.locals(group=WorkerGroup, core=WorkerCore, owned=OwnedTasks)
    cdef _admit(self, Task task)
    cdef _drive(self, ThreadLoop loop, Task root)
    @cython.locals(closing=Task)
    cdef _unwind(self, object deadline, object last)
    @cython.locals(core=WorkerCore)
    cdef _drop_all(self, list tasks)
    @cython.locals(task=Task, queued=RunQueue)
    cdef _drop_idle(self, list tasks)

