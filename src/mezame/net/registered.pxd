from ..core.future cimport Future
from ..driver.poll_slot cimport PollSlot
from ..driver.io_op cimport ReadyOp
from ..driver.readiness cimport Source
from .operations cimport CallOp

cdef int READ
cdef int WRITE
cdef int READABLE
cdef int WRITABLE

cdef class RegisteredSocket:
    cdef object __weakref__
    cdef readonly object _sock
    cdef readonly Source _source
    cdef PollSlot _read_slot
    cdef PollSlot _write_slot
    cpdef PollSlot _reading(self)
    cpdef PollSlot _writing(self)
