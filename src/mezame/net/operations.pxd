cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType
from ..driver.readiness cimport IoOp, Source
from ..driver.sockets cimport recv, recv_into, send

cdef PendingType PENDING
cdef object BLOCKED
cdef int READ
cdef int WRITE

@cython.final
cdef class ReadOp(IoOp):
    cdef object _keep
    cdef Py_ssize_t _limit

@cython.final
cdef class ReadIntoOp(IoOp):
    cdef object _keep
    cdef object _buffer
    cdef Py_ssize_t _limit

@cython.final
cdef class ReadExactOp(IoOp):
    cdef object _keep
    cdef bytearray _buffer
    cdef Py_ssize_t _filled
    cdef Py_ssize_t _size

@cython.final
cdef class WriteOp(IoOp):
    cdef object _keep
    cdef object _data

@cython.final
cdef class WriteAllOp(IoOp):
    cdef object _keep
    cdef object _data
    cdef Py_ssize_t _length
    cdef Py_ssize_t _offset

@cython.final
cdef class CallOp(IoOp):
    cdef object _keep
    cdef object _function
    cdef tuple _args

@cython.final
cdef class AcceptOp(IoOp):
    cdef object _keep
    cdef object _accept
    cdef object _sleep
    cdef object _pause
    cdef double _delay
