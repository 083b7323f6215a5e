cimport cython

from ...core.context cimport Context
from ...core.current cimport Current, current
from ...core.future cimport Future
from ...core.poll cimport PendingType, make_ready
from ...core.waitlist cimport Place, make_place
from ...core.waker cimport Waker
from .ring cimport Ring

cdef PendingType PENDING
cdef int _GOT
cdef int _EMPTY
cdef int _CLOSED

cdef class Receiver:
    cdef Ring _ring
    cdef long long _next
    @cython.locals(ring=Ring, oldest=longlong, lost=longlong)
    cdef long long _look(self, list into) except? 9
    cpdef bint same_channel(self, Receiver other) except -1

cdef class Recv(Future):
    cdef Place _place
    cdef Receiver _receiver
    cdef bint _done
    @cython.locals(cur=Current, answer=longlong)
    cpdef poll(self, Context cx)
    @cython.locals(receiver=Receiver, ring=Ring, place=Place, waker=Waker, old=Waker, answer=longlong)
    cdef long long _wait(self, Context cx, list got) except? 9
    @cython.locals(ring=Ring, place=Place, old=Waker)
    cpdef close(self)
