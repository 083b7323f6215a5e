cimport cython

from ..core.cell cimport HIDES, gc_untrack
from ..core.clock cimport nanoseconds
from ..core.context cimport Context
from ..core.current cimport Current, current
from ..core.future cimport Future
from ..core.poll cimport PendingType, make_ready
from ..driver.timer cimport Timers
from ..driver.wheel cimport TimerEntry, make_entry

cdef PendingType PENDING
cdef long long _UNSET

@cython.final
cdef class Sleep(Future):
    cdef TimerEntry _entry
    cdef Timers _timers
    cdef long long _delay_ns
    cdef long long _deadline_ns
    @cython.locals(timers=Timers)
    cdef _start(self, Current cur)
    @cython.locals(timers=Timers)
    cdef bint _is_due(self, Current cur) except -1
    cdef Timers _find_timers(self, Current cur)
    cdef bint _enlist(self, Context cx) except -1

cpdef Sleep sleep(object duration)
