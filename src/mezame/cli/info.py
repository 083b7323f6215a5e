"""``info``: what this installation is."""

from __future__ import annotations

import importlib
import os
import pkgutil
import platform
import sys
from typing import TextIO

import mezame

from ..runtime.options import driver_name
from .style import BOLD, GOOD, styled

GIL_ON = "on: one thread at a time runs Python code, also with flavor='multi_thread'"
GIL_OFF = "off: the workers of flavor='multi_thread' run Python code in parallel"


def modules() -> dict[str, bool]:
    """Each module that may be compiled, and whether it is (a ``.pxd`` lies beside it)."""
    found: dict[str, bool] = {}
    for module in pkgutil.walk_packages(mezame.__path__, "mezame."):
        if module.ispkg or module.name.startswith(("mezame.cli", "mezame.testing", "mezame.__main__")):
            continue
        loaded = importlib.import_module(module.name)
        path = loaded.__file__ or ""
        compiled = path.endswith((".so", ".pyd"))
        if compiled or _has_pxd(path):
            found[module.name] = compiled
    return found


def _has_pxd(path: str) -> bool:
    from pathlib import Path

    return Path(path).with_suffix(".pxd").exists()


def print_info(out: TextIO) -> None:
    """Prints it. Raises ``ValueError`` for a ``MEZAME_DRIVER`` that no runtime would take."""
    driver = driver_name(None)
    if os.environ.get("MEZAME_DRIVER"):
        driver += " (MEZAME_DRIVER)"
    found = modules()
    compiled = sum(found.values())
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    python = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    print(styled(f"mezame {mezame.__version__} on {python}", BOLD, out), file=out)
    count = f"{compiled} of {len(found)}"
    print(f"compiled modules  {styled(count, GOOD, out) if compiled == len(found) else count}", file=out)
    for name, is_compiled in found.items():
        if not is_compiled and compiled:
            print(f"  interpreted: {name}", file=out)
    print(f"I/O driver        {driver}", file=out)
    print(f"GIL               {GIL_ON if gil else GIL_OFF}", file=out)
