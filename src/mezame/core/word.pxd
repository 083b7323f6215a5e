cimport cython

from .atomic cimport atomic_fence, atomic_load, atomic_store, atomic_swap
from .guard cimport Guard

@cython.final
cdef class Word(Guard):
    cdef unsigned long long _value
    @cython.nonecheck(False)
    cdef inline unsigned long long _load(self) noexcept:
        return atomic_load(cython.address(self._value))
    @cython.nonecheck(False)
    cdef inline void _store(self, unsigned long long value) noexcept:
        atomic_store(cython.address(self._value), value)
    @cython.nonecheck(False)
    cdef inline bint _swap(self, unsigned long long old, unsigned long long new) noexcept:
        return atomic_swap(cython.address(self._value), old, new)

cpdef void fence() noexcept
