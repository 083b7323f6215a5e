"""What the tests of child processes share: a check that no child is left, and both ways of watching an exit."""

from __future__ import annotations

import gc
import os
import time

import pytest

from mezame.process import exit_watch, orphans

PATIENCE = 10.0


def leftovers() -> bool:
    """True if this process has a child: running, or a zombie."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


@pytest.fixture(autouse=True, params=["pidfd", "thread"])
def watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """Every test runs with a pidfd and without, and leaves no process behind."""
    if request.param == "pidfd" and not exit_watch.USE_PIDFD:
        pytest.skip("there is no pidfd here")
    monkeypatch.setattr(exit_watch, "USE_PIDFD", request.param == "pidfd")
    assert not leftovers()
    yield request.param
    gc.collect()
    deadline = time.monotonic() + PATIENCE
    while leftovers() or orphans.count():
        assert time.monotonic() < deadline, "a child process is left, or was not reaped"
        time.sleep(0.002)
