cimport cython

from ..core.context cimport Context
from ..core.poll cimport PendingType, make_ready
from ..core.shelf cimport shelve, unshelve
from ..driver.poll_slot cimport PollSlot
from ..io.operation cimport Operation, as_bytes, byte_count
from .stream_socket cimport StreamSocket
from .tls_engine cimport TlsEngine
from .tls_side cimport Side

cdef PendingType PENDING
cdef object BLOCKED
cdef object WANT
cdef int _READER
cdef int _WRITER
cdef int _TAKE
cdef int _SEND
cdef int _MAX_PLAIN

cdef class TlsFlow:
    cdef object __weakref__
    cdef readonly TlsEngine _engine
    cdef readonly Side _in
    cdef readonly Side _out
    cdef readonly object _inner
    cdef PollSlot _receives
    cdef PollSlot _sends
    cdef object _unsent
    cdef readonly bint _closed
    cdef Py_ssize_t _send(self) except -2
    cdef object _receive(self)
    @cython.locals(side=Side, count=Py_ssize_t, answered=bint)
    cdef bint _poll_drain(self, int role, Context cx) except -1
    @cython.locals(side=Side, answered=bint)
    cdef bint _poll_fill(self, int role, Context cx, long long seen) except -1
    cdef int _drain_quietly(self, int role, Context cx) except -1
    cdef int _check_open(self) except -1
    @cython.locals(seen="long long", drained=bint)
    cdef object _poll_handshake(self, Context cx)
    @cython.locals(seen="long long")
    cdef object _poll_plain(self, Context cx, Py_ssize_t limit, object room)
    @cython.locals(seen="long long", count=object)
    cdef Py_ssize_t _poll_encrypt(self, Context cx, object data) except -2
    @cython.locals(op=TlsRead)
    cpdef read(self, limit=*)
    @cython.locals(op=TlsReadExact)
    cpdef read_exact(self, size)
    cpdef poll_read(self, Context cx, object buf)
    @cython.locals(count=Py_ssize_t)
    cpdef poll_write(self, Context cx, object data)
    cpdef poll_flush(self, Context cx)
    cdef object _poll_flushed(self, Context cx)
    cpdef poll_shutdown(self, Context cx)
    @cython.locals(op=TlsWriteAll)
    cpdef write_all(self, data)
    @cython.locals(side=Side)
    cdef object _poll_out(self, Context cx, object step)

@cython.final
cdef class TlsRead(Operation):
    cdef Py_ssize_t _limit

@cython.final
cdef class TlsReadExact(Operation):
    cdef Py_ssize_t _size
    cdef object _whole

@cython.final
cdef class TlsWriteAll(Operation):
    cdef object _data
    cdef Py_ssize_t _offset

@cython.final
cdef class Handshake(Operation):
    pass
