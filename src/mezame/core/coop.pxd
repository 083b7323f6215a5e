cimport cython
from cpython.ref cimport PyObject

from .context cimport Context
from .current cimport Current, current, distance, here, use_distance
from .future cimport Future, await_next, new_reference, set_iternext
from .immortal cimport immortal
from .poll cimport PendingType, make_ready
from .shelf cimport shelve, unshelve_owned

cdef extern from *:
    """
    static inline void mezame_set_vectorcall(PyObject *type, PyObject *(*make)(PyObject *, PyObject **, size_t, PyObject *)) {
        ((PyTypeObject *)type)->tp_vectorcall = (vectorcallfunc)make;
    }
    """
    void set_vectorcall "mezame_set_vectorcall"(object type, PyObject *(*make)(PyObject *, PyObject **, size_t, PyObject *) except NULL)
    size_t arguments "PyVectorcall_NARGS"(size_t count) noexcept

cdef PendingType PENDING
cdef int _FRESH
cdef int _YIELDED
cdef int _FINISHED

@cython.final
cdef class YieldNow(Future):
    cdef int _phase

@cython.final
cdef class ConsumeBudget(Future):
    cdef bint _done

@cython.final
cdef class Unconstrained(Future):
    cdef object _future

@cython.locals(found="PyObject *")
cdef PyObject *_yield_next(PyObject *raw) except? NULL
@cython.locals(kept="PyObject *")
cdef PyObject *_make_yield(PyObject *kind, PyObject **args, size_t count, PyObject *names) except NULL

