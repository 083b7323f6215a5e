cimport cython

cdef extern from *:
    """
    #ifndef MEZAME_MUTEX
    #define MEZAME_MUTEX
    #ifdef Py_GIL_DISABLED
    typedef PyMutex mezame_mutex;
    #ifdef __SANITIZE_THREAD__  /* `make tsan`: the tool does not see into the interpreter's side of a PyMutex */
    void __tsan_acquire(void *);
    void __tsan_release(void *);
    #define mezame_mutex_lock(m) (PyMutex_Lock(m), __tsan_acquire(m))
    #define mezame_mutex_unlock(m) (__tsan_release(m), PyMutex_Unlock(m))
    #else
    #define mezame_mutex_lock(m) PyMutex_Lock(m)
    #define mezame_mutex_unlock(m) PyMutex_Unlock(m)
    #endif
    #else
    typedef char mezame_mutex;
    #define mezame_mutex_lock(m) ((void)(m))
    #define mezame_mutex_unlock(m) ((void)(m))
    #endif
    #endif
    """
    ctypedef struct mezame_mutex:
        pass
    void mutex_lock "mezame_mutex_lock"(mezame_mutex *m) noexcept nogil
    void mutex_unlock "mezame_mutex_unlock"(mezame_mutex *m) noexcept nogil

cdef class Guard:
    cdef mezame_mutex _mutex
    @cython.final
    @cython.nonecheck(False)
    cdef inline void _lock(self) noexcept:
        mutex_lock(cython.address(self._mutex))
    @cython.final
    @cython.nonecheck(False)
    cdef inline void _unlock(self) noexcept:
        mutex_unlock(cython.address(self._mutex))
