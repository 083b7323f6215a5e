"""blocking: the ``blocking_*`` methods: one future of sync, driven by a plain thread."""

from __future__ import annotations

from typing import Any

from ..core.block_on import block_on
from ..core.current import current


def refuse_in_runtime(name: str, instead: str) -> None:
    """Raises ``RuntimeError`` in a thread that drives futures: ``name`` would stop all its tasks."""
    if current().scheduler is not None:
        raise RuntimeError(f"{name} would stop the runtime's thread: await {instead} there")


def blocking(name: str, instead: str, future: Any) -> Any:
    """Drives ``future`` on this thread; what it awaits to. Other threads run meanwhile.

    Args:
        name: the method that was called, for the message.
        instead: what to await inside a runtime.

    Raises ``RuntimeError`` in a thread that drives futures.
    """
    refuse_in_runtime(name, instead)
    return block_on(future)
