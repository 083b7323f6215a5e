cimport cython

from .cell cimport run_traced
from .context cimport Context
from .current cimport Current, Scheduler, current
from .guard cimport Guard
from .hooks cimport Shared
from .task cimport Task, make_task
from .waker cimport Wakeable, Waker

cdef Shared SHARED

@cython.final
cdef class RawScheduler(Scheduler):
    cdef object _function
    cdef _hand_over(self, Runnable runnable)

@cython.final
cdef class Runnable(Guard):
    cdef Task _task
    cdef bint _used
    @cython.locals(task=Task, cur=Current, cx=Context, outermost=bint)
    cpdef bint run(self) except -1
    cpdef schedule(self)
    cpdef Waker waker(self)
    @cython.locals(used=bint)
    cdef _use(self)
    @cython.locals(task=Task)
    cdef _abandon(self)

@cython.locals(scheduler=RawScheduler)
cdef hand_over(Task task)
@cython.locals(runnable=Runnable)
cdef Runnable make_runnable(object task)
@cython.locals(task=Task)
cpdef tuple raw_spawn(object future, object schedule, object name=*)
