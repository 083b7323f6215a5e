cimport cython

from ..core.future cimport Future
from ..driver.readiness cimport ReadyOp
from .registered cimport RegisteredSocket
from .operations cimport AcceptOp, CallOp, ReadExactOp, ReadIntoOp, WriteOp, length_of, read_op, write_all_op

cdef int READ
cdef int WRITE

cdef class TcpStream(RegisteredSocket):
    cdef Future _read_nothing(self, Py_ssize_t limit)
    cpdef _shutdown_write(self)

cdef class TcpListener(RegisteredSocket):
    pass
