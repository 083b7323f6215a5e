cimport cython

from ..core.cell cimport HIDES, gc_track, gc_untrack
from ..core.shelf cimport shelve, unshelve
from ..core.waker cimport Waker

cdef extern from *:
    """
    #define mezame_ctz(bits) __builtin_ctzll(bits)
    #define mezame_clz(bits) __builtin_clzll(bits)
    """
    int count_trailing_zeros "mezame_ctz"(unsigned long long bits) noexcept nogil
    int count_leading_zeros "mezame_clz"(unsigned long long bits) noexcept nogil

cdef int _LEVELS
cdef int _TOP
cdef int _BITS
cdef int _SLOTS
cdef int NOT_LINKED
cdef long long _HORIZON

@cython.final
cdef class TimerEntry:
    cdef TimerEntry _after
    cdef TimerEntry _before
    cdef int _slot
    cdef int _timer_state
    cdef Waker _timer_waker
    cdef readonly long long tick
    cdef void _start_timer(self) noexcept
    cpdef bint is_linked(self)

@cython.locals(entry=TimerEntry)
cpdef TimerEntry make_entry()

@cython.final
cdef class TimerWheel:
    cdef tuple _heads
    cdef TimerEntry _due
    cdef unsigned long long[6] _occupied
    cdef Py_ssize_t _count
    cdef readonly long long elapsed
    cpdef bint insert(self, TimerEntry entry, long long tick) except -1
    @cython.locals(index=int, head=TimerEntry)
    cpdef bint remove(self, TimerEntry entry) except -1
    @cython.locals(index=int)
    cpdef long long next_tick(self) except? 9
    @cython.locals(index=int, start=longlong, entry=TimerEntry)
    cpdef bint advance(self, long long now, list fired, Py_ssize_t limit) except -1
    @cython.locals(entry=TimerEntry, head=TimerEntry)
    cpdef bint drain(self, list fired, Py_ssize_t limit) except -1
    @cython.locals(level=int, digit=int, index=int, bit=ulonglong)
    cdef int _place(self, TimerEntry entry) except -1
    @cython.locals(bit=ulonglong)
    cdef void _clear_bit(self, int index) noexcept
    @cython.locals(level=int, bits=ulonglong, at=int, later=ulonglong)
    cdef int _next_slot(self) except -1
    @cython.locals(shift=int, start=longlong)
    cdef long long _start_of(self, int index) except? 9
    @cython.locals(head=TimerEntry, first=TimerEntry, last=TimerEntry, due=TimerEntry)
    cdef int _take_apart(self, int index) except -1
    @cython.locals(head=TimerEntry, entry=TimerEntry)
    cpdef list slots(self)

@cython.locals(head=TimerEntry)
cdef TimerEntry _ring()
@cython.locals(before=TimerEntry, after=TimerEntry)
cdef void _unlink(TimerEntry entry) noexcept
cdef void _out(TimerEntry entry) noexcept
@cython.locals(last=TimerEntry)
cdef void _link_before(TimerEntry head, TimerEntry entry) noexcept
@cython.locals(differing=longlong)
cpdef int level_of(long long elapsed, long long tick) noexcept
cpdef int lowest_bit(unsigned long long bits) noexcept
cpdef int highest_bit(unsigned long long bits) noexcept
