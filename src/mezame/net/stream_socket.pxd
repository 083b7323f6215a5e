cimport cython

from ..core.context cimport Context
from ..core.future cimport Future
from ..core.poll cimport PendingType, make_ready
from ..driver.readiness cimport Source
from .operations cimport CallOp, ReadExactOp, ReadIntoOp, WriteOp, clip, length_of, read_op, write_all_op
from .registered cimport RegisteredSocket

cdef PendingType PENDING
cdef object BLOCKED
cdef int READ
cdef int WRITE
cdef int RECEIVE
cdef int SEND

cdef class StreamSocket(RegisteredSocket):
    @cython.locals(size=Py_ssize_t)
    cpdef Future read(self, object limit=*)
    cdef Future _read_nothing(self, object limit)
    cpdef _shutdown_write(self)
