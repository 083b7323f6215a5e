"""pyproject.toml: what is built as wheels, and what their tests need, agree with the rest of the project."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEELS = PROJECT["tool"]["cibuildwheel"]


def names(requirements: list[str]) -> set[str]:
    """Without the limits of versions."""
    return {re.split(r"[<>=!~\[; ]", one)[0] for one in requirements}


def test_wheels_are_tested_with_what_make_test_installs() -> None:
    """What is not there is left out by the suite, and nobody would notice."""
    line = re.search(r'pip\[@\]}" (pytest .*) "\${build\[@\]}"', (ROOT / "scripts" / "test.sh").read_text())
    assert line is not None
    installed = names([word.strip('"') for word in line[1].split()])
    assert installed == names(WHEELS["test-requires"]) == names(PROJECT["project"]["optional-dependencies"]["test"])


def test_the_wheels_are_those_of_the_pythons_that_are_promised() -> None:
    versions = {
        one.rpartition(" ")[2] for one in PROJECT["project"]["classifiers"] if re.search(r"Python :: 3\.\d+$", one)
    }
    built = set(WHEELS["build"].split())
    assert {f"cp{version.replace('.', '')}-*" for version in versions} == {one for one in built if "t-" not in one}


def test_free_threaded_wheels_are_turned_on() -> None:
    """Without the option cibuildwheel leaves them out, and says nothing."""
    assert any(one.endswith("t-*") for one in WHEELS["build"].split())
    assert "cpython-freethreading" in WHEELS["enable"]
