cimport cython

from ..core.atomic_waker cimport AtomicWaker
from ..core.context cimport Context, loop_context
from ..core.future cimport Future
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.shelf cimport shelve, unshelve
from ..core.waker cimport Wakeable

cdef PendingType PENDING
cdef object _END
cdef int SELF_WAKES

@cython.final
cdef class Woken(Guard):
    cdef Member _head
    cdef Member _tail
    cdef AtomicWaker _outer
    @cython.locals(new=bint)
    cdef int _push(self, Member member) except -1
    @cython.locals(member=Member)
    cdef Member _pop(self)
    cdef _clear(self)
    @cython.locals(empty=bint)
    cdef bint _is_empty(self) noexcept

@cython.final
cdef class Member(Wakeable):
    cdef Member _after
    cdef Future _future
    cdef Woken _woken
    cdef bint _owned
    cdef bint _queued
    cdef long long _number
    @cython.locals(future=Future, woken=Woken)
    cdef Future _release(self)

@cython.locals(member=Member)
cdef Member make_member(Future future, bint owned, Woken woken)

cdef class Members:
    cdef Woken _woken
    cdef dict _members
    cdef Context _cx
    cdef long long _completed
    @cython.locals(member=Member, future=Future)
    cdef Member _add(self, object given, bint owned)
    cpdef push(self, object given, bint owned=*)
    @cython.locals(woken=Woken, member=Member, future=Future, round_=Py_ssize_t, polled=Py_ssize_t, self_wakes=int, answer=object)
    cpdef poll_next(self, Context cx)
    cdef _discard(self, Member member)
    @cython.locals(member=Member)
    cpdef list futures(self)
    @cython.locals(member=Member, owned=list)
    cpdef list take(self)
