/*
 * The floor under every channel and lock: objects with the same methods that do nothing.
 *
 * What `await channel.send(x)`, `await channel.recv()` and `async with lock` cost with these is what the interpreter
 * itself takes for the statement: the calls, the await, the loop around them. No channel and no lock, in whatever
 * language, can be faster under this interpreter, so the ratio of a rival to the floor is the most that anybody can
 * reach. The awaitables are complete at once and are never allocated; the exception that carries a value out of an
 * await is made once and used again.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
    PyObject_HEAD
    PyObject *value; /* NULL: the await gives None */
    PyObject *stop;  /* the StopIteration that carries the value out */
} answer;

static PyObject *answer_self(PyObject *self) { return Py_NewRef(self); }

static PyObject *answer_next(PyObject *self) {
    answer *a = (answer *)self;
    if (a->value != NULL) {
        Py_XSETREF(((PyStopIterationObject *)a->stop)->value, Py_NewRef(a->value));
        PyErr_Restore(Py_NewRef(PyExc_StopIteration), Py_NewRef(a->stop), NULL);
    }
    return NULL; /* without an exception: None */
}

static void answer_dealloc(PyObject *self) {
    Py_CLEAR(((answer *)self)->value);
    Py_CLEAR(((answer *)self)->stop);
    PyObject_Free(self);
}

static PyAsyncMethods answer_async = {.am_await = answer_self};

static PyTypeObject answer_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "floor.Answer",
    .tp_basicsize = sizeof(answer),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_as_async = &answer_async,
    .tp_iter = answer_self,
    .tp_iternext = answer_next,
    .tp_dealloc = answer_dealloc,
};

static PyObject *make_answer(void) {
    answer *a = PyObject_New(answer, &answer_type);
    if (a == NULL) return NULL;
    a->value = NULL;
    a->stop = PyObject_CallNoArgs(PyExc_StopIteration);
    if (a->stop == NULL) Py_CLEAR(a);
    return (PyObject *)a;
}

typedef struct {
    PyObject_HEAD
    PyObject *done;  /* the answer of all that gives None */
    PyObject *given; /* the answer of recv */
} nothing;

static PyObject *nothing_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)args, (void)kwargs;
    nothing *n = (nothing *)type->tp_alloc(type, 0);
    if (n == NULL) return NULL;
    n->done = make_answer();
    n->given = make_answer();
    if (n->done == NULL || n->given == NULL) Py_CLEAR(n);
    return (PyObject *)n;
}

static void nothing_dealloc(PyObject *self) {
    Py_CLEAR(((nothing *)self)->done);
    Py_CLEAR(((nothing *)self)->given);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *nothing_send(PyObject *self, PyObject *value) {
    nothing *n = (nothing *)self;
    Py_XSETREF(((answer *)n->given)->value, Py_NewRef(value));
    return Py_NewRef(n->done);
}

static PyObject *nothing_recv(PyObject *self, PyObject *unused) {
    (void)unused;
    return Py_NewRef(((nothing *)self)->given);
}

static PyObject *nothing_enter(PyObject *self, PyObject *unused) {
    (void)unused;
    return Py_NewRef(((nothing *)self)->done);
}

static PyObject *nothing_exit(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)args, (void)count;
    return Py_NewRef(((nothing *)self)->done);
}

static PyMethodDef nothing_methods[] = {
    {"send", nothing_send, METH_O, "Keeps the value; await gives None."},
    {"recv", nothing_recv, METH_NOARGS, "await gives the value that was sent last."},
    {"__aenter__", nothing_enter, METH_NOARGS, NULL},
    {"__aexit__", (PyCFunction)(void (*)(void))nothing_exit, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject nothing_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "floor.Nothing",
    .tp_basicsize = sizeof(nothing),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = nothing_new,
    .tp_dealloc = nothing_dealloc,
    .tp_methods = nothing_methods,
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "floor", .m_size = -1};

PyMODINIT_FUNC PyInit_floor(void) {
    if (PyType_Ready(&answer_type) < 0) return NULL;
    PyObject *m = PyModule_Create(&module);
#ifdef Py_GIL_DISABLED
    if (m != NULL) PyUnstable_Module_SetGIL(m, Py_MOD_GIL_NOT_USED);
#endif
    if (m != NULL && PyModule_AddType(m, &nothing_type) < 0) Py_CLEAR(m);
    return m;
}
