cimport cython

from .waker cimport Wakeable, Waker

# Which thread this is, in one instruction where there is one for it.
cdef extern from *:
    """
    #ifndef mezame_this_thread
    #ifdef __has_builtin
    #if defined(__linux__) && __has_builtin(__builtin_thread_pointer)
    #define mezame_this_thread() ((unsigned long long)(size_t)__builtin_thread_pointer())
    #endif
    #endif
    #ifndef mezame_this_thread
    #define mezame_this_thread() ((unsigned long long)PyThread_get_thread_ident())
    #endif
    #endif
    """
    unsigned long long this_thread "mezame_this_thread"() noexcept nogil

@cython.final
cdef class Context:
    cdef Wakeable _source
    cdef Waker _made
    cdef unsigned long long _owner
    @cython.nonecheck(False)
    cdef inline void _adopt(self) noexcept:
        self._owner = this_thread()
    @cython.nonecheck(False)
    cdef inline bint _is_ours(self) noexcept:
        return self._owner == this_thread()
    @cython.locals(source=Wakeable, waker=Waker)
    cdef Waker _get_waker(self)
    cdef void _leave(self) noexcept

@cython.locals(cx=Context)
cpdef Context loop_context()
