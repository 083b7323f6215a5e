cdef extern from *:
    """
    #include <errno.h>
    #include <sys/types.h>
    #include <sys/socket.h>
    #ifndef MSG_NOSIGNAL
    #define MSG_NOSIGNAL 0
    #endif
    /* What comes from a socket goes through this buffer into bytes of the right size: the bytes cannot be made before
       it is known how many there are, and to make them too large and cut them costs more than the copy. With a GIL one
       will do, for a call that does not block keeps the GIL; without, each thread that reads has one (the loader
       allocates it at the first use, and frees it with the thread). */
    #define MEZAME_BUFFER 262144
    #ifdef Py_GIL_DISABLED
    static _Thread_local char mezame_buffer[MEZAME_BUFFER];
    #else
    static char mezame_buffer[MEZAME_BUFFER];
    #endif

    static PyObject *mezame_socket_error(PyObject *blocked) {
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return Py_NewRef(blocked);
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    static PyObject *mezame_socket_recv(int fd, Py_ssize_t limit, PyObject *blocked) {
        ssize_t got;
        if (limit <= MEZAME_BUFFER) {
            char *buffer = mezame_buffer;
            do {
                got = recv(fd, buffer, (size_t)limit, MSG_DONTWAIT);
            } while (got < 0 && errno == EINTR);
            if (got < 0)
                return mezame_socket_error(blocked);
            return PyBytes_FromStringAndSize(buffer, got);
        }
        PyObject *bytes = PyBytes_FromStringAndSize(NULL, limit);
        if (bytes == NULL)
            return NULL;
        do {
            got = recv(fd, PyBytes_AS_STRING(bytes), (size_t)limit, MSG_DONTWAIT);
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            int saved = errno;
            Py_DECREF(bytes);
            errno = saved;
            return mezame_socket_error(blocked);
        }
        if (got < limit)
            _PyBytes_Resize(&bytes, got);
        return bytes;
    }
    static Py_ssize_t mezame_socket_count(ssize_t count) {
        if (count >= 0)
            return count;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return -1;
        PyErr_SetFromErrno(PyExc_OSError);
        return -2;
    }
    static Py_ssize_t mezame_socket_recv_into(int fd, PyObject *target, Py_ssize_t offset, Py_ssize_t limit) {
        Py_buffer view;
        ssize_t got;
        if (PyObject_GetBuffer(target, &view, PyBUF_WRITABLE) < 0)
            return -2;
        if (offset > view.len)
            offset = view.len;
        if (limit > view.len - offset)
            limit = view.len - offset;
        do {
            got = recv(fd, (char *)view.buf + offset, (size_t)limit, MSG_DONTWAIT);
        } while (got < 0 && errno == EINTR);
        int saved = errno;
        PyBuffer_Release(&view);
        errno = saved;
        return mezame_socket_count(got);
    }
    static Py_ssize_t mezame_socket_send(int fd, PyObject *data, Py_ssize_t offset) {
        ssize_t sent;
        if (PyBytes_CheckExact(data)) {
            do {
                sent = send(fd, PyBytes_AS_STRING(data) + offset, (size_t)(PyBytes_GET_SIZE(data) - offset),
                            MSG_DONTWAIT | MSG_NOSIGNAL);
            } while (sent < 0 && errno == EINTR);
        } else {
            Py_buffer view;
            if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
                return -2;
            if (offset > view.len)
                offset = view.len;
            do {
                sent = send(fd, (char *)view.buf + offset, (size_t)(view.len - offset),
                            MSG_DONTWAIT | MSG_NOSIGNAL);
            } while (sent < 0 && errno == EINTR);
            int saved = errno;
            PyBuffer_Release(&view);
            errno = saved;
        }
        return mezame_socket_count(sent);
    }
    """
    object socket_recv "mezame_socket_recv"(int fd, Py_ssize_t limit, object blocked)
    Py_ssize_t socket_recv_into "mezame_socket_recv_into"(int fd, object target, Py_ssize_t offset,
                                                          Py_ssize_t limit) except -2
    Py_ssize_t socket_send "mezame_socket_send"(int fd, object data, Py_ssize_t offset) except -2

cdef object _BLOCKED

cpdef object recv(int fd, Py_ssize_t limit)
cpdef Py_ssize_t recv_into(int fd, object buffer, Py_ssize_t offset, Py_ssize_t limit) except -2
cpdef Py_ssize_t send(int fd, object data, Py_ssize_t offset) except -2
