"""Compiles a module in C for this interpreter: what the floors of the benches are made of."""

from __future__ import annotations

import importlib.util
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from benches.runtimes import c_compiler

FLAGS = ("-O3", "-Wall", "-Wextra", "-std=gnu11", "-shared", "-fPIC")


def load(source: Path, name: str) -> Any:
    """The module ``name``, compiled from ``source``; raises if there is no compiler or it refuses the source."""
    compiler = c_compiler()
    if compiler is None:
        raise RuntimeError("no C compiler found")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, name + str(sysconfig.get_config_var("EXT_SUFFIX")))
        command = [compiler, *FLAGS, "-I", sysconfig.get_path("include"), "-o", str(target), str(source)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{source.name} does not compile: {done.stderr.strip()[-500:]}")
        spec = importlib.util.spec_from_file_location(name, target)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module
