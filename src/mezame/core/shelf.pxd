# Shelf: small objects that live for one await or one block (a Ready, a yield_now, a lock's guard), kept for the next.
#
# ``shelve(type)``, called once where a class is defined, has up to 32 of its dropped objects put on a shelf instead of
# being taken apart; ``unshelve(n, type)`` gives one back, or makes a new one: n counts the ``shelve`` calls of the module,
# from 0. What is on the shelf is alive, with one reference (the shelf's) and None in each field, so neither the allocator
# nor the constructors of the class and its bases are needed again: that is most of what a small object costs; nor does it
# count towards the next garbage collection. (Cython's freelists are only for classes without a base, and keep memory, not
# objects.) A ``__del__`` is called each time that an object is dropped; a ``__dealloc__`` is not:
#
# - ``shelve_after(type, drop)`` is for a class that has one: ``drop(object)`` does the same.
# - ``shelve_emptied(type, empty)``: ``empty(object)`` does it, and puts None into each field. Such objects are not tracked
#   by the garbage collector at all: they may not be what closes a cycle.
#
# The maker has to set every field that is no object. One whose type closes no cycle (``bytes``, ``bytearray``) is not set
# to None by Cython: declare it ``object``, or it is kept as long as the shelf. An exception in flight stays as it is:
# objects are dropped while one unwinds the stack.
#
# Objects on the shelf are not tracked. (They could be if it were not for those that are dropped *by* the collector: they
# are in its list of garbage, and one that was made use of meanwhile would be cleared.) With the GIL off there are no
# shelves, for the allocator is per thread already: ``unshelve`` makes a new one.

from cpython.ref cimport PyObject

cdef extern from *:
    """
    #if defined(Py_GIL_DISABLED) || defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS)
    #define MEZAME_NO_SHELVES
    #endif
    static PyObject *mezame_unshelved(PyTypeObject *type) {
        PyObject *no_args = PyTuple_New(0);
        PyObject *object = no_args == NULL ? NULL : type->tp_new(type, no_args, NULL);
        Py_XDECREF(no_args);
        return object;
    }
    #define mezame_shelve(type) mezame_shelve_as(type, NULL, 1)
    #define mezame_shelve_after(type, drop) mezame_shelve_as(type, drop, 1)
    #define mezame_shelve_emptied(type, empty) mezame_shelve_as(type, empty, 0)
    #ifdef MEZAME_NO_SHELVES
    #define mezame_shelve_as(type, drop, tracked) ((void)(type), (void)(drop))
    static inline PyObject *mezame_unshelve(int n, PyObject *type) {
        (void)n;
        return mezame_unshelved((PyTypeObject *)type);
    }
    #else
    typedef struct {
        PyTypeObject *type;
        destructor dealloc; /* the class's own */
        inquiry drop;  /* ours, or NULL */
        inquiry clear; /* the class's own, or NULL */
        int tracked;
        int bare; /* no finaliser, no field, nothing to do */
        int count;
        PyObject *kept[32];
    } mezame_shelf;
    static mezame_shelf mezame_shelves[4];
    static int mezame_shelves_used = 0;

    static inline void mezame_put_away(mezame_shelf *shelf, PyObject *object) {
        PyTypeObject *type = Py_TYPE(object);
        if (shelf->bare && shelf->count < 32 && type == shelf->type) {
            Py_SET_REFCNT(object, 1);
            shelf->kept[shelf->count++] = object;
            return;
        }
        if (type != shelf->type) { /* a derived class's: it has called its finaliser */
            shelf->dealloc(object);
            return;
        }
        if (type->tp_finalize != NULL) {
            if (PyObject_GC_IsFinalized(object)) { /* by the collector, which would not do it a second time */
                shelf->dealloc(object);
                return;
            }
            Py_SET_REFCNT(object, 1);
            type->tp_finalize(object);
            Py_SET_REFCNT(object, Py_REFCNT(object) - 1);
            if (Py_REFCNT(object) > 0)
                return; /* the finaliser has given it to somebody */
        }
        if (shelf->count == 32) {
            shelf->dealloc(object); /* in which Cython's call of the finaliser is skipped: the slot is not its own */
            return;
        }
        if (shelf->tracked)
            PyObject_GC_UnTrack(object);
        Py_SET_REFCNT(object, 1);
        if (shelf->drop != NULL) {
            if (PyErr_Occurred() == NULL) {
                shelf->drop(object);
            } else {
                PyObject *kind, *error, *traceback;
                PyErr_Fetch(&kind, &error, &traceback);
                shelf->drop(object);
                PyErr_Restore(kind, error, traceback);
            }
        }
        if (shelf->clear != NULL)
            shelf->clear(object); /* may drop, and so make and drop, objects of this very class */
        if (shelf->count < 32) {
            shelf->kept[shelf->count++] = object;
        } else {
            Py_SET_REFCNT(object, 0);
            type->tp_free(object);
        }
    }
    static inline PyObject *mezame_unshelve(int n, PyObject *type) {
        if (n < 4 && mezame_shelves[n].count > 0) {
            PyObject *object = mezame_shelves[n].kept[--mezame_shelves[n].count];
            if (mezame_shelves[n].tracked)
                PyObject_GC_Track(object);
            return object;
        }
        PyObject *object = mezame_unshelved((PyTypeObject *)type);
        if (object != NULL && n < 4 && mezame_shelves[n].type == Py_TYPE(object) && !mezame_shelves[n].tracked &&
            PyType_IS_GC(Py_TYPE(object)))
            PyObject_GC_UnTrack(object);
        return object;
    }
    static void mezame_put_away_0(PyObject *object) { mezame_put_away(&mezame_shelves[0], object); }
    static void mezame_put_away_1(PyObject *object) { mezame_put_away(&mezame_shelves[1], object); }
    static void mezame_put_away_2(PyObject *object) { mezame_put_away(&mezame_shelves[2], object); }
    static void mezame_put_away_3(PyObject *object) { mezame_put_away(&mezame_shelves[3], object); }
    static inline void mezame_shelve_as(PyObject *object, inquiry drop, int tracked) {
        static const destructor deallocs[] = {mezame_put_away_0, mezame_put_away_1, mezame_put_away_2,
                                              mezame_put_away_3};
        PyTypeObject *type = (PyTypeObject *)object;
        int n = mezame_shelves_used++;
        tracked = tracked && PyType_IS_GC(type); /* else it has no field that can refer to an object */
        /* A heap type, one whose fields nobody empties, or a fifth: no shelf, each is made anew. */
        if (n < 4 && !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && (!tracked || type->tp_clear != NULL)) {
            mezame_shelves[n].type = type;
            mezame_shelves[n].drop = drop;
            mezame_shelves[n].clear = tracked ? type->tp_clear : NULL;
            mezame_shelves[n].tracked = tracked;
            mezame_shelves[n].bare = !tracked && drop == NULL && type->tp_finalize == NULL;
            mezame_shelves[n].dealloc = type->tp_dealloc;
            type->tp_dealloc = deallocs[n];
        }
    }
    #endif
    """
    void shelve "mezame_shelve"(object type) noexcept
    void shelve_after "mezame_shelve_after"(object type, int (*drop)(PyObject *) noexcept) noexcept
    void shelve_emptied "mezame_shelve_emptied"(object type, int (*empty)(PyObject *) noexcept) noexcept
    object unshelve "mezame_unshelve"(int n, object type)
    PyObject *unshelve_owned "mezame_unshelve"(int n, object type) except NULL  # the caller's reference
