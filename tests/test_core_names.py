"""``mezame.core``: the names of the model, the same objects as at the top."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import mezame
from mezame import core


@pytest.mark.parametrize("name", core.__all__)
def test_a_name_is_the_object_that_the_top_has(name: str) -> None:
    assert getattr(core, name) is getattr(mezame, name)
    assert name in dir(core)


def test_all_of_the_model_that_the_top_has_is_here() -> None:
    at_the_top = {name for name in mezame.__all__ if not inspect.ismodule(getattr(mezame, name))}
    of_core = {name for name in at_the_top if getattr(mezame, name).__module__.startswith("mezame.core.")}
    assert of_core <= set(core.__all__) <= at_the_top


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"mezame\.core.*no_such_name"):
        _ = core.no_such_name


@pytest.mark.parametrize("name", ["block_on", "ready"])
def test_a_function_is_preferred_to_the_module_of_its_name_whatever_is_imported_first(name: str) -> None:
    script = (
        f"from mezame.core import {name} as first\n"
        f"from mezame.core.{name} import __name__ as module\n"
        f"import mezame.core\n"
        f"assert callable(first) and mezame.core.{name} is first, first\n"
        f"assert module == 'mezame.core.{name}'"
    )
    root = Path(mezame.__file__).parent.parent
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": str(root)})
