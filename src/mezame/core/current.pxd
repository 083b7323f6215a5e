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
    static inline void mezame_forget_slot(PyObject *slot) {
        if (mezame_slot == slot)
            mezame_slot = NULL;
    }

    /* The variable above is this module's: each module that includes this text has one, and only that of
       mezame.core.current is in use. It lies at one and the same distance from every thread's thread pointer, so
       the others read it by that distance, which is what the compiler does for a variable of its own. */
    #ifdef __has_builtin
    #if defined(__linux__) && __has_builtin(__builtin_thread_pointer)
    #define MEZAME_THREAD_POINTER ((char *)__builtin_thread_pointer())
    #endif
    #endif
    static Py_ssize_t mezame_distance = 0;
    static inline Py_ssize_t mezame_slot_distance(void) {
    #ifdef MEZAME_THREAD_POINTER
        return (char *)&mezame_slot - MEZAME_THREAD_POINTER;
    #else
        return 0;
    #endif
    }
    static inline void mezame_use_distance(Py_ssize_t distance) { mezame_distance = distance; }
    static inline PyObject *mezame_here(void) {
    #ifdef MEZAME_THREAD_POINTER
        if (mezame_distance != 0)
            return *(PyObject **)(MEZAME_THREAD_POINTER + mezame_distance);
    #endif
        return NULL;
    }
    """
    PyObject *tls_slot "mezame_get_slot"() noexcept
    void tls_set_slot "mezame_set_slot"(PyObject *slot) noexcept
    void tls_forget "mezame_forget_slot"(PyObject *slot) noexcept
    Py_ssize_t slot_distance "mezame_slot_distance"() noexcept
    # In a module that wants the slot without a call: use_distance once, then here(), which may be NULL.
    void use_distance "mezame_use_distance"(Py_ssize_t distance) noexcept
    PyObject *here "mezame_here"() noexcept

cdef class Scheduler(Guard):
    cdef long long _forced
    cdef int _schedule(self, Wakeable item) except -1
    cdef int _defer(self, Waker waker) except -1
    cdef bint _interrupt(self, object error) except -1

cdef class Spawner(Guard):
    cdef object _spawn(self, object future, object name)
    cdef bint _interrupt(self, object error) except -1

@cython.final
cdef class Current:
    cdef public Context context
    cdef public Scheduler scheduler
    cdef public Spawner executor
    cdef public Context loop
    cdef public object handle
    cdef public object timers
    cdef public object io
    cdef public object value
    cdef public int budget
    cdef public bint deferred
    cdef public int dropping
    cdef public bint forked
    @cython.nonecheck(False)
    cdef inline bint _take_budget(self, Context cx) except -1:
        if self.budget > 0:
            self.budget -= 1
            return True
        return self.budget < 0 or self._give_way(cx)
    @cython.nonecheck(False)
    cdef inline void _refund(self) noexcept:
        if self.budget >= 0:
            self.budget += 1
    cdef bint _give_way(self, Context cx) except -1
    cdef int _defer(self, Context cx) except -1
    cpdef object set_aside(self)
    cpdef put_back(self, object saved)

@cython.locals(found="PyObject *")
cpdef Current current()
cdef Current _first_slot()
cpdef Py_ssize_t distance()
