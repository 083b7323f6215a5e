cimport cython

from .current cimport Current, Scheduler, current
from .park cimport Park
from .queue cimport RunQueue
from .task cimport Task
from .waker cimport Wakeable, Waker, wake_all

cdef class ReadyTasks(Scheduler):
    cdef Park _park
    cdef readonly object _hook_set
    cdef object _hooks
    cdef object _choose
    cdef int _global_interval
    cdef int _tick
    cdef RunQueue _local
    cdef RunQueue _remote
    cdef RunQueue _deferred
    cdef list _deferred_wakers
    cdef Task _root
    cdef bint _root_woken
    cdef bint _remote_root_woken
    cdef Waker _drive_waker
    cdef bint _closed
    cdef long long _wakes
    cdef long long _remote_wakes
    @cython.locals(task=Task)
    cdef int _enqueue(self, Wakeable item) except -1
    cdef _enqueue_remote(self, Task task)
    cdef Waker _swap_drive_waker(self, Waker waker)
    cdef _enqueue_new(self, list tasks)
    cdef Task _next_task(self)
    cdef Task _take_remote(self)
    cdef _rotate(self)
    cdef bint _take_root_wake(self) noexcept
    cdef _wake_deferred(self)
    cdef bint _nothing_deferred(self) noexcept
    cdef bint _has_work(self) noexcept
    cdef _hand_over(self)
    cdef _set_root(self, Task root)
    cdef Task _get_root(self)
    cdef _clear_root(self)
    cdef _close(self)
    cdef Py_ssize_t _length(self) noexcept
    cdef _hook(self, str name, object subject)
    cdef _switch_hooks(self)

@cython.final
cdef class RootAgain(Waker):
    cdef ReadyTasks _ready
