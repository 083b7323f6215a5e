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
    static inline PyObject *mezame_stop_iteration(PyObject *value) {
        if (value == Py_None)
            return NULL; /* the end of a C iterator: StopIteration() is implied */
    #if PY_VERSION_HEX >= 0x030C0000
        {
            /* What StopIteration(value) makes, less the arguments that only a traceback would show: the
               interpreter takes the value out and drops the rest at once. */
            PyTypeObject *type = (PyTypeObject *)PyExc_StopIteration;
            PyStopIterationObject *stop = (PyStopIterationObject *)type->tp_alloc(type, 0);
            if (stop == NULL)
                return NULL;
            stop->args = PyTuple_New(0);
            stop->value = Py_NewRef(value);
            PyErr_SetRaisedException((PyObject *)stop);
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
