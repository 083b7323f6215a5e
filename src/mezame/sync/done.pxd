cimport cython
from cpython.ref cimport PyObject

from ..core.future cimport set_iternext

@cython.final
cdef class Done:
    pass

cdef PyObject *_done_next(PyObject *raw) except? NULL
