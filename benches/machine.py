"""What the numbers were taken on: the machine, the interpreter, and how mezame was built."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
import sysconfig
from pathlib import Path
from typing import Any


def _from_file(path: str, key: str) -> str | None:
    """The value of a ``key : value`` line in one of the kernel's text files."""
    try:
        with open(path) as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() == key:
                    return value.strip()
    except OSError:
        pass
    return None


def has_gil() -> bool:
    """Whether this interpreter runs with the GIL."""
    enabled = getattr(sys, "_is_gil_enabled", None)
    return bool(enabled()) if enabled else True


def python_build() -> str:
    """How this interpreter was built: with profile-guided or link-time optimisation, or plainly."""
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    kinds = [
        name for flag, name in (("--enable-optimizations", "PGO"), ("--with-lto", "LTO")) if flag in arguments
    ]
    return " and ".join(kinds) or "no PGO, no LTO"


def mezame_build() -> str | None:
    """``compiled``, ``pure`` or how many of the hot modules are compiled; None without mezame.

    The hot modules are those with a ``.pxd`` beside them; the import system says what it would load.
    """
    spec = importlib.util.find_spec("mezame")
    if spec is None or not spec.submodule_search_locations:
        return None
    hot = compiled = 0
    for place in spec.submodule_search_locations:
        root = Path(place)
        for pxd in sorted(root.rglob("*.pxd")):
            source = pxd.with_suffix(".py")
            if source.stem == "__init__" or not source.exists():
                continue
            hot += 1
            suffix = sysconfig.get_config_var("EXT_SUFFIX") or ".so"
            compiled += source.with_name(source.stem + suffix).exists()
    if compiled == 0:
        return "pure"
    return "compiled" if compiled == hot else f"{compiled} of {hot} hot modules compiled"


def describe() -> dict[str, Any]:
    """All of it, for the results file."""
    memory = _from_file("/proc/meminfo", "MemTotal")
    flags = _from_file("/proc/cpuinfo", "flags") or ""
    return {
        "cpu": _from_file("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)),
        "virtual": "hypervisor" in flags.split(),
        "memory_mib": int(memory.split()[0]) // 1024 if memory else None,
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "python_compiler": platform.python_compiler(),
        "python_build": python_build(),
        "gil": has_gil(),
        "mezame_build": mezame_build(),
        "load_before": round(os.getloadavg()[0], 2),
    }
