from ..core.executor cimport spawn_here
from ..core.task cimport Task

cdef class Spawning:
    pass
