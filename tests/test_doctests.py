"""Every docstring example runs, of interpreted and of compiled modules, and so do those of the README."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import mezame

NAMES = [
    m.name
    for m in pkgutil.walk_packages(mezame.__path__, "mezame.")
    if not m.name.startswith(("mezame.cli", "mezame.__main__"))
]


@pytest.mark.parametrize("name", ["mezame", *NAMES])
def test_docstrings(name):
    module = importlib.import_module(name)
    globs = {**vars(module), "mezame": mezame}
    failed = 0
    for found in [module, *[v for v in vars(module).values() if getattr(v, "__module__", None) == name]]:
        for example in doctest.DocTestFinder(recurse=False).find(
            found, getattr(found, "__name__", name), module=False, globs=globs
        ):
            failed += doctest.DocTestRunner().run(example).failed
    assert failed == 0


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
def test_readme_programs_run_as_pasted(page):
    text = (Path(__file__).parent.parent / page).read_text()
    programs = [block.split("```")[0] for block in text.split("```python\n")[1:]]
    assert programs
    for program in programs:
        exec(compile(program, page, "exec"), {"__name__": "__main__"})
