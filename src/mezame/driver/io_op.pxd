cimport cython
from cpython.ref cimport PyObject

from ..core.context cimport Context
from ..core.current cimport Current, current, distance, here, use_distance
from ..core.future cimport Future, await_next, new_reference, stop_iteration
from ..core.poll cimport PendingType, make_ready
from ..core.waitlist cimport Place, make_place
from ..core.waker cimport Waker
from .readiness cimport Source

cdef PendingType PENDING
cdef object _BLOCKED
cdef int _PROVED

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
    @cython.locals(tick=int, old=int)
    cdef object _go(self, Context cx, Current cur)
    @cython.locals(answer=int, waker=Waker)
    cdef bint _wait(self, Context cx) except -1
    cdef Py_ssize_t _address(self) noexcept
    cdef int _leave(self) except -1

@cython.locals(op=IoOp)
cdef int empty_op(PyObject *raw) noexcept

@cython.locals(found="PyObject *", value=object)
cdef PyObject *io_next(PyObject *raw) except? NULL

@cython.final
cdef class ReadyOp(IoOp):
    pass
