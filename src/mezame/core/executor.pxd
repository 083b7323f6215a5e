cimport cython

from .context cimport Context, loop_context
from .clock cimport monotonic_ns
from .current cimport Current, Scheduler, current
from .future cimport close_coroutine
from .owned cimport OwnedTasks
from .park cimport Park
from .queue cimport RunQueue
from .task cimport Task, make_task, set_caller_site
from .waker cimport Wakeable, Waker, wake_all

cdef int BUDGET

cdef class Executor(Scheduler):
    cdef Park _park
    cdef int _event_interval
    cdef int _global_interval
    cdef object _hooks
    cdef object _histogram
    cdef object _choose
    cdef bint _shutdown_on_failure
    cdef RunQueue _local
    cdef RunQueue _remote
    cdef RunQueue _deferred
    cdef list _deferred_wakers
    cdef OwnedTasks _owned
    cdef set _failures
    cdef Context _cx
    cdef Current _cur
    cdef Task _root
    cdef bint _root_woken
    cdef bint _remote_root_woken
    cdef Waker _drive_waker
    cdef object _fatal
    cdef bint _closed
    cdef unsigned long _thread
    cdef int _tick
    cdef long long _last_unpark
    cdef readonly long long busy_ns
    cdef readonly long long parks
    cdef readonly long long polls
    cdef readonly long long remote_wakes
    cdef readonly long long turns
    cdef readonly long long wakes
    cdef Task _spawn(self, object future, object name)
    cdef _admit(self, Task task)
    cdef bint _is_here(self)
    cdef bint _take_root_wake(self)
    @cython.locals(task=Task)
    cdef _enqueue(self, Wakeable item)
    @cython.locals(left=int, item=Wakeable)
    cdef _loop(self, int until)
    @cython.locals(item=Wakeable)
    cdef Wakeable _next_item(self)
    @cython.locals(item=Wakeable)
    cdef Wakeable _take_remote(self)
    @cython.locals(length=Py_ssize_t, index=Py_ssize_t)
    cdef _rotate(self)
    @cython.locals(task=Task, cur=Current, what=int)
    cdef _poll_item(self, Wakeable item)
    cdef int _run_observed(self, Task task, Current cur) except -1
    @cython.locals(root=Task, cur=Current, what=int)
    cdef bint _poll_root(self) except -1
    cdef _let_go(self, Task task)
    cdef _failed(self, Task task, object error)
    cdef _raise_fatal(self)
    @cython.locals(now=longlong)
    cdef _turn(self, long long timeout_ns)
    cdef bint _nothing_deferred(self)
    cdef bint _has_work(self)
    cdef object _enter(self)
    @cython.locals(cur=Current)
    cdef _leave(self, object saved)
    cdef _guarded_loop(self, int until)
    cdef Task _make_root(self, object future)
    cdef object _enter_with_root(self, Task root)
    cdef _leave_root(self, object saved)
    @cython.locals(left=longlong)
    cdef _drain(self, object deadline)
    @cython.locals(task=Task)
    cdef _abandon(self, Task task)
    @cython.locals(task=Task)
    cpdef report_failures(self)
    cdef _hook(self, str name, object subject)

@cython.final
cdef class _RootAgain(Waker):
    cdef Executor _executor

cpdef object root_outcome(Task root)
@cython.locals(executor=Executor)
cpdef object spawn_here(object future, object name)
