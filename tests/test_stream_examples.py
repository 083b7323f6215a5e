"""Every example in a docstring of a method of ``mezame.stream`` runs; test_doctests.py has those of classes."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import mezame.stream

NAMES = [m.name for m in pkgutil.walk_packages(mezame.stream.__path__, "mezame.stream.")]


@pytest.mark.parametrize("name", NAMES)
def test_examples_of_methods(name):
    module = importlib.import_module(name)
    failed = 0
    for kind in vars(module).values():
        if inspect.isclass(kind) and kind.__module__ == name:
            for example in doctest.DocTestFinder().find(kind, kind.__name__, module=False, globs={"mezame": mezame}):
                failed += doctest.DocTestRunner().run(example).failed
    assert failed == 0
