"""spawn_through: how the library's own tools spawn for their callers: the place that is reported is the caller's."""

from __future__ import annotations

from typing import Any

from ..core.current import current
from ..core.executor import Executor
from ..core.future import close_coroutine
from ..core.task import Task


def spawn_through(future: Any, name: str | None, tool: str) -> Task:
    """``mezame.spawn`` called by ``tool`` (its name, for the error).

    ``mezame.spawn`` takes the frame that calls it for the place of the spawn; called by a tool that is written
    in Python it would name the tool's own line. This one goes up to the first frame outside of the package.
    """
    slot = current()
    if isinstance(slot.executor, Executor):  # its own loop is running here, with or without a runtime around it
        return slot.executor.spawn(future, name=name)
    if slot.handle is None:
        close_coroutine(future)
        raise RuntimeError(
            f"{tool} needs a runtime on this thread: call it inside mezame.run(main()), or enter a handle first"
        )
    return slot.handle.spawn(future, name=name)
