# Reuse: memory of small objects that live for one await (a Ready, a yield_now, the await of a task).
#
# ``reuse(type)``, called once where a final class is defined, has its freed objects kept, up to 32, for the next
# ones: no malloc, no free, no count towards the next garbage collection. Cython has freelists, but only for
# classes without a base. With the GIL off it does nothing: there the allocator is per thread already.
#
# Invariant: what is kept is dead: its fields are cleared, it is untracked, nobody refers to it.

from cpython.ref cimport PyObject

cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define mezame_reuse(type) ((void)(type))
    #define mezame_revive(n) NULL
    #else
    typedef struct {
        PyTypeObject *type;
        int count;
        PyObject *kept[32];
    } mezame_stash;
    static mezame_stash mezame_stashes[4];
    static int mezame_stashes_used = 0;

    static inline void mezame_born(PyObject *object) {
    #if defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS)
        _Py_NewReference(object);
    #else
        Py_SET_REFCNT(object, 1);
    #endif
    }
    static inline PyObject *mezame_take(mezame_stash *stash, PyTypeObject *type, Py_ssize_t items) {
        PyObject *object;
        if (stash->count == 0 || type != stash->type)
            return PyType_GenericAlloc(type, items);
        object = stash->kept[--stash->count];
        memset((char *)object + sizeof(PyObject), 0, (size_t)type->tp_basicsize - sizeof(PyObject));
        mezame_born(object);
        if (PyType_IS_GC(type))
            PyObject_GC_Track(object);
        return object;
    }
    static inline void mezame_give(mezame_stash *stash, PyObject *object) {
        if (stash->count < 32 && Py_TYPE(object) == stash->type)
            stash->kept[stash->count++] = object;
        else if (PyType_IS_GC(Py_TYPE(object)))
            PyObject_GC_Del(object);
        else
            PyObject_Free(object);
    }
    static inline PyObject *mezame_revive(int n) {
        PyObject *object = NULL;
        if (mezame_stashes[n].count > 0) {
            object = mezame_stashes[n].kept[--mezame_stashes[n].count];
            mezame_born(object);
        }
        return object;
    }
    #define MEZAME_STASH(n) \\
        static inline PyObject *mezame_alloc_##n(PyTypeObject *type, Py_ssize_t items) { \\
            return mezame_take(&mezame_stashes[n], type, items); \\
        } \\
        static inline void mezame_free_##n(void *object) { mezame_give(&mezame_stashes[n], (PyObject *)object); }
    MEZAME_STASH(0)
    MEZAME_STASH(1)
    MEZAME_STASH(2)
    MEZAME_STASH(3)
    static inline void mezame_reuse(PyObject *object) {
        static const allocfunc allocs[] = {mezame_alloc_0, mezame_alloc_1, mezame_alloc_2, mezame_alloc_3};
        static const freefunc frees[] = {mezame_free_0, mezame_free_1, mezame_free_2, mezame_free_3};
        PyTypeObject *type = (PyTypeObject *)object;
        if (mezame_stashes_used < 4 && !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
            mezame_stashes[mezame_stashes_used].type = type;
            type->tp_alloc = allocs[mezame_stashes_used];
            type->tp_free = frees[mezame_stashes_used];
            mezame_stashes_used++;
        }
    }
    #endif
    """
    void reuse "mezame_reuse"(object type) noexcept
    # The n-th reused class of this module, made without its constructor: for classes with no object in a field,
    # whose maker sets every field. NULL if none is kept.
    PyObject *revive "mezame_revive"(int n) noexcept
