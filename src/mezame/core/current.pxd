cimport cython
from cpython.ref cimport PyObject

from .context cimport Context
from .guard cimport Guard
from .waker cimport Wakeable, Waker

cdef extern from *:
    """
    #if defined(__GNUC__) && defined(__linux__)
    static _Thread_local PyObject *mezame_slot __attribute__((tls_model("initial-exec"))) = NULL;
    #else
    static _Thread_local PyObject *mezame_slot = NULL;
    #endif
    static inline PyObject *mezame_get_slot(void) { return mezame_slot; }
    static inline void mezame_set_slot(PyObject *slot) { mezame_slot = slot; }
    """
    PyObject *tls_slot "mezame_get_slot"() noexcept
    void tls_set_slot "mezame_set_slot"(PyObject *slot) noexcept

cdef class Scheduler(Guard):
    cdef void _schedule(self, Wakeable item)
    cdef void _defer(self, Waker waker)

@cython.final
cdef class Current:
    cdef public Context context
    cdef public Scheduler scheduler
    cdef public Wakeable task
    cdef public object handle
    cdef public object timers
    cdef public object io
    cdef public object value
    cdef public int budget
    cdef public bint deferred
    cdef bint _take_budget(self, Context cx) except -1
    cdef void _refund(self) noexcept
    cdef void _defer(self, Context cx)

@cython.locals(found="PyObject *")
cpdef Current current()
