cimport cython

from ..core.clock cimport monotonic_ns
from ..core.context cimport Context, loop_context
from ..core.current cimport Current, Scheduler, Spawner, current
from ..core.task cimport Task, make_task
from ..core.waker cimport Wakeable
from .worker_core cimport WorkerCore, WorkerGroup, call_hook, drop_all, let_go, notify_if_work, schedule_in

cdef int BUDGET
cdef int UNLIMITED

cdef int LIFO_POLLS

cdef int RUNNING
cdef int STOPPING

@cython.final
cdef class Worker(Spawner):
    cdef WorkerGroup _group
    cdef object _pool
    cdef WorkerCore _core
    cdef Context _cx
    cdef Current _cur
    cdef object _histogram
    cdef bint _observed
    cdef object _forsaken
    cdef bint _tuned
    cdef int _event_interval
    cdef int _global_interval
    cdef long long _batch_polls
    cdef long long _batch_started
    cdef readonly unsigned long thread
    @cython.locals(cur=Current)
    cpdef _run_with(self, WorkerCore core)
    @cython.locals(core=WorkerCore, task=Task, cx=Context, cur=Current, left=int)
    cdef _loop(self)
    @cython.locals(core=WorkerCore, polls=longlong)
    cdef _loop_on(self)
    cdef _tidy(self, WorkerCore core)
    @cython.locals(following=Task)
    cdef bint _poll_lifo(self, WorkerCore core, Context cx, Current cur) except -1
    @cython.locals(what=int)
    cdef bint _poll(self, WorkerCore core, Task task, Context cx, Current cur) except -1
    cdef bint _put_coreless(self, Task task, int what) except -1
    @cython.locals(what=int)
    cdef int _run_observed(self, Task task) except -1
    cdef object _get_histogram(self)
    cdef int _let_go(self, Task task) except -1
    @cython.locals(core=WorkerCore)
    cdef int _turn(self) except -1
    @cython.locals(core=WorkerCore)
    cdef _sleep(self)
    @cython.locals(searching=bint)
    cdef _fall_asleep(self, WorkerCore core, WorkerGroup group)
    cdef _start_batch(self, WorkerCore core)
    @cython.locals(core=WorkerCore, polls=longlong, now=longlong, mean=double)
    cdef _tune(self)
    @cython.locals(task=Task)
    cdef Task _spawn_in(self, WorkerCore core, object future, object name)
    @cython.locals(core=WorkerCore, cur=Current)
    cpdef object block_in_place(self, object function, object args, object kwargs)
@cython.locals(interval=longlong)
cdef int interval_for(double mean_poll) except -1
cpdef tuple counters_of(WorkerCore core, Worker worker)
