from ..core.context cimport Context
from ..core.future cimport Future
from .operations cimport AcceptOp
from .registered cimport RegisteredSocket

cdef class TcpListener(RegisteredSocket):
    pass
