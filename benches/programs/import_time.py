"""What ``import`` of a runtime costs a program that starts: wall time over an interpreter that imports nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any


def _fastest(code: str, times: int) -> float:
    """Seconds of the fastest start of an interpreter that runs ``code``. The fastest: starting processes is noisy."""
    best = float("inf")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=env)
        best = min(best, time.perf_counter() - start)
    return best


def measure(module: str, params: dict[str, Any]) -> dict[str, float]:
    """Starts interpreters with and without ``import module``, one after the other."""
    code, times = f"import {module}", params["times"]
    _fastest(code, 1)  # byte code is written, files come into the cache
    return {"import_ms": 1e3 * (_fastest(code, times) - _fastest("pass", times))}
