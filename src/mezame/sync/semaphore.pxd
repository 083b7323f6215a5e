from ..core.waker cimport Waker, wake_all
from .acquire cimport Acquire, SemaphorePermit
from .permits cimport Permits

cdef class Semaphore(Permits):
    pass
