"""The pytest plugin, on pytest runs of its own: each in a process, as users have it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mezame

HEAD = "import pytest, mezame\n"


class Outcome:
    """What a run of pytest ended with."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.text = done.stdout + done.stderr
        self.code = done.returncode
        last = next((line for line in reversed(done.stdout.splitlines()) if " in " in line), "")
        self.counts = {word.rstrip("s"): int(n) for n, word in re.findall(r"(\d+) (\w+)", last.partition(" in ")[0])}

    def has(self, **counts: int) -> bool:
        counts = {"failed": 0, "error": 0, **counts}
        assert {key: self.counts.get(key, 0) for key in counts} == counts, self.text
        return True


@pytest.fixture
def run(tmp_path):
    """Runs pytest on a test module (and a conftest, an ini file)."""

    def run(source: str, *arguments: str, conftest: str = "", ini: str = "") -> Outcome:
        (tmp_path / "test_it.py").write_text(HEAD + source)
        if conftest:
            (tmp_path / "conftest.py").write_text(HEAD + conftest)
        (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
        command = [sys.executable, "-m", "pytest", "-p", "mezame.testing.plugin", "-p", "no:cacheprovider", "-q"]
        path = os.pathsep.join([str(Path(mezame.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
        env = {**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins cost time
        done = subprocess.run([*command, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
        return Outcome(done)

    return run


def test_async_tests_and_fixtures_of_every_form(run):
    outcome = run(
        """
from contextvars import ContextVar
pytestmark = pytest.mark.mezame(start_paused=True)
log = []
var = ContextVar("var", default="unset")

def where(): return id(mezame.Handle.current())

@pytest.fixture
async def returned():
    await mezame.sleep(3600)
    return where()

@pytest.fixture
async def yielded(returned, tmp_path):
    assert tmp_path.exists()
    log.append("up")
    async with mezame.TaskGroup() as group:      # entered here, left in the tear-down: one task does both
        echo = group.spawn(serve(), name="server")
        var.set("by the fixture")
        await mezame.sleep(3600)
        yield where(), echo
        await mezame.sleep(3600)
        echo.abort()
    log.append(("down", where()))

async def serve():
    await mezame.pending()

async def test_fixtures_and_test_share_one_runtime(returned, yielded, monkeypatch):
    log.append("test")
    assert returned == yielded[0] == where()
    assert not yielded[1].is_finished()
    assert var.get() == "by the fixture"
    await mezame.sleep(3600)
    log.append(where())

def test_torn_down_after_the_test_in_the_same_runtime():
    assert log[:2] == ["up", "test"]
    assert log[3] == ("down", log[2])
    assert len(log) == 4

class TestClass:
    @pytest.fixture
    async def mine(self):
        self.seen = "by the fixture"
        yield self
        assert self.seen == "by the test"

    @pytest.mark.parametrize("n", [1, 2])
    async def test_method(self, mine, n):
        assert mine is self and self.seen == "by the fixture"
        await mezame.sleep(n)
        self.seen = "by the test"

def test_sync_test_with_an_async_fixture(returned, mezame_runtime):
    async def here(): return where()
    assert mezame_runtime.block_on(here()) == returned

async def test_without_fixtures_is_the_root():
    assert mezame.task.try_id() is None
    assert mezame.Handle.current().tasks() == []
    assert var.get() == "unset"

@pytest.fixture(params=["a", "b"])
async def with_params(request):
    yield request.param * 2

async def test_fixture_with_params(with_params):
    assert with_params in ("aa", "bb")

class TestAutouse:
    @pytest.fixture(autouse=True)
    async def everywhere(self):
        self.there = True
        yield

    async def test_it(self): assert self.there
""",
        ini="filterwarnings = error",
    )
    assert outcome.has(passed=9)


def test_failures_are_told(run):
    outcome = run(
        """
pytestmark = pytest.mark.mezame
@pytest.fixture
async def broken():
    raise ValueError("set-up")
@pytest.fixture
async def broken_later():
    yield
    raise ValueError("tear-down")
@pytest.fixture
async def two_yields():
    yield 1
    yield 2
@pytest.fixture
async def no_yield():
    if 0: yield
async def test_a(broken): pass
async def test_b(broken_later): pass
async def test_c(two_yields): pass
async def test_d(no_yield): pass
async def test_e(): assert [1] == [2]
async def test_f(): pytest.skip("not today")
async def test_g(): pytest.xfail("known")
async def test_h(broken_later): raise mezame.CancelledError
async def test_i(tmp_path): raise SystemExit(3)
@pytest.fixture
async def fine():
    yield
    await mezame.yield_now()
    print("torn down after the alarm")
async def test_j(fine):
    import signal
    def alarm(*_): raise ZeroDivisionError("alarm")       # what pytest-timeout does
    signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        await mezame.pending()
    finally:
        print("unwound after the alarm")
"""
    )
    assert outcome.has(failed=4, error=5, passed=2, skipped=1, xfailed=1)
    assert outcome.text.index("unwound after the alarm") < outcome.text.index("torn down after the alarm")
    for text in ("ValueError: set-up", "ValueError: tear-down", "more than one yield", "without a yield", "At index 0"):
        assert text in outcome.text


def test_strict_leaves_others_alone_and_auto_takes_what_is_unclaimed(run):
    source = """
async def test_unmarked(): await mezame.sleep(0)
@pytest.mark.trio
async def test_of_trio(): await mezame.sleep(0)
@pytest.fixture
async def fixture(): return mezame.Handle.current()
@pytest.fixture
async def other(): return mezame.Handle.current()
def test_sync(other): assert isinstance(other, mezame.Handle)
@pytest.mark.mezame
async def test_marked(fixture): assert fixture
"""
    ini = "markers = trio: of another plugin\n"
    strict = run(source, "-vv", ini=ini)
    assert "test_marked PASSED" in strict.text
    for name in ("test_unmarked", "test_of_trio", "test_sync"):
        assert f"{name} PASSED" not in strict.text
    auto = run(source, "-vv", ini=ini + "mezame_mode = auto")
    for name in ("test_unmarked", "test_sync", "test_marked"):
        assert f"{name} PASSED" in auto.text, auto.text
    assert "test_of_trio PASSED" not in auto.text
    assert "mezame_mode must be" in run(source, ini="mezame_mode = perhaps").text


def test_options_come_from_the_markers_and_the_nearest_wins(run):
    outcome = run(
        """
pytestmark = pytest.mark.mezame(start_paused=True, name="module")
def paused(): return mezame.Handle.current().timers.clock.is_paused()
def facts():
    handle = mezame.Handle.current()
    return handle.runtime_flavor().value, handle.name, paused()

async def test_module(): assert facts() == ("current_thread", "module", True)

@pytest.mark.mezame(start_paused=False)
async def test_nearer(): assert facts() == ("current_thread", "module", False)

@pytest.mark.mezame("multi_thread", worker_threads=2, start_paused=False)
async def test_flavor():
    assert facts() == ("multi_thread", "module", False)
    assert mezame.Handle.current().metrics().num_workers == 2

@pytest.fixture
async def other(): yield facts()[0]

@pytest.mark.mezame("multi_thread", worker_threads=2, start_paused=False)
async def test_flavor_with_fixture(other): assert other == facts()[0] == "multi_thread"

@mezame.testing.test(name="decorator")
async def test_decorated(other): assert facts() == ("current_thread", "decorator", True)

@mezame.testing.start_paused
async def test_start_paused(tmp_path): assert paused()

@pytest.mark.mezame(no_such_option=1)
async def test_bad(): pass
@pytest.mark.mezame("multi_thread", "what")
async def test_bad_too(): pass
""".replace("import pytest, mezame", "import pytest, mezame, mezame.testing")
    )
    assert outcome.counts.get("passed") == 6, outcome.text
    assert outcome.counts.get("failed") == 2
    assert "no_such_option" in outcome.text


def test_wide_fixtures_live_on_the_runtime_of_the_session(run):
    outcome = run(
        """
pytestmark = pytest.mark.mezame
log = []
@pytest.fixture(scope="session")
async def server():
    tx, rx = mezame.sync.mpsc.channel(4)
    async def serve():
        while True:
            reply = await rx.recv()
            reply.send(id(mezame.Handle.current()))
    task = mezame.spawn(serve())
    yield tx
    task.abort()
@pytest.fixture(scope="module")
async def module(server):
    yield id(mezame.Handle.current())
@pytest.fixture
async def narrow():
    yield id(mezame.Handle.current())

async def ask(server):
    tx, rx = mezame.sync.oneshot.channel()
    await server.send(tx)
    return await rx

async def test_one(server, narrow, module):
    assert await ask(server) == id(mezame.Handle.current()) == narrow == module
    log.append(narrow)
async def test_two(server, narrow):
    assert await ask(server) == narrow == log[0]
async def test_of_its_own(narrow):
    assert narrow != log[0]
async def test_paused_too(server):
    assert mezame.Handle.current().name == "shared"
@pytest.mark.mezame(start_paused=True)
async def test_other_options(server): pass
""",
        conftest="@pytest.fixture(scope='session')\ndef mezame_shared_options(): return {'name': 'shared'}\n",
    )
    assert outcome.has(passed=4, failed=1)
    assert "mezame_shared_options" in outcome.text


def test_leaked_tasks(run):
    source = """
pytestmark = pytest.mark.mezame
async def lost(): await mezame.pending()
@pytest.fixture
async def fixture(): yield
async def test_a(): mezame.spawn(lost(), name="drip")
async def test_b(fixture): mezame.spawn(lost(), name="drop")
@pytest.mark.mezame(leaks="allow")
async def test_c(): mezame.spawn(lost(), name="allowed")
async def test_d():
    mezame.spawn(lost(), name="of a failed test")
    assert 0
"""
    warned = run(source)
    assert warned.has(passed=3, failed=1)
    assert warned.counts["warning"] == 2
    for text in ("LeakedTaskWarning: test_a left 1 task behind", "task 'drop', spawned at", "in lost"):
        assert text in warned.text
    assert "'allowed'" not in warned.text
    strict = run(source, ini="mezame_leaks = error")
    assert strict.has(passed=2, failed=2, error=1)
    assert "LeakedTasks: test_a left 1 task behind" in strict.text


def test_a_time_limit_stops_each_phase_and_prints_every_stack(run):
    outcome = run(
        """
import time
pytestmark = pytest.mark.mezame
async def stuck(): await mezame.pending()
@pytest.fixture
async def hangs():
    await stuck()
@pytest.fixture
async def hangs_later():
    yield
    await stuck()
@pytest.fixture
async def fine():
    yield
    await mezame.yield_now()
async def test_waits():
    mezame.spawn(stuck(), name="helper")
    await stuck()
async def test_in_set_up(hangs): pass
async def test_in_tear_down(hangs_later): pass
async def test_with_a_fixture(fine): await stuck()
async def test_blocks(): time.sleep(30)
@pytest.mark.mezame(timeout=30)
async def test_has_time(): await mezame.sleep(1.2)
@pytest.mark.mezame(start_paused=True)
async def test_paused(): await mezame.sleep(1000)
async def test_after_all_that(fine): pass
""",
        ini="mezame_timeout = 1",
    )
    assert outcome.has(failed=3, error=2, passed=4)
    for text in (
        "TimeLimitExceeded: test_waits took longer than 1 s",
        "task 'helper', spawned at",
        "the set-up of fixture 'hangs' took longer",
        "the tear-down of fixture 'hangs_later' took longer",
        "test_with_a_fixture took longer",
        "time.sleep(30)",
    ):
        assert text in outcome.text
    assert "in stuck" in outcome.text


def test_ctrl_c_unwinds_the_test_and_ends_the_session(run):
    outcome = run(
        """
import os, signal
pytestmark = pytest.mark.mezame
@pytest.fixture
async def fixture():
    yield
    print("torn down")
async def test_it(fixture):
    os.kill(os.getpid(), signal.SIGINT)
    try:
        await mezame.pending()
    finally:
        await mezame.yield_now()
        print("unwound")
async def test_never(): print("never run")
""",
        "-s",
    )
    assert outcome.code == 2
    assert "unwound" in outcome.text
    assert "torn down" in outcome.text
    assert "KeyboardInterrupt" in outcome.text
    assert "never run" not in outcome.text


def test_a_seed_of_the_command_line_orders_the_tasks(run):
    source = """
pytestmark = pytest.mark.mezame
@pytest.mark.parametrize("n", range(4))
async def test_order(n):
    words = []
    async def say(word): words.append(word)
    await mezame.join_all([mezame.spawn(say(word)) for word in "abcdefgh"])
    print("order:", "".join(words))
@pytest.mark.mezame("multi_thread")
async def test_threads(): pass
"""

    def orders(*arguments):
        outcome = run(source, "-s", *arguments)
        assert outcome.has(passed=5)
        return re.findall(r"order: (\w+)", outcome.text), outcome.text

    assert orders()[0] == ["abcdefgh"] * 4
    chosen, text = orders("--mezame-seed=random", "-vv")
    assert len(set(chosen)) > 1 and all(sorted(one) == list("abcdefgh") for one in chosen)
    assert orders("--mezame-seed=" + re.search(r"--mezame-seed=(\d+)", text)[1])[0] == chosen


def test_hypothesis_tests(run):
    pytest.importorskip("hypothesis")
    outcome = run(
        """
from hypothesis import HealthCheck, given, settings, strategies as st
pytestmark = pytest.mark.mezame(start_paused=True)
seen = set()
@pytest.fixture
async def fixture(): yield id(mezame.Handle.current())
@settings(max_examples=10, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers())
async def test_each_example_has_a_runtime(n):
    await mezame.sleep(3600)
    assert mezame.time.now() < mezame.time.Instant.now() + 1
    seen.add(n)
@settings(max_examples=10, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(n=st.integers())
async def test_with_a_fixture(fixture, n):
    await mezame.sleep(1)
    assert id(mezame.Handle.current()) == fixture
@settings(max_examples=200, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers())
async def test_falsified(n):
    await mezame.sleep(1)
    assert n < 100
def test_they_ran(): assert len(seen) > 5
"""
    )
    assert outcome.has(passed=3, failed=1)
    assert "n=100" in outcome.text
