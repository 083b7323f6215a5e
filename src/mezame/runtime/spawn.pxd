from ..core.current cimport current
from ..core.executor cimport spawn_here
from ..core.future cimport close_coroutine
from ..core.immortal cimport immortal
from ..core.task cimport Task
