cimport cython

from ..core.turn cimport Turn

cdef int _MAX_PLAIN
cdef int _RECORD
cdef object _WANT

cdef class TlsEngine:
    cdef object _incoming
    cdef object _outgoing
    cdef object _object
    cdef object _decrypt
    cdef object _encrypt
    cdef Turn _turn
    cdef bytes _plain
    cdef bint _idle
    cdef bint _silent
    cdef bint _shared
    cdef bint _ended
    cdef readonly bint handshake_done
    cdef readonly bint sent_close
    cpdef feed(self, object data)
    cpdef ended(self)
    cpdef output(self)
    cpdef handshake(self)
    cpdef sent_tickets(self)
    @cython.locals(count=Py_ssize_t)
    cpdef read_into(self, object room)
    @cython.locals(size=Py_ssize_t)
    cpdef read(self, Py_ssize_t limit)
    cdef _look_for_more(self, Py_ssize_t count, Py_ssize_t room)
    cdef bytes _take_plain(self, Py_ssize_t limit)
    cpdef write(self, object data)
    cpdef close_notify(self)
    cdef _no_plaintext(self, object error)
    cdef _no_progress(self, object error)
