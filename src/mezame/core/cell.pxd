cimport cython
from cpython.ref cimport PyObject

from .context cimport Context
from .current cimport Current, Scheduler
from .frames cimport caller_code, spawn_site, without_our_frames
from .future cimport Future, step
from .guard cimport Guard
from .poll cimport PendingType
from .state cimport TaskState
from .waitlist cimport WaitList
from .waker cimport Waker, wake_all

cdef extern from "Python.h":
    object context_copy "PyContext_CopyCurrent"()

# One poll of a coroutine in its contextvars, in one call: ``how`` says whether the answer is what it returned,
# what it yielded, or the exception that it raised. No exception is set when it returns.
cdef extern from *:
    """
    static PyObject *mezame_take_exception(void) {
    #if PY_VERSION_HEX >= 0x030C0000
        return PyErr_GetRaisedException();
    #else
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_NormalizeException(&type, &value, &traceback);
        if (traceback != NULL) {
            PyException_SetTraceback(value, traceback);
            Py_DECREF(traceback);
        }
        Py_DECREF(type);
        return value;
    #endif
    }
    static inline PyObject *mezame_resume(PyObject *coroutine, PyObject *context, int *how) {
        PyObject *out = NULL;
        if (PyContext_Enter(context) < 0) {
            *how = PYGEN_ERROR;
            return mezame_take_exception();
        }
        *how = PyIter_Send(coroutine, Py_None, &out);
        if (*how == PYGEN_ERROR)
            out = mezame_take_exception();
        if (PyContext_Exit(context) < 0) {
            Py_XDECREF(out);
            *how = PYGEN_ERROR;
            out = mezame_take_exception();
        }
        return out;
    }
    #ifdef Py_GIL_DISABLED
    #define MEZAME_HIDES 0
    #else
    #define MEZAME_HIDES 1
    #endif
    static inline int mezame_untrack(PyObject *object) {
        if (!PyObject_IS_GC(object) || !PyObject_GC_IsTracked(object))
            return 0;
        PyObject_GC_UnTrack(object);
        return 1;
    }
    static inline void mezame_track(PyObject *object) {
        if (PyObject_IS_GC(object) && !PyObject_GC_IsTracked(object))
            PyObject_GC_Track(object);
    }
    #if defined(__GNUC__) && defined(__linux__)
    static _Thread_local long long mezame_id __attribute__((tls_model("initial-exec"))) = 0;
    static _Thread_local long long mezame_last_id __attribute__((tls_model("initial-exec"))) = 0;
    #else
    static _Thread_local long long mezame_id = 0;
    static _Thread_local long long mezame_last_id = 0;
    #endif
    static inline long long mezame_next_of_block(void) { return mezame_id < mezame_last_id ? ++mezame_id : 0; }
    static inline void mezame_use_block(long long first, long long last) {
        mezame_id = first;
        mezame_last_id = last;
    }
    static inline int mezame_is_gc(PyObject *object) { return PyObject_IS_GC(object); }
    """
    int PYGEN_RETURN
    int PYGEN_ERROR
    int PYGEN_NEXT
    object resume "mezame_resume"(PyObject *coroutine, PyObject *context, int *how)
    bint HIDES "MEZAME_HIDES"
    bint gc_untrack "mezame_untrack"(object obj) noexcept
    void gc_track "mezame_track"(object obj) noexcept
    bint is_gc "mezame_is_gc"(object obj) noexcept
    # The block of task numbers that this thread has taken: the next of it, or 0.
    long long next_of_block "mezame_next_of_block"() noexcept
    void use_block "mezame_use_block"(long long first, long long last) noexcept

cdef PendingType PENDING

cdef int _BLOCK
cdef int DONE

cdef class Ids(Guard):
    cdef long long _last
    @cython.locals(number=longlong)
    cdef long long _take(self) noexcept

cdef Ids _ids

cdef class TaskCell(TaskState):
    cdef object __weakref__
    cdef object _coro
    cdef object _ctx
    cdef Scheduler _scheduler
    cdef object _result
    cdef object _error
    cdef WaitList _waiters
    cdef list _callbacks
    cdef Future _poll_join
    cdef object _name
    cdef object _cancel_message
    cdef object _site
    cdef Py_ssize_t _owned_at
    cdef long long _id
    cdef int _lasti
    cdef int _requests
    cdef bint _started
    cdef bint _observed
    cdef bint _cancelled_out
    cdef bint _root
    cdef bint _hidden
    cdef int _setup(self, object coro, Scheduler scheduler, object name, object context) except -1
    @cython.locals(how=int, cancel=bint, coro="PyObject *")
    cdef int _run(self, Context cx, Current cur) except -1
    @cython.locals(done=bint)
    cdef int _run_slowly(self, Context cx, Current cur, bint cancel, object yielded) except -1
    cdef int _hide(self) except -1
    cdef int _show(self, object coro, object ctx) except -1
    cdef object _close_unstarted(self, object error)
    cdef int _refuse(self) except -1
    cdef object _make_cancelled(self)
    @cython.locals(wakers=list, callbacks=list)
    cdef _finish(self, object value, object error)
    cdef _call_all(self, list callbacks)
    cdef _call_back(self, object callback)
    cdef Waker _fresh_waker(self)
    @cython.locals(answer=int)
    cdef bint _request_cancel(self, object message) except -1
    @cython.locals(left=int)
    cdef int _take_back_cancel(self) noexcept
    cdef object _given_name(self)
    cdef object _swap_name(self, object name)
    cdef int _set_site(self, object code, int lasti) except -1
    cdef int _set_caller_site(self) except -1
    cdef str _where(self)
    cdef object _failure(self)
    cpdef _report(self)

cdef object copy_current()
@cython.locals(what=int)
cpdef int run_traced(TaskCell task, Context cx, Current cur) except -1
cpdef str ending_of(TaskCell task)
cpdef bint hold(TaskCell task) except -1
cpdef release(TaskCell task)
