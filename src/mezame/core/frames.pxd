cdef extern from *:
    """
    static inline PyObject *mezame_caller_code(int *lasti) {
        PyFrameObject *frame = PyEval_GetFrame();
        if (frame == NULL) {
            *lasti = -1;
            Py_RETURN_NONE;
        }
        *lasti = PyFrame_GetLasti(frame);
        return (PyObject *)PyFrame_GetCode(frame);
    }
    """
    object caller_code "mezame_caller_code"(int *lasti)

cpdef object without_our_frames(object error)
cpdef tuple spawn_site()
