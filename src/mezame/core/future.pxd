cimport cython

from cpython.ref cimport PyObject

from .context cimport Context
from .current cimport Current, current, distance, here, use_distance
from .poll cimport PendingType, Ready, make_ready

cdef extern from *:
    """
    static inline PyObject *mezame_send(PyObject *coroutine, int *done) {
        PyObject *out = NULL;
        PySendResult how = PyIter_Send(coroutine, Py_None, &out);
        *done = how == PYGEN_RETURN;
        return how == PYGEN_ERROR ? NULL : out;
    }
    """
    object coroutine_send "mezame_send"(object coroutine, int *done)

cdef extern from *:
    """
    #if PY_VERSION_HEX >= 0x030C0000 && !defined(Py_GIL_DISABLED) && !defined(Py_REF_DEBUG) && !defined(Py_TRACE_REFS)
    /* The StopIteration that ends an await with a value: the interpreter takes the value out and drops the rest at
       once, so the rest is kept for the next one, which saves two thirds of its cost. What a class derived from
       StopIteration is for: its deallocator. It lets go of all that the object holds and keeps the object, alive,
       with one reference (ours) and still tracked. Each module that ends awaits has a few of its own. */
    static PyObject *mezame_stops[4];
    static int mezame_stops_kept = 0;
    static PyObject *mezame_no_args = NULL;
    static void mezame_stop_dealloc(PyObject *object) {
        PyStopIterationObject *stop = (PyStopIterationObject *)object;
        PyObject *value = stop->value;
        Py_SET_REFCNT(object, 1);
        if (stop->traceback != NULL || stop->context != NULL || stop->dict != NULL || stop->args != mezame_no_args ||
            stop->cause != NULL || stop->notes != NULL || mezame_stops_kept == 4) {
            /* somebody caught it, or there are enough: it goes as any StopIteration */
            Py_SET_REFCNT(object, 0);
            ((PyTypeObject *)PyExc_StopIteration)->tp_dealloc(object);
            return;
        }
        stop->value = NULL;
        mezame_stops[mezame_stops_kept++] = object;
        Py_XDECREF(value);
    }
    static PyTypeObject mezame_stop_type = {
        PyVarObject_HEAD_INIT(NULL, 0)
        .tp_name = "StopIteration",
        .tp_basicsize = sizeof(PyStopIterationObject),
        .tp_dealloc = mezame_stop_dealloc,
        .tp_flags = Py_TPFLAGS_DEFAULT,
    };
    static PyObject *mezame_new_stop(void) {
        if (mezame_no_args == NULL) {
            mezame_stop_type.tp_base = (PyTypeObject *)PyExc_StopIteration;
            if (PyType_Ready(&mezame_stop_type) < 0)
                return NULL;
            mezame_no_args = PyTuple_New(0);
        }
        PyObject *stop = mezame_stop_type.tp_alloc(&mezame_stop_type, 0);
        if (stop != NULL)
            ((PyStopIterationObject *)stop)->args = Py_NewRef(mezame_no_args);
        return stop;
    }
    static inline PyObject *mezame_make_stop(void) {
        while (mezame_stops_kept > 0) {
            PyObject *stop = mezame_stops[--mezame_stops_kept];
            /* Not one that gc.get_objects() has shown to somebody, nor one that was dropped by the collector, which has
               cleared it after we kept it. */
            if (Py_REFCNT(stop) == 1 && ((PyStopIterationObject *)stop)->args == mezame_no_args)
                return stop;
            Py_DECREF(stop);
        }
        return mezame_new_stop();
    }
    #elif PY_VERSION_HEX >= 0x030C0000
    static inline PyObject *mezame_make_stop(void) {
        PyTypeObject *type = (PyTypeObject *)PyExc_StopIteration;
        PyObject *stop = type->tp_alloc(type, 0);
        if (stop != NULL)
            ((PyStopIterationObject *)stop)->args = PyTuple_New(0);
        return stop;
    }
    #endif
    static inline PyObject *mezame_stop_iteration(PyObject *value) {
        if (value == Py_None)
            return NULL; /* the end of a C iterator: StopIteration() is implied */
    #if PY_VERSION_HEX >= 0x030C0000
        {
            /* What StopIteration(value) makes, less the arguments that only a traceback would show. */
            PyObject *stop = mezame_make_stop();
            if (stop == NULL)
                return NULL;
            ((PyStopIterationObject *)stop)->value = Py_NewRef(value);
            PyErr_SetRaisedException(stop);
            return NULL;
        }
    #else
        if (PyTuple_Check(value) || PyExceptionInstance_Check(value)) {
            PyObject *stop = PyObject_CallOneArg(PyExc_StopIteration, value);
            if (stop != NULL) {
                PyErr_SetObject(PyExc_StopIteration, stop);
                Py_DECREF(stop);
            }
        } else {
            PyErr_SetObject(PyExc_StopIteration, value);
        }
        return NULL;
    #endif
    }
    static inline PyObject *mezame_new_reference(PyObject *object) { return Py_NewRef(object); }
    static inline void mezame_set_iternext(PyObject *type, PyObject *(*next)(PyObject *)) {
        ((PyTypeObject *)type)->tp_iternext = next;
    }
    static inline void mezame_set_await(PyObject *type, PyObject *(*await)(PyObject *)) {
        ((PyTypeObject *)type)->tp_as_async->am_await = await;
    }
    """
    PyObject *stop_iteration "mezame_stop_iteration"(object value)
    PyObject *new_reference "mezame_new_reference"(object value)
    void set_iternext "mezame_set_iternext"(object type, PyObject *(*next)(PyObject *) except? NULL)
    void set_am_await "mezame_set_await"(object type, PyObject *(*await_)(PyObject *) except NULL)

cdef PendingType PENDING
cdef object _CoroutineType
cdef int _FRESH
cdef int _STARTED
cdef int _CANCELLING
cdef int _FINISHED

cdef class Future:
    cpdef poll(self, Context cx)
    cpdef close(self)
    cpdef _advance(self)

@cython.locals(cur=Current)
cdef PyObject *_borrowed() except NULL
@cython.locals(found="PyObject *", answer=object)
cdef PyObject *await_next(PyObject *raw) except? NULL
@cython.locals(found="PyObject *")
cdef PyObject *_am_await(PyObject *raw) except NULL
cdef PyObject *_await_elsewhere(PyObject *raw) except NULL

@cython.locals(done=int, out=object)
cpdef bint step(object coro, object error, object yielded, Context cx, Current cur) except -1

cdef class CoroutineFuture(Future):
    cdef object _coro
    cdef object _error
    cdef int _phase
    cpdef bint cancel(self, error=*)
    cpdef bint is_finished(self)

@cython.final
cdef class PollFn(Future):
    cdef object _function
    cdef bint _done

@cython.final
cdef class ReadyFuture(Future):
    cdef object _value
    cdef bint _done

@cython.final
cdef class PendingFuture(Future):
    pass

cpdef bint is_coroutine(object obj)
cpdef object to_coroutine(object obj)
cpdef close_coroutine(object future)
