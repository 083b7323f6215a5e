"""Time, row by row: what tokio promises of sleep, timeout, interval and the paused clock."""

import threading
import time
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import CountingWaker, Gate

import mezame
from mezame import Poll
from mezame.time import (
    Elapsed,
    Error,
    Instant,
    Interval,
    MissedTickBehavior,
    advance,
    interval,
    interval_at,
    now,
    sleep,
)
from mezame.time.duration import deadline_ns, to_ns

NEAR = {"abs": 0.003}  # the clock jumps to whole ticks of 1 ms


async def settle():
    for _ in range(5):
        await mezame.yield_now()


# --- nanoseconds -------------------------------------------------------------------------------------------


@given(st.integers(0, 1 << 50))
def test_a_reading_of_the_clock_goes_to_seconds_and_back(ns):
    assert deadline_ns(Instant(ns / 1e9)) == ns == to_ns(ns / 1e9)


@given(st.floats(0, 9e9))
def test_a_deadline_is_never_early_and_late_by_less_than_a_nanosecond(seconds):
    ns = deadline_ns(seconds)
    exact = Fraction(seconds) * 10**9
    noise = exact * Fraction(10**-15)
    assert exact - noise <= ns < exact + 1 + noise
    assert seconds > 9e8 or to_ns(seconds) == ns


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_the_noise_of_sums_makes_no_tick(one, other):
    """0.1 + 0.2 s are 300 ms, and 8.2 s, which is a float below 8.2, is not early."""
    assert to_ns(one / 1000 + other / 1000) == (one + other) * 10**6
    assert to_ns(timedelta(milliseconds=one)) == one * 10**6


@pytest.mark.mezame(start_paused=True)
async def test_sleeps_are_not_early_and_end_with_the_tick_that_follows():
    for duration in (8.2, 0.29, 0.1 + 0.2, 4.35, 1.1, 0.001 * 3, 1e-10):
        start = now()
        until = start + duration
        await sleep(duration)
        assert now() >= until - 1e-9 and now() - start >= duration - 1e-9
        assert now() - start < duration + 0.001 + 1e-6
        until = now() + duration
        await mezame.time.sleep_until(until)
        assert until <= now() + 1e-9 < until + 0.001 + 1e-6


# --- sleep -------------------------------------------------------------------------------------------------


@pytest.mark.mezame(start_paused=True)
async def test_durations_are_floats_ints_and_timedeltas_and_extremes_are_tamed():
    for duration in (timedelta(seconds=2), 2, 2.0):
        start = now()
        await sleep(duration)
        assert now() - start == pytest.approx(2, **NEAR)
    assert await mezame.future.poll_once(sleep(-1), "pending") is None
    for overlong in (float("inf"), 1e300, timedelta.max):
        timer = sleep(overlong)
        assert timer.deadline() - now() == pytest.approx(30 * 365 * 86400, rel=0.001)
        assert await mezame.future.poll_once(timer, "pending") == "pending"
        timer.close()


@pytest.mark.mezame
async def test_a_deadline_in_the_past_is_ready_at_the_first_poll():
    for deadline in (now() - 1, 0, float("-inf")):
        assert await mezame.future.poll(mezame.sleep_until(deadline)) == Poll.Ready(None)
    far = mezame.sleep_until(float("inf"))
    assert await mezame.future.poll(far) is Poll.Pending
    far.close()


def test_bad_deadlines_are_named():
    for make in (mezame.sleep_until, lambda at: interval_at(at, 1), lambda at: interval(1).reset_at(at)):
        with pytest.raises(ValueError, match="NaN"):
            make(float("nan"))
        with pytest.raises(TypeError, match="Instant"):
            make("soon")
    with pytest.raises(ValueError, match=r"Sleep\.reset"):
        sleep(1).reset(float("nan"))
    for period in (0, -1, timedelta(0)):
        with pytest.raises(ValueError, match="above 0"):
            interval(period)


@pytest.mark.mezame(start_paused=True)
async def test_a_fired_sleep_is_ready_again_and_tells_so():
    timer = sleep(1)
    assert not timer.is_elapsed()
    deadline = timer.deadline()
    await timer
    assert timer.is_elapsed() and timer.deadline() == deadline <= now()
    assert await mezame.future.poll(timer) == Poll.Ready(None)


@pytest.mark.mezame(start_paused=True)
async def test_reset_moves_a_sleep_that_somebody_waits_for_both_ways():
    start, later, earlier = now(), sleep(1), sleep(100)
    woken = []

    async def wait(name, timer):
        await timer
        woken.append((name, round(now() - start)))

    tasks = [mezame.spawn(wait("later", later)), mezame.spawn(wait("earlier", earlier))]
    await settle()
    later.reset(start + 50)
    earlier.reset(start + 2)
    for task in tasks:
        await task
    assert woken == [("earlier", 2), ("later", 50)]


def test_a_sleep_counts_from_its_creation_in_a_runtime_and_from_its_first_poll_outside():
    outside = sleep(1)

    async def main():
        inside = sleep(1)
        await advance(5)
        assert await mezame.future.poll(inside) == Poll.Ready(None)
        assert await mezame.future.poll(outside) is Poll.Pending
        outside.close()

    mezame.run(main(), start_paused=True)


def test_a_timer_after_the_shutdown_raises_the_error_of_time():
    kept = []

    async def main():
        timer = sleep(100)
        await mezame.future.poll(timer)
        kept.append(timer)

    mezame.run(main())
    with pytest.raises(Error) as caught:
        kept[0].poll(CountingWaker().cx)
    error = caught.value
    assert error.is_shutdown() and not error.is_at_capacity() and not error.is_invalid()
    assert isinstance(error, mezame.RuntimeClosedError)


@pytest.mark.mezame
async def test_the_wall_clock_plays_no_part(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)
    start = now()
    await mezame.timeout(60, sleep(0.002))
    assert now() - start >= 0.002


# --- Instant -----------------------------------------------------------------------------------------------


def test_instants():
    one = Instant(10.0)
    assert isinstance(one, float) and one.checked_add(1.5) == 11.5 and one.checked_add(timedelta(seconds=1)) == 11
    assert one.checked_sub(10) == 0 and one.checked_sub(11) is None
    assert Instant(8.9e9).checked_add(1e9) is None
    assert one.duration_since(4) == 6 and one.duration_since(40) == 0 == one.saturating_duration_since(40)
    assert one.checked_duration_since(4) == 6 and one.checked_duration_since(40) is None
    assert Instant.from_std(3.5).into_std() == 3.5 and type(one.into_std()) is float
    assert repr(one) == "Instant(10.000000)"


def test_a_moment_moved_is_a_moment_and_the_difference_of_two_is_a_duration():
    one = Instant(10.0)
    for moved, expected in (
        (one + 1.5, 11.5), (1.5 + one, 11.5), (one - 3, 7), (one + timedelta(seconds=2), 12),
        (one - timedelta(seconds=2), 8), (timedelta(seconds=2) + one, 12), (one + -1, 9),
    ):  # fmt: skip
        assert type(moved) is Instant and moved == expected
    assert (now() + 5).elapsed() == 0
    for seconds in (one - Instant(4), one.duration_since(4), one.checked_duration_since(4.0), 16.0 - one):
        assert type(seconds) is float and seconds == 6
    assert Instant(4) - one == -6
    nan, inf = float("nan"), float("inf")
    assert one + inf == inf
    for bad in (lambda: one + nan, lambda: nan + one, lambda: one - nan, lambda: Instant(inf) - Instant(inf)):
        with pytest.raises(ValueError, match="NaN"):
            bad()
    with pytest.raises(TypeError):
        one + "1"


@pytest.mark.mezame(start_paused=True)
async def test_instants_follow_the_paused_clock():
    start = now()
    assert now() == start and start.elapsed() == 0
    await advance(3)
    assert start.elapsed() == pytest.approx(3) and start.checked_add(10).elapsed() == 0


# --- timeout -----------------------------------------------------------------------------------------------


@pytest.mark.mezame(start_paused=True)
async def test_value_and_deadline_together_give_the_value():
    gate = Gate()
    limited = mezame.spawn(mezame.timeout(1, gate))
    await settle()
    gate.answer = Poll.Ready("value")
    await advance(2)  # wakes by the timer alone: the future is looked at first
    assert await limited == "value"


@pytest.mark.mezame(start_paused=True)
async def test_a_future_that_eats_the_budget_is_timed_out_all_the_same():
    polls = 0

    def busy(cx):
        nonlocal polls
        polls += 1
        assert polls < 1000, "the timer was never looked at"
        while mezame.task.poll_proceed(cx):
            pass
        return Poll.Pending

    limited = mezame.spawn(mezame.timeout(1, mezame.poll_fn(busy)))
    await settle()
    assert polls >= 2 and not limited.is_finished()
    await advance(2)
    with pytest.raises(Elapsed):
        await limited


@pytest.mark.mezame(start_paused=True)
async def test_timeout_at_in_both_forms():
    start = now()
    with pytest.raises(Elapsed) as caught:
        await mezame.timeout_at(start + 2, mezame.pending())
    assert isinstance(caught.value, TimeoutError) and now() - start == pytest.approx(2, **NEAR)
    with pytest.raises(Elapsed):
        async with mezame.timeout_at(start + 3) as limit:
            await mezame.pending()
    assert limit.expired() and now() - start == pytest.approx(3, **NEAR)
    with pytest.raises(Elapsed):
        await mezame.timeout_at(start, mezame.pending())
    assert await mezame.timeout_at(start, mezame.ready(1)) == 1
    assert await mezame.timeout_at(float("inf"), sleep(1)) is None


@pytest.mark.mezame
async def test_into_inner_gives_the_future_back_unharmed():
    gate = Gate()
    limited = mezame.timeout(1, gate)
    assert limited.into_inner() is gate and gate.polls == gate.closes == 0
    for use in (limited.into_inner, limited.__await__):
        with pytest.raises(RuntimeError, match="before"):
            use()
    with pytest.raises(RuntimeError, match="block"):
        mezame.timeout(1).into_inner()
    limited = mezame.timeout(1, mezame.ready(1))
    assert await limited == 1
    with pytest.raises(RuntimeError, match="before"):
        await limited


@pytest.mark.mezame
async def test_a_finished_timeout_leaves_no_timer():
    timers = mezame.Handle.current().timers
    gate = Gate()
    limited = mezame.spawn(mezame.timeout(100, gate))
    await settle()
    assert len(timers) == 1
    gate.open()
    await limited
    assert len(timers) == 0


@pytest.mark.mezame(start_paused=True)
async def test_the_methods_of_futures():
    start, token = now(), mezame.sync.CancellationToken()
    assert await mezame.ready(1).timeout(1) == 1 == await mezame.ready(1).timeout_at(start + 1)
    for limited in (mezame.pending().timeout(1), mezame.pending().timeout_at(start + 1)):
        with pytest.raises(Elapsed):
            await limited
    assert await mezame.ready(2).with_cancellation_token(token) == 2
    token.cancel()
    assert await mezame.pending().with_cancellation_token(token) is None


# --- interval ----------------------------------------------------------------------------------------------


@pytest.mark.mezame(start_paused=True)
async def test_resets():
    start = now()
    ticks = interval(10)
    assert (await ticks.tick()) == pytest.approx(start, abs=0.001)
    await advance(3)
    ticks.reset()
    assert await ticks.tick() - start == pytest.approx(13, **NEAR)
    ticks.reset_immediately()
    assert await ticks.tick() - start == pytest.approx(13, **NEAR)
    ticks.reset_after(timedelta(seconds=2))
    assert await ticks.tick() - start == pytest.approx(15, **NEAR)
    ticks.reset_at(start + 40)
    assert await ticks.tick() - start == pytest.approx(40, **NEAR)
    assert await ticks.tick() - start == pytest.approx(50, **NEAR)
    assert ticks.period() == 10


@pytest.mark.mezame(start_paused=True)
async def test_a_tick_is_its_scheduled_instant_and_late_only_beyond_5_ms():
    start = now()
    ticks = interval(1.0, missed_tick_behavior=MissedTickBehavior.DELAY)
    await ticks.tick()
    await advance(1.004)
    assert await ticks.tick() - start == pytest.approx(1, abs=0.001)
    assert await ticks.tick() - start == pytest.approx(2, abs=0.001)  # 4 ms late was in time: the schedule stands
    await advance(1.5)
    await ticks.tick()
    assert await ticks.tick() - start == pytest.approx(4.5, **NEAR)


@pytest.mark.mezame(start_paused=True)
async def test_the_missed_tick_behaviour_can_be_changed():
    ticks = interval(1)
    assert isinstance(ticks, Interval) and ticks.missed_tick_behavior is MissedTickBehavior.BURST
    start = await ticks.tick()
    await advance(3.5)
    assert await ticks.tick() - start == pytest.approx(1, **NEAR)
    ticks.missed_tick_behavior = MissedTickBehavior.SKIP
    assert await ticks.tick() - start == pytest.approx(2, **NEAR)
    assert await ticks.tick() - start == pytest.approx(4, **NEAR)
    with pytest.raises(TypeError, match="BURST"):
        ticks.missed_tick_behavior = "skip"
    with pytest.raises(TypeError, match="BURST"):
        interval(1, missed_tick_behavior="skip")


@pytest.mark.mezame(start_paused=True)
async def test_cancelling_a_tick_loses_none_and_keeps_no_timer():
    timers = mezame.Handle.current().timers
    start = now()
    ticks = interval(1)
    await ticks.tick()

    async def wait():
        await ticks.tick()

    waiting = mezame.spawn(wait())
    await settle()
    assert len(timers) == 1
    waiting.abort()
    await settle()
    assert waiting.cancelled() and len(timers) == 0
    assert await ticks.tick() - start == pytest.approx(1, **NEAR)
    lost = ticks.tick()
    assert await mezame.future.poll(lost) is Poll.Pending
    await advance(1)
    lost.close()  # it had fired
    assert await ticks.tick() - start == pytest.approx(2, **NEAR)


@pytest.mark.mezame(start_paused=True)
async def test_an_interval_is_an_async_iterator_and_a_tick_completes_once():
    start, seen = now(), []
    async for tick in interval_at(now() + 5, 2):
        seen.append(round(tick - start))
        if len(seen) == 3:
            break
    assert seen == [5, 7, 9]
    tick = interval(1).tick()
    cx = CountingWaker().cx
    assert tick.poll(cx).is_ready()
    with pytest.raises(RuntimeError, match="completed"):
        tick.poll(cx)


# --- the paused clock --------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_pause_advance_and_resume_refuse_what_makes_no_sense():
    with pytest.raises(RuntimeError, match="pause"):
        await advance(1)
    with pytest.raises(RuntimeError, match="not paused"):
        mezame.time.resume()
    mezame.time.pause()
    with pytest.raises(RuntimeError, match="already"):
        mezame.time.pause()
    frozen = now()
    await advance(100)
    mezame.time.resume()
    assert now() - frozen >= 100
    mezame.time.pause()
    mezame.time.resume()


def test_outside_of_a_runtime_there_is_no_clock_to_pause():
    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        mezame.time.pause()


@pytest.mark.mezame(start_paused=True)
async def test_advance_moves_at_once_and_yields_once():
    start, log = now(), []

    async def bystander():
        log.append("ran")
        await sleep(1)
        log.append("fired")

    task = mezame.spawn(bystander())
    await advance(0.5)
    assert log == ["ran"] and now() - start == pytest.approx(0.5)
    await advance(10)
    await task
    assert log == ["ran", "fired"] and now() - start == pytest.approx(10.5)


def test_the_clock_does_not_jump_while_a_blocking_job_runs():
    jumped, order = threading.Event(), []

    async def main():
        async def sleeper():
            await sleep(3600)
            order.append("slept")
            jumped.set()

        sleeping = mezame.spawn(sleeper())
        await mezame.spawn_blocking(jumped.wait, 0.1)  # a jump would end it early
        order.append("job")
        await sleeping

    mezame.run(main(), start_paused=True)
    assert order == ["job", "slept"]
