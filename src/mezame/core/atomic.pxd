# Atomic words: what the lock-free parts (``word.py``, the scheduler's ``steal_queue.py``) are made of.
#
# Free-threaded, these are C11 atomics with the ordering that the name says. With a GIL they are plain accesses, for
# compiled code is not interrupted there. The interpreted modules do the same under the guard (``guard.py``).

cdef extern from *:
    """
    #ifndef MEZAME_ATOMIC
    #define MEZAME_ATOMIC
    #ifdef Py_GIL_DISABLED
    #define mezame_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define mezame_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
    #define mezame_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    #define mezame_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)
    static inline int mezame_swap(unsigned long long *p, unsigned long long old, unsigned long long new_) {
        return __atomic_compare_exchange_n(p, &old, new_, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    }
    #else
    #define mezame_load(p) (*(p))
    #define mezame_load_relaxed(p) (*(p))
    #define mezame_store(p, v) (*(p) = (v))
    #define mezame_fence() ((void)0)
    static inline int mezame_swap(unsigned long long *p, unsigned long long old, unsigned long long new_) {
        if (*p != old)
            return 0;
        *p = new_;
        return 1;
    }
    #endif
    #endif
    """
    unsigned long long atomic_load "mezame_load"(unsigned long long *p) noexcept nogil
    unsigned long long atomic_load_relaxed "mezame_load_relaxed"(unsigned long long *p) noexcept nogil
    void atomic_store "mezame_store"(unsigned long long *p, unsigned long long value) noexcept nogil
    bint atomic_swap "mezame_swap"(unsigned long long *p, unsigned long long old, unsigned long long new) noexcept nogil
    void atomic_fence "mezame_fence"() noexcept nogil
