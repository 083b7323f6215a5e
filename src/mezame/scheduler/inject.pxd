cimport cython
from cpython.ref cimport PyObject

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
    cdef bint _is_closed(self) noexcept
    cdef bint _is_empty(self) noexcept
    @cython.nonecheck(False)
    cdef inline PyObject *_pop_alone(self) noexcept:
        cdef PyObject *link = self._queue._pop_link()
        self._length._store(self._queue._length)
        return link
    cdef Wakeable _pop(self)
    cdef Wakeable _pop_into(self, StealQueue target, int workers, int most)
    cdef RunQueue _close(self)
