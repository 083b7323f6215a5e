"""The programs on the standard library's pool of threads, without any loop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benches.programs.meters import Stopwatch, fib

Params = dict[str, Any]


def compute(params: Params) -> dict[str, float]:
    """Jobs that only compute."""
    tasks, n = params["tasks"], params["n"]
    with ThreadPoolExecutor(params["workers"]) as pool, Stopwatch() as watch:
        running = [pool.submit(fib, n) for _ in range(tasks)]
        for future in running:
            future.result()
    return watch.per(tasks)


def measure(runtime: str, program: str, params: Params) -> dict[str, float]:
    """Runs one program."""
    result: dict[str, float] = globals()[program](params)
    return result
