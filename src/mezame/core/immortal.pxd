# Immortal: objects of which there is one, and that every task of every thread uses.
#
# Without a GIL an object belongs to the thread that made it; all others count references on it with an atomic operation,
# and the cache line goes from core to core. What lives as long as the process needs no count: ``immortal(object)``, once,
# by the thread that has made it, and nobody counts any more. With a GIL it does nothing.

cdef extern from *:
    """
    static inline void mezame_immortal(PyObject *object) {
    #ifdef Py_GIL_DISABLED
        Py_SET_REFCNT(object, PY_SSIZE_T_MAX); /* more than it can count means this */
    #else
        (void)object;
    #endif
    }
    """
    void immortal "mezame_immortal"(object obj) noexcept
