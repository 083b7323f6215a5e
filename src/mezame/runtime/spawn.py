"""spawn: a future becomes a task of the current runtime."""

from __future__ import annotations

from typing import Any

from ..core.current import current
from ..core.executor import spawn_here
from ..core.future import close_coroutine
from ..core.task import Task

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython


def spawn(future: Any, *, name: str | None = None) -> Task:
    """Makes a task of ``future`` and queues it; it runs whether or not anybody awaits it.

    Args:
        future: a coroutine, or anything that ``into_future`` takes; not a function.
        name: shown in reports and traces.

    Returns the ``Task``, its join handle; dropping it detaches the task. The body does not start inside
    ``spawn``. The task belongs to the runtime, which holds it until it ends; for tasks that must not
    outlive their parent use a ``TaskGroup`` or ``JoinSet``. Raises ``RuntimeError`` outside of a runtime
    (the coroutine is closed) and ``TypeError`` for what cannot be awaited.

    >>> import mezame
    >>> async def work(n): return n * n
    >>> async def main():
    ...     handles = [mezame.spawn(work(n)) for n in range(4)]
    ...     return [await handle for handle in handles]
    >>> mezame.run(main())
    [0, 1, 4, 9]

    Source of the semantics: ``tokio::spawn``.
    """
    task = spawn_here(future, name)
    if task is not None:
        return task
    handle = current().handle
    if handle is None:
        close_coroutine(future)
        raise RuntimeError(
            "spawn needs a runtime on this thread: call it inside mezame.run(main()), "
            "or use Runtime.spawn, or enter a handle first"
        )
    return handle.spawn(future, name=name)


if cython.compiled:
    immortal(spawn)  # type: ignore  # noqa: F821 - C, from the .pxd
