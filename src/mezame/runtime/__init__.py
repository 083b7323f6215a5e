"""The runtime: what runs futures. Builder, Handle, metrics, the blocking pool, Ctrl-C, shutdown.

Start with ``runtime.py`` (what it is made of, how it closes), then ``core/loop.py`` (the loop).

>>> import mezame
>>> async def main():
...     return mezame.runtime.Handle.current().runtime_flavor().name
>>> mezame.run(main())
'CURRENT_THREAD'
"""

from typing import TYPE_CHECKING, Any

from ..errors import (
    EnterError,
    InvalidHistogramConfiguration,
    RuntimeClosedError,
    RuntimeShutdownError,
    ShutdownError,
    TryCurrentError,
)
from .builder import Builder
from .callbacks import TaskMeta
from .entry import main, run
from .handle import EnterGuard, Handle, RuntimeFlavor
from .histogram_configuration import HistogramConfiguration
from .local_runtime import LocalRuntime
from .runtime import Runtime
from .shutdown import ShutdownReport
from .watchdog import Watchdog
from .worker_index import worker_index

if TYPE_CHECKING:
    from .metrics import RuntimeMetrics, WorkerMetrics


def __getattr__(name: str) -> Any:
    if name in ("RuntimeMetrics", "WorkerMetrics"):
        from . import metrics

        return getattr(metrics, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Builder",
    "EnterError",
    "EnterGuard",
    "Handle",
    "HistogramConfiguration",
    "InvalidHistogramConfiguration",
    "LocalRuntime",
    "Runtime",
    "RuntimeClosedError",
    "RuntimeFlavor",
    "RuntimeMetrics",
    "RuntimeShutdownError",
    "ShutdownError",
    "ShutdownReport",
    "TaskMeta",
    "TryCurrentError",
    "Watchdog",
    "WorkerMetrics",
    "main",
    "run",
    "worker_index",
]
