cimport cython

from .busy cimport BusyTime
from .clock cimport monotonic_ns
from .context cimport Context, loop_context
from .current cimport Current, Spawner, current
from .owned cimport OwnedTasks
from .park cimport Park
from .ready cimport ReadyTasks, RootAgain
from .task cimport Task

cdef int BUDGET
cdef int _EMPTY
cdef int _STALLED

cdef class Loop(Spawner):
    cdef object __weakref__
    cdef Park _park
    cdef ReadyTasks _ready
    cdef OwnedTasks _owned
    cdef Context _cx
    cdef Current _cur
    cdef int _event_interval
    cdef object _histogram
    cdef object _fatal
    cdef bint _leaving
    cdef bint _forked
    cdef set _failures
    cdef bint _shutdown_on_failure
    cdef bint _closed
    cdef bint _observed
    cdef unsigned long _thread
    cdef BusyTime _busy
    cdef readonly long long parks
    cdef readonly long long polls
    cdef readonly long long turns
    @cython.locals(left=int, task=Task, ready=ReadyTasks, cx=Context, cur=Current)
    cdef _loop(self, int until)
    @cython.locals(what=int)
    cdef int _poll_task(self, Task task, Context cx, Current cur) except -1
    cdef int _run_observed(self, Task task, Current cur) except -1
    @cython.locals(root=Task, cur=Current, what=int)
    cdef bint _poll_root(self) except -1
    cdef _let_go(self, Task task)
    cdef _failed(self, Task task, object error)
    @cython.locals(root=Task)
    cdef _unwind_root(self)
    cdef _raise_fatal(self)
    cdef bint _keep_fatal(self, object error) except -1
    cdef object _get_histogram(self)
    cdef int _measure_with(self, object histogram) except -1
    cdef _turn(self, long long timeout_ns)
    cdef object _enter(self)
    @cython.locals(cur=Current)
    cdef _leave(self, object saved)
    cdef _guarded_loop(self, int until)
