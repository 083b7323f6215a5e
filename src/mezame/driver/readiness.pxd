cimport cython
from cpython.ref cimport PyObject

from ..core.context cimport Context
from ..core.current cimport Current, current, distance, here, use_distance
from ..core.future cimport Future, await_next, new_reference, stop_iteration
from ..core.guard cimport Guard
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Place, Waiter, WaitList, make_place
from ..core.waker cimport Waker, wake_all

cdef PendingType PENDING
cdef object _BLOCKED
cdef int _WRITABLE
cdef int _WRITE
cdef int _READERS
cdef int _CLEARABLE
cdef int _PROVED

cdef class Source(Guard):
    cdef readonly int fd
    cdef readonly object owner
    cdef public object hooks
    cdef public int armed
    cdef public int interest
    cdef object _poller
    cdef bint _rearm
    cdef int _ready
    cdef int _tick
    cdef int _users
    cdef bint _closed
    cdef bint _given
    cdef bint _shutdown
    cdef Py_ssize_t _read_seat
    cdef Waker _read_waker
    cdef Py_ssize_t _write_seat
    cdef Waker _write_waker
    cdef WaitList _readers
    cdef WaitList _writers
    @cython.locals(reader=Waker, writer=Waker, listed=Py_ssize_t)
    cpdef set_ready(self, int bits)
    cdef _wake_listed(self, int bits)
    cdef int _take_all(self, list wakers) except -1
    @cython.locals(answer=int, before=Waker)
    cdef int _sit(self, Py_ssize_t who, int mask, Waker waker) except -2
    @cython.locals(waker=Waker)
    cdef void _stand_up(self, Py_ssize_t who) noexcept
    @cython.locals(tick=int)
    cdef int _begin(self, int mask) except -2
    @cython.locals(last=bint)
    cdef int _end(self, int drained, int tick) except -1
    @cython.locals(tick=int, drained=int)
    cpdef attempt(self, int mask, object function, tuple args)
    cdef bint _park(self, Waiter place, int mask, Waker waker)
    cdef _arm(self, int mask, Context cx)
    @cython.locals(closed=bint, shutdown=bint, bits=int, tick=int)
    cpdef look(self)
    cpdef clear(self, int bits, int tick)
    @cython.locals(closed=bint, shutdown=bint)
    cpdef hold(self)
    cpdef release(self)
    cdef _leave(self, Waiter place)
    cpdef close(self)
    cpdef shutdown(self)

cdef class IoOp(Future):
    cdef Source _source
    cdef Place _place
    cdef int _mask
    cdef bint _drained
    cdef bint _done
    cdef bint _waited
    # Of the subclasses, kept here so that freeing one is one step: each class with objects of its own is one more.
    cdef object _keep
    cdef object _data
    cdef Py_ssize_t _length
    cdef Py_ssize_t _offset
    cdef Py_ssize_t _count
    cdef int _start_op(self, Source source, int mask) except -1
    cdef object _attempt(self)
    cpdef poll(self, Context cx)
    @cython.locals(tick=int, mask=int)
    cdef object _go(self, Context cx, Current cur)
    @cython.locals(answer=int)
    cdef bint _wait(self, Source source, int mask, Waker waker) except -1
    cdef Py_ssize_t _address(self) noexcept
    cdef int _leave(self) except -1

@cython.locals(op=IoOp)
cdef int empty_op(PyObject *raw) noexcept

@cython.locals(found="PyObject *", value=object)
cdef PyObject *io_next(PyObject *raw) except? NULL

@cython.final
cdef class ReadyOp(IoOp):
    pass
