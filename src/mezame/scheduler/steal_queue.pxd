cimport cython
from cpython.ref cimport PyObject

from ..core.guard cimport Guard
from ..core.queue cimport RunQueue
from ..core.waker cimport Wakeable
from ..core.atomic cimport atomic_load, atomic_store, atomic_swap

cdef unsigned int CAPACITY
cdef unsigned int _MASK
cdef unsigned long long _WRAP

@cython.final
cdef class StealQueue(Guard):
    cdef PyObject *_slots[256]
    cdef bint _alone
    cdef unsigned long long _head
    cdef unsigned long long _tail
    cdef unsigned long long _get_head(self) noexcept
    cdef bint _swap_head(self, unsigned long long old, unsigned long long new) noexcept
    cdef unsigned long long _get_tail(self) noexcept
    cdef void _set_tail(self, unsigned long long tail) noexcept
    cdef void _put(self, unsigned long long at, Wakeable item) noexcept
    @cython.locals(link="PyObject *")
    cdef PyObject *_take(self, unsigned long long at) noexcept
    @cython.locals(head=ulonglong, steal=ulonglong, real=ulonglong, tail=ulonglong, upper=ulonglong, step=int)
    cdef bint _push(self, Wakeable item, RunQueue overflow) except -1
    @cython.locals(tail=ulonglong, room=Py_ssize_t, count=Py_ssize_t, step=Py_ssize_t)
    cdef int _fill_from(self, RunQueue source, Py_ssize_t most) except -1
    @cython.locals(link="PyObject *")
    cdef Wakeable _pop(self)
    @cython.locals(head=ulonglong, steal=ulonglong, real=ulonglong, following=ulonglong)
    cdef PyObject *_pop_link(self) noexcept
    @cython.nonecheck(False)
    cdef inline bint _is_empty(self) noexcept:
        return <unsigned int>atomic_load(cython.address(self._head)) == atomic_load(cython.address(self._tail))
    @cython.locals(tail=ulonglong)
    cdef unsigned int _length(self) noexcept
    @cython.locals(
        end=ulonglong, head=ulonglong, steal=ulonglong, real=ulonglong, upper=ulonglong, count=ulonglong, step=int
    )
    cdef unsigned int _steal_into(self, StealQueue target) except? 0xFFFFFFFF
