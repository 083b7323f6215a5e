cimport cython

from ..core.future cimport Future
from ..driver.readiness cimport ReadyOp, Source
from .operations cimport AcceptOp, CallOp, ReadExactOp, ReadIntoOp, ReadOp, WriteAllOp, WriteOp

cdef int READ
cdef int WRITE

cdef class TcpStream:
    cdef object __weakref__
    cdef object _sock
    cdef Source _source
    cdef Future _read_nothing(self, Py_ssize_t limit)
    cpdef _shutdown_write(self)

cdef class TcpListener:
    cdef object __weakref__
    cdef object _sock
    cdef Source _source
