from ..core.context cimport Context
from ..core.future cimport Future
from ..core.poll cimport PendingType, make_ready
from ..driver.readiness cimport Source
from .operations cimport CallOp, ReadExactOp, ReadIntoOp, WriteOp, length_of, read_op, write_all_op
from .registered cimport RegisteredSocket

cdef PendingType PENDING
cdef object BLOCKED
cdef int READ
cdef int WRITE
cdef int RECEIVE
cdef int SEND

cdef class StreamSocket(RegisteredSocket):
    cpdef Future read(self, Py_ssize_t limit=*)
    cdef Future _read_nothing(self, Py_ssize_t limit)
    cpdef _shutdown_write(self)
