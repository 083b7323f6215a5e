"""Says what is tested, in pytest's header, and refuses to test something else than was asked for.

``MEZAME_EXPECT`` is set by ``scripts/test.sh``: "compiled" or "pure". By hand it is not needed:

    python -m pytest tests                 whatever ``import mezame`` finds
    MEZAME_DRIVER=selectors ... tests      the same on the portable driver
    MEZAME_EXAMPLES=0.2 ... tests          a fifth of the examples of the property tests
"""

from __future__ import annotations

import gc
import importlib.machinery
import os
import sys
import sysconfig
from pathlib import Path

import pytest

import mezame
from mezame.core import task as task_module

try:
    from hypothesis import settings
except ImportError:
    pass  # the property tests are left out
else:
    from sizes import examples

    settings.register_profile("mezame", max_examples=examples(100))
    settings.load_profile("mezame")

COMPILED = not str(task_module.__file__).endswith(".py")
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def is_gil_enabled() -> bool:
    probe = getattr(sys, "_is_gil_enabled", None)
    return True if probe is None else bool(probe())


def pytest_report_header(config: pytest.Config) -> list[str]:
    version = ".".join(map(str, sys.version_info[:3])) + ("t" if FREE_THREADED else "")
    gil = "GIL" if is_gil_enabled() else "no GIL"
    form = "compiled" if COMPILED else "pure"
    driver = os.environ.get("MEZAME_DRIVER", "default")
    return [
        f"mezame: {form}, {sys.implementation.name} {version}, {gil}, driver {driver}",
        f"mezame from: {Path(str(mezame.__file__)).parent}",
    ]


def pytest_sessionstart(session: pytest.Session) -> None:
    expected = os.environ.get("MEZAME_EXPECT")
    if not expected:
        return
    found = "compiled" if COMPILED else "pure"
    if found != expected:
        pytest.exit(f"asked to test the {expected} package, but the {found} one was imported", returncode=4)
    if session.config.rootpath / "src" in Path(str(mezame.__file__)).parents:
        pytest.exit(f"asked to test the installed package, but {mezame.__file__} was imported", returncode=4)
    half = [
        name
        for name, module in sorted(sys.modules.items())
        if name.startswith("mezame.") and _is_half_compiled(module, compiled=expected == "compiled")
    ]
    if half:
        pytest.exit(f"not {expected}: {', '.join(half)}", returncode=4)


def _is_half_compiled(module: object, *, compiled: bool) -> bool:
    """True for a module that a ``.pxd`` promises to be compiled and that is not, or the reverse."""
    path = str(getattr(module, "__file__", None) or "")
    is_extension = path.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))
    if not compiled:
        return is_extension
    return path.endswith(".py") and Path(path).with_suffix(".pxd").exists()


@pytest.fixture(scope="session")
def compiled() -> bool:
    """True if the hot modules run as C."""
    return COMPILED


@pytest.fixture(autouse=True)
def _gil_stays_off():
    """No module and no test may turn the GIL back on under a free-threaded build."""
    before = is_gil_enabled()
    yield
    assert is_gil_enabled() == before, "something turned the GIL back on"


@pytest.fixture(scope="module", autouse=True)
def _small_heap():
    """Hides from the collector what pytest, hypothesis and the modules before have gathered.

    Many tests collect garbage to see what goes; that takes as long as there are objects to look at. (Free-threaded, the
    collector looks at the hidden ones, too, and would start more often, for it does not count them.)
    """
    gc.collect()
    if not FREE_THREADED:
        gc.freeze()
