cimport cython

from ..core.guard cimport Guard
from ..core.queue cimport RunQueue
from ..core.waker cimport Wakeable
from .steal_queue cimport StealQueue
from ..core.word cimport Word

@cython.final
cdef class Inject(Guard):
    cdef RunQueue _queue
    cdef Word _length
    cdef bint _closed
    cdef readonly long long pushed
    cdef bint _push(self, Wakeable item) except -1
    cdef _push_all(self, RunQueue items)
    cdef bint _is_empty(self) noexcept
    cdef Wakeable _pop(self)
    cdef Wakeable _pop_into(self, StealQueue target, int workers, int most)
    cdef RunQueue _close(self)
