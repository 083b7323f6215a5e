"""Bad options and numbers: refused where they are given, by name and value, and the same interpreted and compiled."""

import threading

import pytest

import mezame
from mezame.runtime import Builder, LocalRuntime
from mezame.sync import Barrier, RwLock, Semaphore, broadcast, mpmc, mpsc
from mezame.task import LocalPoolHandle

NAN, INF = float("nan"), float("inf")
HUGE = 2**70
FLAVORS = ("current_thread", "multi_thread")


async def nothing():
    return "done"


def refused(option, value, make):
    with pytest.raises((ValueError, TypeError)) as caught:
        make()
    assert type(caught.value) in (ValueError, TypeError)  # and none of their subclasses, which say less
    assert option in str(caught.value) and repr(value) in str(caught.value)


# --- the options of a runtime ---------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("event_interval", [0, -1, NAN, INF, HUGE, 2**31, "x", None, 1.5, True]),
        ("global_queue_interval", [0, -1, NAN, INF, HUGE, 2**31, "x", 1.5, True]),
        ("max_blocking_threads", [0, -1, NAN, INF, "x", None, 1.5, True]),
        ("max_io_events_per_tick", [0, HUGE, NAN, "x", 1.5]),
        ("thread_keep_alive", [-1, NAN, "x", None, True, []]),
        ("thread_stack_size", [-1, 1, NAN, HUGE, "x", True]),
        ("thread_name", [3, None]),
        ("watchdog", [0, -1, NAN, "x", True, -HUGE]),
        ("shutdown_timeout", [-1, NAN, "x", True, []]),
        ("hooks", [3, object]),
        ("rng_seed", [[], {}]),
        ("on_thread_start", [3]),
        ("on_thread_park", ["x"]),
        ("on_task_spawn", [0]),
        ("driver", ["bogus", 3]),
    ],
)
def test_a_bad_option_is_refused_by_name_and_value(flavor, option, values):
    threads = threading.active_count()
    for value in values:
        refused(option, value, lambda value=value: mezame.Runtime(flavor, **{option: value}))
        assert threading.active_count() == threads


def test_bad_options_of_one_flavor():
    for value in (0, -1, NAN, INF, "x", 1.5, HUGE, True):
        refused("worker_threads", value, lambda value=value: mezame.Runtime("multi_thread", worker_threads=value))
    refused("choose", 3, lambda: mezame.Runtime(choose=3))
    refused("choose", "x", lambda: mezame.Executor(choose="x"))
    refused("event_interval", NAN, lambda: Builder.new_current_thread().event_interval(NAN).build())
    refused("event_interval", "x", lambda: mezame.Executor(event_interval="x"))
    refused("global_queue_interval", None, lambda: mezame.Executor(global_queue_interval=None))
    refused("hooks", 3, lambda: mezame.Executor(hooks=3))
    refused("hooks", 3, lambda: setattr(mezame.Executor(), "hooks", 3))
    refused("shutdown_timeout", NAN, lambda: LocalRuntime(shutdown_timeout=NAN))


def test_a_bad_variable_of_the_environment_is_refused_by_its_name(monkeypatch):
    monkeypatch.setenv("MEZAME_DRIVER", "bogus")
    refused("MEZAME_DRIVER", "bogus", mezame.Runtime)
    monkeypatch.delenv("MEZAME_DRIVER")
    for value in ("x", "0", "-1", "1.5"):
        monkeypatch.setenv("MEZAME_WORKER_THREADS", value)
        refused("MEZAME_WORKER_THREADS", value, lambda: mezame.Runtime("multi_thread"))


@pytest.mark.parametrize("seconds", [INF, 1e300, 10**400])
def test_seconds_without_end_are_no_limit(seconds):
    broken = []
    hook, threading.excepthook = threading.excepthook, broken.append  # a watchdog that dies says so there
    try:
        with mezame.Runtime(watchdog=seconds, thread_keep_alive=seconds, shutdown_timeout=seconds) as runtime:
            assert runtime.block_on(nothing()) == "done"
            assert runtime.block_on(runtime.spawn_blocking(lambda: 5)) == 5
    finally:
        threading.excepthook = hook
    assert broken == []


async def spawn_two(log=None):
    async def say(word):
        log.append(word)

    mezame.spawn(say("a"))
    mezame.spawn(say("b"))


@pytest.mark.parametrize("answer", ["x", None, 1.0, 5, -1])
def test_what_choose_returns_is_checked(answer):
    executor = mezame.Executor(choose=lambda count: answer)
    executor.spawn(spawn_two())
    with pytest.raises((TypeError, ValueError), match=r"choose\(2\) must return an int from 0 to 1, not ") as caught:
        executor.run()
    assert repr(answer) in str(caught.value)
    assert isinstance(caught.value, ValueError) == isinstance(answer, int)
    executor.close()


def test_choose_may_return_a_bool():
    log = []
    executor = mezame.Executor(choose=lambda count: True)
    executor.spawn(spawn_two(log))
    executor.run()
    assert log == ["b", "a"]


# --- closing --------------------------------------------------------------------------------------------------


async def until_cancelled(log):
    try:
        await mezame.pending()
    finally:
        log.append("unwound")


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("bad", [NAN, "x", -1, -INF, [], True])
def test_a_bad_timeout_closes_nothing(flavor, bad):
    log = []
    runtime = mezame.Runtime(flavor)
    runtime.spawn(until_cancelled(log))
    runtime.block_on(mezame.yield_now())
    refused("timeout", bad, lambda: runtime.close(bad))
    refused("duration", bad, lambda: runtime.shutdown_timeout(bad))
    refused("timeout", bad, lambda: runtime._executor.close(bad))
    assert log == [] and runtime.block_on(nothing()) == "done"  # it is as it was
    assert not runtime.close()
    with pytest.raises(mezame.RuntimeClosedError):
        runtime.block_on(nothing())


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("seconds", [INF, 1e300, 10**400, None])
def test_a_timeout_without_end_waits_for_all(flavor, seconds):
    log = []

    async def main():
        started = mezame.sync.Notify()

        async def task():
            started.notify_one()
            await until_cancelled(log)

        mezame.spawn(task())
        await started.notified()
        return "done"

    runtime = mezame.Runtime(flavor)
    assert runtime.block_on(main()) == "done"
    assert not runtime.close(seconds) and log == ["unwound"]
    assert mezame.run(main(), flavor=flavor, shutdown_timeout=seconds) == "done" and log == ["unwound"] * 2


def test_the_timeout_of_an_executor():
    log = []
    executor = mezame.Executor()
    executor.spawn(until_cancelled(log))
    executor.run_until_stalled()
    for bad in (NAN, "x", -1):
        refused("timeout", bad, lambda bad=bad: executor.close(bad))
    assert log == [] and len(executor) == 1
    assert executor.close(INF) == [] and log == ["unwound"]


# --- numbers elsewhere ----------------------------------------------------------------------------------------

NO_INTS = [1.5, NAN, INF, "x", None, True]


@pytest.mark.parametrize(
    ("name", "make", "out_of_range"),
    [
        ("permits", Semaphore, [-1, 2**61, HUGE]),
        ("capacity", mpsc.channel, [0, -1, 2**61, HUGE]),
        ("capacity", mpmc.bounded, [0, -1, 2**61 - 1, HUGE]),
        ("capacity", broadcast.channel, [0, -1, 2**33, HUGE]),
        ("capacity", broadcast.Sender.new, [0, -1, 2**33, HUGE]),
        ("max_readers", lambda value: RwLock(max_readers=value), [0, -1, 2**29, HUGE]),
        ("n", Barrier, [-1]),
        ("size", LocalPoolHandle, [0, -1]),
        ("permits", lambda value: Semaphore(5).acquire_many(value), [-1, 2**61, HUGE]),
        ("permits", lambda value: Semaphore(5).acquire(value), [-1, 2**61, HUGE]),
        ("permits", lambda value: Semaphore(5).try_acquire_many(value), [-1, 2**61, HUGE]),
        ("permits", lambda value: Semaphore(5).add_permits(value), [-1, 2**61, HUGE]),
        ("permits", lambda value: Semaphore(5).forget_permits(value), [-1]),
        ("permits", lambda value: Semaphore(5).try_acquire(2).split(value), [-1, 2**61, HUGE]),
        ("slots", lambda value: mpsc.channel(5)[0].reserve_many(value), [-1, 2**61, HUGE]),
        ("slots", lambda value: mpsc.channel(5)[0].try_reserve_many(value), [-1, 2**61, HUGE]),
        ("limit", lambda value: mpsc.channel(5)[1].recv_many(value), [-1]),
    ],
)
def test_a_bad_number_is_refused_by_name_and_value(name, make, out_of_range):
    for values, kind in ((NO_INTS, TypeError), (out_of_range, ValueError)):
        for value in values:
            with pytest.raises(kind) as caught:
                make(value)
            assert type(caught.value) is kind
            assert name in str(caught.value) and repr(value) in str(caught.value)


def test_as_many_as_there_are_may_be_a_huge_number():
    assert Semaphore(5).forget_permits(HUGE) == 5
    tx, rx = mpsc.channel(5)
    tx.try_send("one")
    assert mezame.block_on(rx.recv_many(HUGE)) == ["one"]


def test_whatever_is_an_index_is_an_int():
    class Two:
        def __index__(self):
            return 2

    assert Semaphore(Two()).available_permits() == 2
    assert mpsc.channel(Two())[0].max_capacity() == 2
    assert mezame.Executor(event_interval=Two()).run_until(nothing()) == "done"


@pytest.mark.parametrize("bad", [3, None, "x"])
def test_will_wake_asks_for_a_waker(bad):
    from polling import Gate

    callback, noop = mezame.Waker.from_callable(list), mezame.Waker.noop()
    gate = Gate()
    executor = mezame.Executor()
    executor.spawn(gate)
    executor.run_until_stalled()
    for waker in (callback, noop, gate.waker):
        with pytest.raises(TypeError, match="will_wake needs a Waker, not ") as caught:
            waker.will_wake(bad)
        assert repr(bad) in str(caught.value)
        assert waker.will_wake(waker)
    assert not callback.will_wake(noop) and not noop.will_wake(callback) and not gate.waker.will_wake(noop)
    executor.close()
