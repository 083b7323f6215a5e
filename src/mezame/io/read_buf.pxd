cdef class ReadBuf:
    cdef object _view
    cdef Py_ssize_t _filled
    cpdef filled(self)
    cpdef unfilled(self)
    cpdef Py_ssize_t filled_len(self) except -1
    cpdef Py_ssize_t remaining(self) except -1
    cpdef Py_ssize_t capacity(self) except -1
    cpdef put_slice(self, object data)
    cpdef advance(self, object count)
    cpdef set_filled(self, object count)
    cpdef clear(self)
    cpdef ReadBuf take(self, object limit)
