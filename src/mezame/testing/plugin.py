"""The pytest plugin: ``@pytest.mark.mezame`` runs an ``async def`` test on a fresh runtime.

The marker's keywords are the options of ``Runtime``: ``@pytest.mark.mezame(start_paused=True)``.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", "mezame(**options): run this async test on a fresh mezame runtime")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Runs marked async tests."""
    marker = pyfuncitem.get_closest_marker("mezame")
    if marker is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    from ..runtime.entry import run  # the plugin is loaded in every pytest run: the runtime only if it is used

    names = pyfuncitem._fixtureinfo.argnames
    run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}), **marker.kwargs)
    return True
