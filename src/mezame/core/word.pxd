cimport cython

from .atomic cimport atomic_fence, atomic_load, atomic_store, atomic_swap
from .guard cimport Guard

@cython.final
cdef class Word(Guard):
    cdef unsigned long long _value
    cdef unsigned long long _load(self) noexcept
    cdef void _store(self, unsigned long long value) noexcept
    cdef bint _swap(self, unsigned long long old, unsigned long long new) noexcept

cpdef void fence() noexcept
