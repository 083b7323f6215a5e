cimport cython
from cpython.ref cimport PyObject

from ..core.busy cimport BusyTime
from ..core.clock cimport monotonic_ns
from ..core.current cimport Current, Scheduler, current
from ..core.owned cimport OwnedTasks
from ..core.queue cimport RunQueue
from ..core.shutdown cimport try_drop
from ..core.task cimport Task
from ..core.waker cimport Wakeable, Waker, wake_all
from .idle cimport Idle
from .inject cimport Inject
from .steal_queue cimport StealQueue
from ..core.word cimport Word
from .worker_park cimport DriverSeat, WorkerPark

cdef int HALF
cdef int PHASE
cdef int PHASE_POLLS
cdef int BATCH

@cython.final
cdef class WorkerGroup:
    cdef readonly list cores
    cdef readonly Idle idle
    cdef readonly Inject inject
    cdef readonly DriverSeat seat
    cdef readonly object hook_set
    cdef public object hooks
    cdef public object fatal
    cdef readonly Word phase
    cdef readonly Outside outside

@cython.final
cdef class Outside(Scheduler):
    cdef WorkerGroup _group
    cdef OwnedTasks _owned

@cython.final
cdef class WorkerCore(Scheduler):
    cdef readonly int index
    cdef WorkerGroup _group
    cdef Inject _inject
    cdef Idle _idle
    cdef StealQueue _queue
    cdef PyObject *_lifo
    cdef int _lifo_left
    cdef bint _lifo_on
    cdef RunQueue _overflow
    cdef Inject _backlog
    cdef bint _backlog_first
    cdef long long _chosen_at
    cdef long long _alone_until
    cdef int _phase_polls
    cdef RunQueue _deferred
    cdef list _deferred_wakers
    cdef OwnedTasks _owned
    cdef WorkerPark _park
    cdef bint _parked
    cdef bint _detour
    cdef bint _drowsy
    cdef bint _searching
    cdef object _rng
    cdef int _to_inject
    cdef int _workers
    cdef double _mean_poll
    cdef BusyTime _busy
    cdef readonly long long turns
    cdef readonly long long polls
    cdef readonly long long parks
    cdef readonly long long noops
    cdef readonly long long stolen
    cdef readonly long long steal_operations
    cdef readonly long long overflows
    cdef readonly long long local_schedules
    @cython.locals(link="PyObject *", before="PyObject *")
    cdef int _push_here(self, Wakeable item) except -1
    cdef int _push_back(self, Wakeable item) except -1
    @cython.locals(index=int)
    cdef int _notify(self) except -1
    cdef int _begin_detour(self) except -1
    cdef int _end_detour(self) except -1
    @cython.locals(link="PyObject *")
    cdef int _flush_lifo(self) except -1
    @cython.locals(link="PyObject *")
    cdef Task _next_task(self, int global_interval)
    cdef bint _has_behind(self) noexcept
    @cython.locals(first=Inject)
    cdef int _choose_queue(self) except -1
    @cython.locals(item=Wakeable)
    cdef Task _from_behind(self)
    @cython.locals(item=Wakeable, batch=int)
    cdef Wakeable _refill(self)
    @cython.locals(link="PyObject *")
    cdef Wakeable _take_lifo(self)
    @cython.locals(victim=WorkerCore, item=Wakeable, count=int, start=int, step=int, taken=int)
    cdef Task _steal(self)
    cdef int _found(self) except -1
    cdef int _wake_deferred(self) except -1
    cdef bint _nothing_deferred(self) noexcept
    cdef bint _has_tasks(self) noexcept
    @cython.locals(more=int)
    cdef bint _has_work_for_others(self) noexcept
    cdef _clear(self)
    @cython.locals(waiting=int)
    cdef int _length(self) noexcept

@cython.locals(core=WorkerCore, index=int)
cpdef bint schedule_in(WorkerGroup group, Wakeable item) except -1
@cython.locals(busy=list, deadline=longlong)
cpdef drop_all(list tasks)
cpdef bint drop(Task task) except -1
@cython.locals(core=WorkerCore)
cpdef int unpark(WorkerGroup group, int index) except -1
@cython.locals(core=WorkerCore, index=int, work=bint)
cpdef int notify_if_work(WorkerGroup group) except -1
cpdef call_hook(WorkerGroup group, str name, object subject)
@cython.locals(core=WorkerCore, outside=Outside, scheduler=Scheduler)
cpdef int let_go(Task task) except -1
cpdef report(Task task)
cpdef mark_observed(Task task)
