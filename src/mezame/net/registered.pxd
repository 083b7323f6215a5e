from ..core.future cimport Future
from ..driver.readiness cimport Source

cdef class RegisteredSocket:
    cdef object __weakref__
    cdef object _sock
    cdef Source _source
