cimport cython

cdef extern from *:
    """
    #ifdef _WIN32
    #error "the compiled clock needs clock_gettime"
    #endif
    #include <time.h>
    static inline long long mezame_clock_now(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    """
    long long clock_now "mezame_clock_now"() noexcept nogil

from .guard cimport Guard

cdef double _NOISE

cpdef long long monotonic_ns() noexcept
@cython.locals(whole=longlong)
cpdef long long nanoseconds(double seconds) noexcept

cdef class Clock(Guard):
    cdef bint _paused
    cdef long long _frozen
    cdef long long _offset
    cpdef long long now_ns(self)
    cpdef bint is_paused(self)
