cimport cython

@cython.final
cdef class Ring:
    cdef list _items
    cdef Py_ssize_t _size
    cdef Py_ssize_t _head
    cdef Py_ssize_t _length
    cdef int _push(self, object value) except -1
    @cython.locals(fresh=list, items=list, index=Py_ssize_t, length=Py_ssize_t)
    cdef _grow(self)
    cdef object _pop(self)
