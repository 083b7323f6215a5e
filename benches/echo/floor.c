/*
 * The floor under every echo server that has a coroutine per connection: the loop of server.c, which resumes a coroutine
 * where that one calls a function, and the two awaitables that the coroutine needs.
 *
 * What it costs over server.c is what the interpreter takes for the statements of the coroutine, and the bytes object.
 * There is nothing else: no tasks, no wakers, no contextvars, no queue, no budget, no timers, no cancellation, no other
 * threads, and one waiter per connection, who is resumed by its edge wherever it stands. The awaitables belong to their
 * stream and are never allocated; the exception that carries the bytes out of an await is made once and used again.
 *
 * serve(echo, listener): for each connection accepted from the descriptor, echo(stream) is run, and stream has read(n),
 * write_all(data) and close(). It does not return, unless a signal's handler raises.
 */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, BATCH = 1024 };

/* An awaitable that is a part of its stream: it has no memory, and no references, of its own. */
typedef struct {
    PyObject_HEAD
    struct stream *of;
} part;

typedef struct stream {
    PyObject_HEAD
    int fd;
    int readable; /* the last read did not empty the socket, or there was an edge since */
    Py_ssize_t limit, sent;
    PyObject *data;      /* what write_all was given */
    PyObject *stop;      /* the StopIteration that carries the bytes out */
    PyObject *coroutine; /* NULL: ended */
    part reader, writer;
} stream;

static char chunk[CHUNK];

static PyObject *itself(PyObject *self) { return Py_NewRef(self); }

static PyObject *read_next(PyObject *self) {
    stream *s = ((part *)self)->of;
    if (!s->readable) return Py_NewRef(Py_None);
    ssize_t got;
    do {
        got = recv(s->fd, chunk, (size_t)s->limit, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        if (errno != EAGAIN) return PyErr_SetFromErrno(PyExc_OSError);
        s->readable = 0;
        return Py_NewRef(Py_None);
    }
    s->readable = got == s->limit || got == 0;
    PyObject *data = PyBytes_FromStringAndSize(chunk, got);
    if (data == NULL) return NULL;
    Py_XSETREF(((PyStopIterationObject *)s->stop)->value, data);
    PyErr_Restore(Py_NewRef(PyExc_StopIteration), Py_NewRef(s->stop), NULL);
    return NULL;
}

static PyObject *write_next(PyObject *self) {
    stream *s = ((part *)self)->of;
    Py_ssize_t size = PyBytes_GET_SIZE(s->data);
    while (s->sent < size) {
        ssize_t sent = send(s->fd, PyBytes_AS_STRING(s->data) + s->sent, (size_t)(size - s->sent), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN ? Py_NewRef(Py_None) : PyErr_SetFromErrno(PyExc_OSError);
        }
        s->sent += sent;
    }
    Py_CLEAR(s->data);
    return NULL; /* without an exception: None */
}

static PyAsyncMethods awaitable = {.am_await = itself};

#define PART(TYPE, NAME, NEXT)                                                                                         \
    static PyTypeObject TYPE = {                                                                                       \
        PyVarObject_HEAD_INIT(NULL, 0).tp_name = NAME, .tp_basicsize = sizeof(part), .tp_flags = Py_TPFLAGS_DEFAULT,   \
        .tp_as_async = &awaitable, .tp_iter = itself, .tp_iternext = NEXT,                                             \
    }
PART(reader_type, "echo_floor.Reader", read_next);
PART(writer_type, "echo_floor.Writer", write_next);

static PyObject *stream_read(PyObject *self, PyObject *limit) {
    stream *s = (stream *)self;
    s->limit = PyLong_AsSsize_t(limit);
    if (s->limit < 1 || s->limit > CHUNK) {
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "read takes 1 to %d bytes, not %R", CHUNK, limit);
    }
    return Py_NewRef((PyObject *)&s->reader);
}

static PyObject *stream_write_all(PyObject *self, PyObject *data) {
    stream *s = (stream *)self;
    if (!PyBytes_CheckExact(data)) return PyErr_Format(PyExc_TypeError, "write_all takes bytes, not %R", data);
    Py_XSETREF(s->data, Py_NewRef(data));
    s->sent = 0;
    return Py_NewRef((PyObject *)&s->writer);
}

static PyObject *stream_close(PyObject *self, PyObject *unused) {
    (void)unused;
    close(((stream *)self)->fd);
    Py_RETURN_NONE;
}

static PyMethodDef stream_methods[] = {
    {"read", stream_read, METH_O, "Awaits to up to so many bytes."},
    {"write_all", stream_write_all, METH_O, "Awaits until all is written."},
    {"close", stream_close, METH_NOARGS, "Closes the socket."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject stream_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "echo_floor.Stream",
    .tp_basicsize = sizeof(stream),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = stream_methods,
};

/* One poll. A stream is never freed: it lives as long as the process, which serves one run of the bench. */
static void resume(stream *s) {
    PyObject *out = NULL;
    if (PyIter_Send(s->coroutine, Py_None, &out) == PYGEN_NEXT) {
        Py_DECREF(out);
        return;
    }
    if (out == NULL) PyErr_WriteUnraisable(s->coroutine);
    Py_XDECREF(out);
    Py_CLEAR(s->coroutine);
}

static int accept_one(PyObject *echo, int listener, int poller) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return 0;
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    stream *s = (stream *)stream_type.tp_alloc(&stream_type, 0);
    if (s == NULL) return -1;
    s->fd = fd;
    s->readable = 1;
    s->reader.of = s->writer.of = s;
    PyObject_Init((PyObject *)&s->reader, &reader_type);
    PyObject_Init((PyObject *)&s->writer, &writer_type);
    s->stop = PyObject_CallNoArgs(PyExc_StopIteration);
    s->coroutine = s->stop == NULL ? NULL : PyObject_CallOneArg(echo, (PyObject *)s);
    if (s->coroutine == NULL) return -1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = s};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    resume(s);
    return 0;
}

static PyObject *serve(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *echo;
    int listener;
    if (!PyArg_ParseTuple(args, "Oi", &echo, &listener)) return NULL;
    int poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0) return PyErr_SetFromErrno(PyExc_OSError);
    static struct epoll_event ready[BATCH];
    for (;;) {
        int count;
        Py_BEGIN_ALLOW_THREADS
        count = epoll_wait(poller, ready, BATCH, -1);
        Py_END_ALLOW_THREADS
        if (count < 0 && errno != EINTR) return PyErr_SetFromErrno(PyExc_OSError);
        if (PyErr_CheckSignals() < 0) return NULL;
        for (int i = 0; i < count; i++) {
            stream *s = ready[i].data.ptr;
            if (s == NULL) {
                if (accept_one(echo, listener, poller) < 0) return NULL;
            } else if (s->coroutine != NULL) {
                s->readable |= ready[i].events != EPOLLOUT;
                resume(s);
            }
        }
    }
}

static PyMethodDef methods[] = {
    {"serve", serve, METH_VARARGS, "serve(echo, listener): runs echo(stream) for each connection."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "echo_floor", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_echo_floor(void) {
    if (PyType_Ready(&reader_type) < 0 || PyType_Ready(&writer_type) < 0 || PyType_Ready(&stream_type) < 0) return NULL;
    PyObject *m = PyModule_Create(&module);
#ifdef Py_GIL_DISABLED
    if (m != NULL) PyUnstable_Module_SetGIL(m, Py_MOD_GIL_NOT_USED);
#endif
    return m;
}
