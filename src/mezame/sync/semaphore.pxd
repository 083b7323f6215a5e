from ..core.waker cimport Waker, wake_all
from .acquire cimport Acquire, SemaphorePermit, check_count, make_acquire
from .permits cimport Permits

cdef class Semaphore(Permits):
    pass
