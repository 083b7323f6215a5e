"""The pytest plugin: ``async def`` tests and async fixtures run on mezame.

    @pytest.mark.mezame                              this async test runs on a fresh runtime
    @pytest.mark.mezame(start_paused=True)           the keywords are the options of ``Runtime`` ...
    @pytest.mark.mezame("multi_thread", timeout=5, leaks="error", seed=7)          ... and those of ``testing.test``

The marker may stand on a test, a class, a module; what is nearer to the test wins, keyword by keyword. With
``mezame_mode = auto`` in the configuration every async test that no other marker claims is ours.

Which runtime a test gets:

    only function-scoped async fixtures, or none      one of its own, which ends with it
    an async fixture of a wider scope, too            the shared one of the session, on which all such fixtures and
                                                      tests run; its options are those of ``mezame_shared_options``.
                                                      Only what is asked for by name counts, not ``getfixturevalue``

Async fixtures (``@pytest.fixture``, on ``async def`` with ``return`` or ``yield``) are set up for our tests, sync ones
with the marker included, and torn down on the runtime that set them up.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import random
from collections.abc import Iterator
from typing import Any

import pytest

_OTHERS = ("asyncio", "anyio", "trio", "twisted", "gevent")  # markers of other runtimes: in auto mode theirs
_OWN = "_mezame_runner"
_SHARED = "_mezame_shared_runner"
_LIMITS = ("timeout", "leaks", "seed")  # what is not an option of Runtime


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds our settings."""
    group = parser.getgroup("mezame")
    group.addoption(
        "--mezame-seed",
        metavar="SEED",
        help="poll ready tasks in random orders, decided by SEED and the test's name; 'random' takes a new one",
    )
    parser.addini("mezame_mode", "strict: tests with the marker; auto: every async test", default="strict")
    parser.addini("mezame_timeout", "seconds that an async test may take (default: no limit)", default="")
    parser.addini("mezame_leaks", "about tasks that a test leaves behind (warn, error, allow)", default="warn")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker, checks the settings."""
    config.addinivalue_line(
        "markers",
        "mezame(flavor, **options): run this async test on a mezame runtime with these options "
        "(and timeout=seconds, leaks='warn'|'error'|'allow', seed=n)",
    )
    mode = config.getini("mezame_mode")
    if mode not in ("strict", "auto"):
        raise pytest.UsageError(f"mezame_mode must be strict or auto, not {mode!r}")
    seed = config.getoption("--mezame-seed")
    if seed == "random":
        config.option.mezame_seed = str(random.randrange(1 << 32))


def pytest_report_header(config: pytest.Config) -> str | None:
    """Shows the seed, so that a run can be repeated."""
    seed = config.getoption("--mezame-seed")
    return None if seed is None else f"mezame: --mezame-seed={seed}"


# --- whose test it is -----------------------------------------------------------------------------------------------


def _test_of(item: Any) -> tuple[Any, dict[str, Any]]:
    """The coroutine function of an async test (None: it is a sync one), and the options that ``testing.test`` had."""
    function = item.obj
    inner, options = getattr(function, "__mezame_test__", (None, {}))
    if inner is not None:
        instance = getattr(function, "__self__", None)
        return (inner if instance is None else inner.__get__(instance)), options
    return (function if inspect.iscoroutinefunction(function) else None), {}


def _hypothesis_test(item: Any) -> Any:
    """The async function inside of a ``@hypothesis.given`` test, or None."""
    inner = getattr(getattr(item.obj, "hypothesis", None), "inner_test", None)
    return inner if inspect.iscoroutinefunction(inner) else None


def _is_ours(item: Any) -> bool:
    if not isinstance(item, pytest.Function):
        return False
    if item.get_closest_marker("mezame") is not None or hasattr(item.obj, "__mezame_test__"):
        return True
    return item.config.getini("mezame_mode") == "auto" and not any(map(item.get_closest_marker, _OTHERS))


def _options_of(item: Any) -> dict[str, Any]:
    """What the markers and the decorator of a test say, the nearest last."""
    options: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("mezame"))):
        if len(marker.args) > 1:
            raise pytest.UsageError(f"mark.mezame takes the flavor and keywords, not {marker.args!r}")
        options.update({"flavor": marker.args[0]} if marker.args else {}, **marker.kwargs)
    options.update(_test_of(item)[1])
    return options


def _with_settings(options: dict[str, Any], config: pytest.Config, name: str) -> dict[str, Any]:
    """``options`` with what the configuration says of those that are not given."""
    timeout = config.getini("mezame_timeout")
    given = {"timeout": float(timeout) if timeout else None, "leaks": config.getini("mezame_leaks"), **options}
    seed = config.getoption("--mezame-seed")
    if seed is not None and "choose" not in given and given.get("flavor", "current_thread") == "current_thread":
        given.setdefault("seed", f"{seed}:{name}")
    return given


# --- async fixtures -------------------------------------------------------------------------------------------------


def _is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _needs_shared(item: Any) -> bool:
    """True if an async fixture of a wider scope is among those that the test asks for, itself or through others."""
    definitions = item._fixtureinfo.name2fixturedefs.values()
    return any(one.scope != "function" and _is_async(one.func) for found in definitions for one in found)


@pytest.fixture
def _mezame_runner(request: pytest.FixtureRequest) -> Iterator[Any]:
    item: Any = request.node
    options = _options_of(item)
    if _needs_shared(item):
        runner = request.getfixturevalue(_SHARED)
        for key, value in options.items():
            if key not in _LIMITS and runner.options.get(key) != value:
                raise pytest.UsageError(
                    f"{item.name} wants a runtime with {key}={value!r}, but an async fixture of a wider scope makes it "
                    "run on the runtime of the session, which has other options: see the fixture mezame_shared_options"
                )
        before = runner.timeout
        runner.timeout = _with_settings(options, request.config, item.nodeid)["timeout"]
        yield runner
        runner.timeout = before
        return
    from .runner import Runner  # the plugin is loaded in every pytest run: the runtime only if it is used

    with _message_only(), Runner(item.name, **_with_settings(options, request.config, item.nodeid)) as runner:
        yield runner


@pytest.fixture(scope="session")
def mezame_shared_options() -> dict[str, Any]:
    """Override it in a conftest.py: the options of the runtime on which async fixtures of wider scopes live."""
    return {}


@pytest.fixture(scope="session")
def _mezame_shared_runner(request: pytest.FixtureRequest, mezame_shared_options: dict[str, Any]) -> Iterator[Any]:
    from .runner import Runner

    options = _with_settings(mezame_shared_options, request.config, "session")
    with _message_only(), Runner("the session", **options) as runner:
        yield runner


@pytest.fixture
def mezame_runtime(_mezame_runner: Any) -> Any:
    """The ``Runtime`` of this test; a sync test may call its ``block_on``."""
    return _mezame_runner.runtime


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[None]:
    """Has an async fixture of our tests set up on the test's runtime."""
    function = fixturedef.func
    item = request._pyfuncitem
    if not _is_async(function) or not _is_ours(item):
        yield
        return

    def fixture(**arguments: Any) -> Iterator[Any]:
        __tracebackhide__ = True
        runner = request.getfixturevalue(_OWN if fixturedef.scope == "function" else _SHARED)
        steps = runner.fixture(_bound(function, request.instance), arguments, request.fixturename)
        with _message_only():
            value = next(steps)
        yield value
        with _message_only():
            next(steps, None)

    fixturedef.func = fixture
    yield
    fixturedef.func = function


def _bound(function: Any, instance: Any) -> Any:
    """A fixture method is a method of the test's own instance."""
    if instance is None:
        return function
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, type) and isinstance(instance, type(owner)):
        return function.__func__.__get__(instance)
    return function


# --- tests ----------------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> Any:
    """Runs our async tests."""
    if not _is_ours(pyfuncitem):
        return None
    __tracebackhide__ = True
    inner = _hypothesis_test(pyfuncitem)
    if inner is not None:
        pyfuncitem.obj.hypothesis.inner_test = _each_example(pyfuncitem, inner)
        return None
    test, _ = _test_of(pyfuncitem)
    if test is None:
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    runner = pyfuncitem._request.getfixturevalue(_OWN)
    with _message_only():
        runner.run_test(lambda: test(**arguments))
    return True


@contextlib.contextmanager
def _message_only() -> Iterator[None]:
    """Failures whose message says all are shown without a traceback: its frames would be ours."""
    from .leaks import LeakedTasks
    from .time_limit import TimeLimitExceeded

    __tracebackhide__ = True
    message = None
    try:
        yield
    except (LeakedTasks, TimeLimitExceeded) as error:
        message = f"{type(error).__name__}: {error}"
    if message is not None:
        pytest.fail(message, pytrace=False)


def _each_example(item: Any, inner: Any) -> Any:
    """A sync form of a hypothesis test's inner function: each example on a runtime of its own, if it has no fixtures.

    With async fixtures the examples run on the fixtures' runtime, one after the other.
    """
    inner = getattr(inner, "__mezame_inner__", inner)
    runner = item._request.getfixturevalue(_OWN) if _has_async_fixture(item) else None
    options = _with_settings(_options_of(item), item.config, item.nodeid)

    @functools.wraps(inner)
    def example(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if runner is not None:
            return runner.run_test(lambda: inner(*args, **kwargs))
        from .runner import Runner

        with Runner(item.name, **options) as own:
            return own.run_test(lambda: inner(*args, **kwargs))

    return example


def _has_async_fixture(item: Any) -> bool:
    definitions = item._fixtureinfo.name2fixturedefs.values()
    return any(_is_async(one.func) for found in definitions for one in found)
