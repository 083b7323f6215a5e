"""A call that refuses its arguments closes the coroutines that it was given: no "never awaited" beside the error."""

import gc
import warnings

import pytest

import mezame
from mezame import future as f
from mezame.task import AbortOnDropHandle, JoinMap, JoinQueue, JoinSet, TaskTracker

NAN = float("nan")
OUTSIDE = {
    "timeout, NaN": lambda c: mezame.timeout(NAN, c()),
    "timeout, str": lambda c: mezame.timeout("x", c()),
    "timeout_at, NaN": lambda c: mezame.timeout_at(NAN, c()),
    "timeout_at, str": lambda c: mezame.timeout_at("x", c()),
    "run, a bad flavor": lambda c: mezame.run(c(), flavor="x"),
    "run, a bad option": lambda c: mezame.run(c(), watchdog=NAN),
    "run, no such option": lambda c: mezame.run(c(), bogus=1),
    "run, a bad option of multi_thread": lambda c: mezame.run(c(), flavor="multi_thread", worker_threads=0),
    "spawn": lambda c: mezame.spawn(c()),
    "spawn_many": lambda c: mezame.Executor().spawn_many(broken(c)),
    "JoinSet()": lambda c: JoinSet([c(), c()]),
    "JoinQueue()": lambda c: JoinQueue([c(), c()]),
    "JoinSet.spawn_on": lambda c: JoinSet().spawn_on(c(), 3),
    "JoinMap.spawn_on": lambda c: JoinMap().spawn_on("key", c(), 3),
    "JoinMap, a bad key": lambda c: JoinMap().spawn([], c()),
    "TaskTracker.spawn_on": lambda c: TaskTracker().spawn_on(c(), 3),
    "AbortOnDropHandle": lambda c: AbortOnDropHandle(c()),
    "FuturesUnordered": lambda c: f.FuturesUnordered([c(), 3, c()]),
    "FuturesOrdered": lambda c: f.FuturesOrdered([c(), 3, c()]),
}
AWAITED = {
    "select": lambda c: mezame.select(c(), 3, c()),
    "select, named": lambda c: mezame.select(c(), one=3, two=c()),
    "select, branches": lambda c: mezame.select(f.branch(c()), 3, f.branch(c(), when=False), f.branch(c())),
    "race": lambda c: mezame.race(c(), 3, c()),
    "join": lambda c: mezame.join(c(), 3, c()),
    "try_join": lambda c: mezame.try_join(c(), 3, c()),
    "join_all": lambda c: mezame.join_all([c(), 3, c()]),
    "join_all, broken": lambda c: mezame.join_all(broken(c)),
    "try_join_all": lambda c: f.try_join_all([c(), 3, c()]),
    "future.select": lambda c: f.select(c(), 3),
    "select_all": lambda c: f.select_all([c(), 3, c()]),
    "select_ok, broken": lambda c: f.select_ok(broken(c)),
    "or_": lambda c: f.or_(c(), 3),
    "try_race": lambda c: f.try_race(c(), 3, c()),
    "spawn_blocking": lambda c: mezame.spawn_blocking(c()),
    "timeout, as a block": lambda c: as_block(mezame.timeout(1, c())),
}


def broken(make):
    yield make()
    raise LookupError("the iterable itself")


async def as_block(timeout):
    async with timeout:
        raise AssertionError("must not be entered")


def assert_all_closed(call):
    made = []

    async def never():
        raise AssertionError("must not run")

    def make():
        made.append(never())
        return made[-1]

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with pytest.raises((TypeError, ValueError, RuntimeError, LookupError)) as caught:
            call(make)
        assert made and all(coroutine.cr_frame is None for coroutine in made)
        caught.value.__traceback__ = None
        made.clear()
        gc.collect()
    assert [str(warning.message) for warning in heard] == []


@pytest.mark.parametrize("name", OUTSIDE)
def test_refused_at_the_call(name):
    assert_all_closed(OUTSIDE[name])


@pytest.mark.parametrize("name", AWAITED)
def test_refused_inside_of_a_runtime(name):
    async def main(make):
        return await AWAITED[name](make)

    assert_all_closed(lambda make: mezame.run(main(make)))


def test_what_is_borrowed_stays_usable():
    async def main():
        async def two():
            return 2

        pinned = mezame.pin(two())
        for call in (mezame.select, mezame.join, mezame.race, f.or_):
            with pytest.raises(TypeError):
                await call(pinned, 3)
        with pytest.raises(ValueError, match="NaN"):
            mezame.timeout(NAN, pinned)
        return await pinned

    assert mezame.run(main()) == 2
