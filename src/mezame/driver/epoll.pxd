cimport cython

from cpython.exc cimport PyErr_CheckSignals

from ..core.word cimport Word
from .poller cimport Poller
from .readiness cimport Source

cdef extern from *:
    """
    #include <errno.h>
    #include <sys/epoll.h>

    static int mezame_epoll_wait(int epoll, struct epoll_event *events, int limit, int timeout) {
        int count;
        if (timeout == 0) {
            count = epoll_wait(epoll, events, limit, 0); /* does not block: the GIL stays ours */
        } else {
            Py_BEGIN_ALLOW_THREADS
            count = epoll_wait(epoll, events, limit, timeout);
            Py_END_ALLOW_THREADS
        }
        if (count >= 0)
            return count;
        if (errno == EINTR)
            return PyErr_CheckSignals() < 0 ? -1 : 0; /* Python's signal handlers run here */
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    static inline Py_ssize_t mezame_event_size(void) { return sizeof(struct epoll_event); }
    static inline struct epoll_event *mezame_events_in(PyObject *buffer) {
        return (struct epoll_event *)PyByteArray_AS_STRING(buffer);
    }
    static inline int mezame_event_fd(struct epoll_event *events, int index) { return events[index].data.fd; }
    static inline unsigned int mezame_event_bits(struct epoll_event *events, int index) {
        return events[index].events;
    }
    """
    ctypedef struct epoll_event "struct epoll_event":
        pass
    int epoll_wait_into "mezame_epoll_wait"(int epoll, epoll_event *events, int limit, int timeout) except -1
    int event_fd "mezame_event_fd"(epoll_event *events, int index) noexcept
    Py_ssize_t event_size "mezame_event_size"() noexcept
    epoll_event *events_in "mezame_events_in"(object buffer) noexcept
    unsigned int event_bits "mezame_event_bits"(epoll_event *events, int index) noexcept

cdef int READABLE
cdef int WRITABLE
cdef int READ_CLOSED
cdef int WRITE_CLOSED
cdef int ERROR
cdef int PRIORITY
cdef unsigned int _IN
cdef unsigned int _PRI
cdef unsigned int _OUT
cdef unsigned int _ERR
cdef unsigned int _HUP
cdef unsigned int _RDHUP
cdef unsigned int _ET
cdef unsigned int _BOTH

@cython.locals(bits=int)
cdef int bits_of(unsigned int events) noexcept

cdef class EpollPoller(Poller):
    cdef object _epoll
    cdef int _epoll_fd
    cdef int _event_fd
    cdef int _last_fd
    cdef int _notifying
    cdef list _sources
    cdef Word _registered
    cdef object _watched
    cdef bint _signalled
    @cython.locals(last=int)
    cdef _end_notifying(self)
    cdef object _get_watched(self)
    cdef _hear(self, int fd)
    cdef _tell_of_signal(self)
    cdef _count(self, int added, int removed)
    cdef _put(self, int fd, Source source)
    @cython.locals(found=bint)
    cdef bint _take(self, int fd, Source source) except -1
    @cython.locals(source=Source)
    cdef Source _at(self, int fd)
    cdef readonly bint needs_rearm
    cdef readonly long long waits
    cdef bytearray _buffer
    cdef epoll_event *_events
    cdef int _limit
    cdef bint _nested
    @cython.locals(fd=int)
    cpdef notify(self)
    @cython.locals(fd=int)
    cpdef close(self)
    @cython.locals(timeout=int, count=int)
    cpdef int wait(self, long long timeout_ns) except -1
    @cython.locals(count=int, index=int)
    cdef int _wait_compiled(self, int timeout) except -1
    @cython.locals(source=Source, bits=int)
    cdef _dispatch(self, int fd, unsigned int events)
