from .core.poll import Poll
from .core.waker import Waker
from .core.context import Context
from .core.future import Future, into_future, poll_fn, ready, pending
from .core.executor import Executor, spawn_here
from .core.block_on import block_on
from .core.task import Task, JoinHandle
from .core.coop import yield_now
from .core.hooks import Hooks
def spawn(future, *, name=None):
    return spawn_here(future, name)
def run(f):
    e = Executor()
    try: return e.run_until(f)
    finally: e.close()
