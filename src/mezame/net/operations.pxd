cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType
from ..core.shelf cimport shelve_emptied, unshelve
from ..core.future cimport set_iternext
from ..driver.io_op cimport IoOp, empty_op, io_next
from ..driver.readiness cimport Source
from ..driver.sockets cimport recv, recv_into, send

cdef PendingType PENDING
cdef object BLOCKED
cdef int READ
cdef int WRITE
cdef Py_ssize_t _MOST

cdef extern from *:
    """
    static inline Py_ssize_t mezame_as_size(PyObject *number) {
    #if PY_VERSION_HEX >= 0x030C0000
        if (PyLong_CheckExact(number) && PyUnstable_Long_IsCompact((PyLongObject *)number))
            return PyUnstable_Long_CompactValue((PyLongObject *)number);
    #endif
        return PyNumber_AsSsize_t(number, NULL); /* too large: the largest, and no error */
    }
    """
    Py_ssize_t as_size "mezame_as_size"(object number) except? -1

@cython.locals(size=Py_ssize_t)
cpdef Py_ssize_t clip(object limit) except? -1

@cython.final
cdef class ReadOp(IoOp):
    pass

@cython.final
cdef class ReadIntoOp(IoOp):
    pass

@cython.final
cdef class ReadExactOp(IoOp):
    cdef bytearray _buffer
    cdef Py_ssize_t _room
    cdef list _parts
    cdef Py_ssize_t _before
    cdef _next_buffer(self)

@cython.final
cdef class WriteOp(IoOp):
    pass

@cython.final
cdef class WriteAllOp(IoOp):
    pass

@cython.locals(op=ReadOp)
cpdef IoOp read_op(object stream, Source source, Py_ssize_t limit)
@cython.locals(op=WriteAllOp)
cpdef IoOp write_all_op(object stream, Source source, object data)
cpdef Py_ssize_t length_of(object data) except -1

@cython.final
cdef class CallOp(IoOp):
    cdef object _function
    cdef tuple _args

@cython.final
cdef class AcceptOp(IoOp):
    cdef object _accept
    cdef object _sleep
    cdef object _pause
    cdef double _delay
