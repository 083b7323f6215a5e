cimport cython

from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.future cimport Future
from ..core.poll cimport PendingType, make_ready
from ..core.task cimport Task
from ..sync.notify cimport Notified, Notify

cdef PendingType PENDING

@cython.final
cdef class Completions:
    cdef public object done
    cdef public Notify notify
    cdef public bint open
    cpdef on_done(self, Task task)
    cpdef close(self)

@cython.final
cdef class JoinNext(Future):
    cdef object _owner
    cdef Notified _notified
    cdef Completions _source
    cdef bint _finished
    cpdef bint is_finished(self)
