from ..core.current cimport current
from ..core.executor cimport close_unused, spawn_here
from ..core.task cimport Task
