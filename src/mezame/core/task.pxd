cimport cython

from .context cimport Context
from .current cimport Current, Scheduler, current
from .future cimport Future, is_coroutine, step, to_coroutine
from .guard cimport Guard
from .poll cimport PendingType, make_ready
from .state cimport TaskState
from .waitlist cimport Waiter, WaitList
from .waker cimport Wakeable, Waker, wake_all

cdef extern from "Python.h":
    int context_enter "PyContext_Enter"(object context) except -1
    int context_exit "PyContext_Exit"(object context) except -1
    object context_copy "PyContext_CopyCurrent"()

cdef extern from *:
    """
    static inline PyObject *mezame_caller_code(int *lasti) {
        PyFrameObject *frame = PyEval_GetFrame();
        if (frame == NULL) {
            *lasti = -1;
            Py_RETURN_NONE;
        }
        *lasti = PyFrame_GetLasti(frame);
        return (PyObject *)PyFrame_GetCode(frame);
    }
    """
    object caller_code "mezame_caller_code"(int *lasti)

cdef PendingType PENDING

cdef class Ids(Guard):
    cdef long long _last
    cdef long long _take(self) noexcept

cdef Ids _ids

cdef class Task(TaskState):
    cdef object __weakref__
    cdef object _coro
    cdef object _ctx
    cdef Scheduler _scheduler
    cdef object _result
    cdef object _error
    cdef WaitList _waiters
    cdef list _callbacks
    cdef JoinFuture _poll_join
    cdef object _name
    cdef object _cancel_message
    cdef object _site
    cdef Task _owned_before
    cdef Task _owned_after
    cdef object _owned_by
    cdef long long _id
    cdef int _lasti
    cdef int _requests
    cdef bint _started
    cdef bint _observed
    cdef bint _cancelled_out
    cdef bint _root
    cdef void _setup(self, object coro, Scheduler scheduler, object name, object context) except *
    @cython.locals(done=bint)
    cdef int _run(self, Context cx, Current cur) except -1
    cdef object _make_cancelled(self)
    @cython.locals(wakers=list, callbacks=list)
    cdef _finish(self, object value, object error)
    cdef _call_back(self, object callback)
    cdef _outcome(self)
    cdef Waker _fresh_waker(self)
    cdef void _set_site(self, object code, int lasti) except *
    cpdef bint is_finished(self)
    cpdef JoinFuture join_future(self)
    cpdef poll(self, Context cx)
    cdef _report(self)

@cython.final
cdef class JoinFuture(Waiter):
    cdef Task _task
    cdef bint _finished
    cdef void _unlock_and_forget(self, Task task)
    cpdef bint is_finished(self)

@cython.locals(task=Task)
cpdef Task make_task(object future, Scheduler scheduler, object name, object context)
cdef object copy_current()
cpdef set_caller_site(Task task)
