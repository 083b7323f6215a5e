# Bound: methods whose binding costs little.
#
# ``async with lock`` has the interpreter look up ``__aenter__`` and ``__aexit__``, which makes two bound methods, calls
# them once, and throws them away: before 3.14 that is half of the cost of a lock that nobody else wants.
# ``quicken(type, name, count, function)`` replaces the method ``name`` of a class by a descriptor that binds to objects
# which are kept for the next time, and whose call goes straight to the C function, if it has ``count`` arguments and no
# names. In every other case (``Class.method``, wrong arguments, attributes as ``__doc__``) the method that was there
# answers, so nobody sees a difference. With the GIL off, and from 3.14 on, which binds nothing there, it does nothing.

from cpython.ref cimport PyObject

cdef extern from *:
    """
    typedef PyObject *(*mezame_method)(PyObject *self, PyObject **args);
    #if defined(Py_GIL_DISABLED) || defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS) || PY_VERSION_HEX >= 0x030E0000
    #define mezame_quicken(type, name, count, call) (0)
    #else
    typedef struct { /* the descriptor, in the class */
        PyObject_HEAD
        PyObject *method; /* what was there */
        mezame_method call;
        Py_ssize_t count;
    } mezame_quick;
    typedef struct {
        PyObject_HEAD
        vectorcallfunc vectorcall;
        PyObject *self;
        mezame_quick *quick;
    } mezame_bound;
    static mezame_bound *mezame_bounds[16]; /* dropped ones: not tracked, what self and quick were is gone */
    static int mezame_bounds_kept = 0;

    static PyObject *mezame_bound_call(PyObject *object, PyObject *const *args, size_t flags, PyObject *names) {
        mezame_bound *bound = (mezame_bound *)object;
        if (PyVectorcall_NARGS(flags) == bound->quick->count && names == NULL)
            return bound->quick->call(bound->self, (PyObject **)args);
        PyObject *method = PyMethod_New(bound->quick->method, bound->self);
        if (method == NULL)
            return NULL;
        PyObject *answer = PyObject_Vectorcall(method, args, flags & ~PY_VECTORCALL_ARGUMENTS_OFFSET, names);
        Py_DECREF(method);
        return answer;
    }
    static int mezame_bound_traverse(PyObject *object, visitproc visit, void *arg) {
        Py_VISIT(((mezame_bound *)object)->self);
        return 0;
    }
    static void mezame_bound_dealloc(PyObject *object) {
        mezame_bound *bound = (mezame_bound *)object;
        PyObject *self = bound->self;
        PyObject_GC_UnTrack(object);
        Py_DECREF(bound->quick);
        if (mezame_bounds_kept < 16)
            mezame_bounds[mezame_bounds_kept++] = bound;
        else
            PyObject_GC_Del(object);
        Py_DECREF(self);
    }
    static PyObject *mezame_bound_getattr(PyObject *object, PyObject *name) {
        mezame_bound *bound = (mezame_bound *)object;
        PyObject *method = PyMethod_New(bound->quick->method, bound->self);
        PyObject *answer = method == NULL ? NULL : PyObject_GetAttr(method, name);
        Py_XDECREF(method);
        return answer;
    }
    static PyObject *mezame_bound_repr(PyObject *object) {
        mezame_bound *bound = (mezame_bound *)object;
        PyObject *method = PyMethod_New(bound->quick->method, bound->self);
        PyObject *answer = method == NULL ? NULL : PyObject_Repr(method);
        Py_XDECREF(method);
        return answer;
    }
    static PyTypeObject mezame_bound_type = {
        PyVarObject_HEAD_INIT(NULL, 0)
        .tp_name = "method",
        .tp_basicsize = sizeof(mezame_bound),
        .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
        .tp_vectorcall_offset = offsetof(mezame_bound, vectorcall),
        .tp_call = PyVectorcall_Call,
        .tp_traverse = mezame_bound_traverse,
        .tp_dealloc = mezame_bound_dealloc,
        .tp_getattro = mezame_bound_getattr,
        .tp_repr = mezame_bound_repr,
    };
    static PyObject *mezame_quick_get(PyObject *quick, PyObject *self, PyObject *type) {
        mezame_bound *bound;
        (void)type;
        if (self == NULL)
            return Py_NewRef(((mezame_quick *)quick)->method);
        if (mezame_bounds_kept > 0) {
            bound = mezame_bounds[--mezame_bounds_kept];
            Py_SET_REFCNT((PyObject *)bound, 1);
        } else {
            bound = PyObject_GC_New(mezame_bound, &mezame_bound_type);
            if (bound == NULL)
                return NULL;
            bound->vectorcall = mezame_bound_call;
        }
        bound->self = Py_NewRef(self);
        bound->quick = (mezame_quick *)Py_NewRef(quick);
        PyObject_GC_Track((PyObject *)bound);
        return (PyObject *)bound;
    }
    static PyObject *mezame_quick_getattr(PyObject *quick, PyObject *name) {
        return PyObject_GetAttr(((mezame_quick *)quick)->method, name);
    }
    static PyTypeObject mezame_quick_type = { /* its objects live as long as the class: for ever */
        PyVarObject_HEAD_INIT(NULL, 0)
        .tp_name = "method_descriptor",
        .tp_basicsize = sizeof(mezame_quick),
        .tp_flags = Py_TPFLAGS_DEFAULT,
        .tp_descr_get = mezame_quick_get,
        .tp_getattro = mezame_quick_getattr,
    };
    static int mezame_quicken(PyObject *object, const char *name, Py_ssize_t count, mezame_method call) {
        PyTypeObject *type = (PyTypeObject *)object;
        if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE))
            return 0;
        if (PyType_Ready(&mezame_bound_type) < 0 || PyType_Ready(&mezame_quick_type) < 0)
            return -1;
        PyObject *method = PyDict_GetItemString(type->tp_dict, name);
        mezame_quick *quick = PyObject_New(mezame_quick, &mezame_quick_type);
        if (method == NULL || quick == NULL)
            return -1;
        quick->method = Py_NewRef(method);
        quick->call = call;
        quick->count = count;
        int failed = PyDict_SetItemString(type->tp_dict, name, (PyObject *)quick);
        Py_DECREF(quick);
        PyType_Modified(type);
        return failed;
    }
    #endif
    """
    int quicken "mezame_quicken"(object type, const char *name, Py_ssize_t count, PyObject *(*call)(PyObject *, PyObject **) except NULL) except -1
