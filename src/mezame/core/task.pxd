cimport cython
from cpython.ref cimport PyObject

from .cell cimport TaskCell
from .context cimport Context
from .current cimport Scheduler, current
from .future cimport Future, to_coroutine
from .poll cimport PendingType, make_ready
from .shelf cimport shelve_after, unshelve
from .waitlist cimport Place, WaitList, make_place
from .waker cimport Waker

# A class whose fields are all its base's is freed as that base: without this, each level of classes across modules
# costs every task one more round of finaliser check, untrack and track.
cdef extern from *:
    """
    static inline void mezame_free_as_base(PyObject *type) {
        ((PyTypeObject *)type)->tp_dealloc = ((PyTypeObject *)type)->tp_base->tp_dealloc;
    }
    """
    void free_as_base "mezame_free_as_base"(object type) noexcept

cdef PendingType PENDING

cdef class Task(TaskCell):
    cdef _outcome(self)
    cpdef bint is_finished(self)
    cpdef JoinFuture join_future(self)
    @cython.locals(join=JoinFuture, fresh=JoinFuture, complete=bint)
    cpdef poll(self, Context cx)

@cython.final
cdef class JoinFuture(Future):
    cdef Task _task
    cdef Place _place
    cdef bint _finished
    cdef int _start_join(self, Task task) except -1
    @cython.locals(waker=Waker, fresh=Place, old=Waker)
    cdef object _wait_for_end(self, Context cx)
    cdef void _leave(self, Task task, Place place) noexcept
    cpdef bint is_finished(self)

@cython.locals(join=JoinFuture)
cdef int _drop_join(PyObject *raw) noexcept

@cython.locals(task=Task)
cpdef Task make_task(object future, Scheduler scheduler, object name, object context)
@cython.locals(join=JoinFuture)
cdef object await_task(Task task)

