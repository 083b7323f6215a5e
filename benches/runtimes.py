"""Who takes part: each runtime, how it is named in tables, and whether it can run here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Runtime:
    """A contestant. ``packages`` are import names that must be there, the first one gives the version."""

    key: str
    label: str
    packages: tuple[str, ...] = ()


RUNTIMES = {
    runtime.key: runtime
    for runtime in (
        Runtime("mezame", "mezame", ("mezame",)),
        Runtime("asyncio", "asyncio"),
        Runtime("uvloop", "uvloop", ("uvloop",)),
        Runtime("aiofastnet", "uvloop + aiofastnet", ("aiofastnet", "uvloop")),
        Runtime("trio", "trio", ("trio",)),
        Runtime("threads", "a pool of threads"),
        Runtime("floor", "nothing, in C"),
        Runtime("c", "plain C"),
    )
}


def c_compiler() -> str | None:
    """The compiler the C programs are built with, if there is one."""
    return shutil.which("gcc") or shutil.which("cc")


def why_missing(key: str) -> str | None:
    """Why a runtime cannot run here; None if it can."""
    if key in ("c", "floor"):
        return None if c_compiler() else "no C compiler found"
    missing = [name for name in RUNTIMES[key].packages if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else None


def version(key: str) -> str | None:
    """The installed version of a runtime's package; None where it has none."""
    packages = RUNTIMES[key].packages
    if not packages:
        return None
    try:
        return importlib.metadata.version(packages[0])
    except importlib.metadata.PackageNotFoundError:
        return None
