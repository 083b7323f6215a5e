cimport cython

cdef extern from *:
    """
    /* A place that is empty holds None; the index is in range. Nothing is checked and nothing else is released, which
       is why it is fit for use under a guard. */
    static inline void mezame_ring_put(PyObject *items, Py_ssize_t index, PyObject *value) {
        PyList_SET_ITEM(items, index, Py_NewRef(value));
    #if PY_VERSION_HEX < 0x030C0000
        Py_DECREF(Py_None);
    #endif
    }
    static inline PyObject *mezame_ring_take(PyObject *items, Py_ssize_t index) {
        PyObject *value = PyList_GET_ITEM(items, index);
        PyList_SET_ITEM(items, index, Py_NewRef(Py_None));
        return value;
    }
    """
    void ring_put "mezame_ring_put"(list items, Py_ssize_t index, object value) noexcept
    object ring_take "mezame_ring_take"(list items, Py_ssize_t index)

cdef Py_ssize_t _LARGE

@cython.final
cdef class Ring:
    cdef list _items
    cdef Py_ssize_t _size
    cdef Py_ssize_t _head
    cdef Py_ssize_t _length
    @cython.locals(index=Py_ssize_t)
    cdef int _push(self, object value) except -1
    @cython.locals(fresh=list, items=list, index=Py_ssize_t, length=Py_ssize_t)
    cdef _grow(self)
    cdef object _pop(self)
