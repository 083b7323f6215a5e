"""Compiles the C programs of the echo bench."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from benches.runtimes import c_compiler

SOURCES = Path(__file__).parent
FLAGS = ("-O3", "-Wall", "-Wextra", "-std=gnu11")


@dataclass(frozen=True)
class Tools:
    """The two compiled programs."""

    server: Path
    load: Path


def build(folder: Path) -> Tools:
    """Compiles both into ``folder``; raises if there is no compiler or it refuses the source."""
    compiler = c_compiler()
    if compiler is None:
        raise RuntimeError("no C compiler found")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("server", "load"):
        command = [compiler, *FLAGS, "-o", str(folder / name), str(SOURCES / f"{name}.c")]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{name}.c does not compile: {done.stderr.strip()[-500:]}")
    return Tools(folder / "server", folder / "load")
