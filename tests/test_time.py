"""Timers: never early, cancellable, pausable; timeout and interval."""

import random

import pytest

import mezame
from mezame.driver.wheel import TimerEntry, TimerWheel
from mezame.time import Elapsed, Instant, MissedTickBehavior, interval, interval_at, now, sleep, timeout


def test_the_wheel_agrees_with_a_sorted_list():
    rng = random.Random(1)
    for _ in range(60):
        wheel, model, at = TimerWheel(), {}, 0
        for _ in range(80):
            what = rng.random()
            if what < 0.6:
                entry = TimerEntry()
                tick = at + rng.choice([1, 2, 63, 64, 65, 4095, 4096, 4097, 64**3, rng.randrange(1, 64**4)])
                assert wheel.insert(entry, tick)
                model[entry] = tick
            elif what < 0.75 and model:
                entry = rng.choice(list(model))
                assert wheel.remove(entry)
                del model[entry]
            else:
                at += rng.choice([0, 1, 64, 5000, 300_000])
                fired = []
                while wheel.advance(at, fired, 16):
                    pass
                assert set(fired) == {e for e, tick in model.items() if tick <= at}
                for entry in fired:
                    del model[entry]
            assert len(wheel) == len(model)
            if model:
                assert wheel.next_tick() <= min(model.values())


def test_the_wheel_takes_what_has_passed_for_due():
    wheel = TimerWheel()
    wheel.advance(10, [], 1)
    assert not wheel.insert(TimerEntry(), 10)
    assert not wheel.remove(TimerEntry())


@pytest.mark.mezame
async def test_sleep_is_never_early():
    for ms in (0, 1, 2, 5):
        start = now()
        await sleep(ms / 1000)
        assert now() - start >= ms / 1000


@pytest.mark.mezame(start_paused=True)
async def test_a_paused_clock_jumps_in_order():
    order = []

    async def after(seconds):
        await sleep(seconds)
        order.append(seconds)

    start = now()
    async with mezame.TaskGroup() as group:
        for seconds in (3600, 1, 60):
            group.spawn(after(seconds))
    assert order == [1, 60, 3600]
    assert round(now() - start) == 3600


@pytest.mark.mezame
async def test_pause_resume_advance():
    with pytest.raises(RuntimeError):
        mezame.time.resume()
    mezame.time.pause()
    with pytest.raises(RuntimeError):
        mezame.time.pause()
    start = now()
    await mezame.time.advance(5)
    assert round(now() - start, 3) == 5
    mezame.time.resume()


@pytest.mark.mezame
async def test_a_dropped_sleep_leaves_the_wheel():
    timers = mezame.Handle.current().timers
    sleeping = mezame.spawn(sleep(100))
    await mezame.yield_now()
    assert len(timers) == 1
    sleeping.abort()
    with pytest.raises(mezame.JoinError):
        await sleeping
    assert len(timers) == 0


def test_bad_durations():
    with pytest.raises(ValueError, match="NaN"):
        sleep(float("nan"))
    with pytest.raises(TypeError, match="seconds"):
        sleep("soon")
    with pytest.raises(ValueError, match="above 0"):
        interval(0)
    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        mezame.block_on(sleep(1))


@pytest.mark.mezame(start_paused=True)
async def test_timeout_value_wins_and_zero_polls_once():
    assert await timeout(0, mezame.ready(1)) == 1
    with pytest.raises(Elapsed):
        await timeout(0, mezame.pending())
    assert await timeout(float("inf"), mezame.ready(2)) == 2


@pytest.mark.mezame(start_paused=True)
async def test_timeout_unwinds_before_it_raises():
    log = []

    async def work():
        try:
            await mezame.pending()
        finally:
            await sleep(1)
            log.append("unwound")

    with pytest.raises(Elapsed):
        await timeout(1, work())
    assert log == ["unwound"]


@pytest.mark.mezame(start_paused=True)
async def test_nested_block_timeouts_are_told_apart():
    with pytest.raises(Elapsed):
        async with timeout(1):
            try:
                async with timeout(5):
                    await mezame.pending()
            except Elapsed:
                pytest.fail("the inner one did not elapse")
    async with timeout(10):
        with pytest.raises(Elapsed):
            async with timeout(1):
                await mezame.pending()
    assert mezame.core.current.current().task.cancelling() == 0


@pytest.mark.mezame(start_paused=True)
async def test_an_outer_timeout_passes_through_a_task_group():
    with pytest.raises(Elapsed):
        async with timeout(1), mezame.TaskGroup() as group:
            group.spawn(sleep(10))
            await sleep(10)


@pytest.mark.mezame(start_paused=True)
@pytest.mark.parametrize(
    ("missed", "expected"),
    [
        (MissedTickBehavior.BURST, [1, 2, 3]),
        (MissedTickBehavior.DELAY, [1, 3.5, 4.5]),
        (MissedTickBehavior.SKIP, [1, 3, 4]),
    ],
)
async def test_missed_ticks(missed, expected):
    start = now()
    ticks = interval(1.0, missed_tick_behavior=missed)
    assert await ticks.tick() - start < 0.001
    await sleep(2.5)
    # The clock jumps to whole ticks of 1 ms.
    assert [await ticks.tick() - start for _ in range(3)] == pytest.approx(expected, abs=0.003)


@pytest.mark.mezame(start_paused=True)
async def test_interval_resets_and_starts_where_told():
    start = now()
    ticks = interval_at(start + 2, 1.0)
    assert await ticks.tick() - start == pytest.approx(2, abs=0.003)
    ticks.reset_after(5)
    assert await ticks.tick() - start == pytest.approx(7, abs=0.003)
    assert ticks.period() == 1.0


def test_instant_arithmetic():
    one = Instant(1.0)
    assert one.checked_add(1) == 2 and one.checked_sub(0.5) == 0.5
    assert one.duration_since(3) == 0 and one.checked_duration_since(3) is None
    assert mezame.time.Instant.now().elapsed() >= 0


@pytest.mark.mezame
async def test_resetting_a_sleep_to_the_past_wakes_who_waits_for_it():
    timer = sleep(100)

    async def wait():
        await timer

    waiting = mezame.spawn(wait())
    await mezame.yield_now()
    timer.reset(now() - 1)
    await timeout(5, waiting)


@pytest.mark.mezame(start_paused=True)
async def test_resetting_a_sleep_moves_it_before_and_after_it_fired():
    start, timer = now(), sleep(100)
    timer.reset(start + 1)
    await timer
    assert now() - start == pytest.approx(1, abs=0.003)
    timer.reset(start + 3)
    await timer
    assert now() - start == pytest.approx(3, abs=0.003)
