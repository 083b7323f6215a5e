"""Adapters with a clock, on a paused one: when each item comes, to the second."""

from __future__ import annotations

from datetime import timedelta

import pytest
from scripted import STALL, WAIT, Script, outcomes, run

import mezame
from mezame import Poll
from mezame.time import Elapsed


def on_paused_clock(main):
    return run(main(), start_paused=True)


async def at_times(*times):
    """(n) at each of the times, in seconds from now."""
    start = mezame.time.now()
    for n, time in enumerate(times):
        await mezame.sleep_until(mezame.time.Instant(start + time))
        yield n


def source(*times):
    return mezame.stream.from_aiter(at_times(*times))


async def timed(stream, limit=100):
    """[(second, item or name of the exception)] of all that the stream gives."""
    start = mezame.time.now()
    got = []
    for _ in range(limit):
        try:
            item = await stream.next(mezame.stream.END)
        except Exception as error:
            item = type(error).__name__
        else:
            if item is mezame.stream.END:
                return got
        got.append((round(mezame.time.now() - start, 2), item))
    return got


def test_timeout_raises_once_for_each_gap_and_the_stream_goes_on():
    async def main():
        return await timed(source(0, 1, 9, 10, 20).timeout(2))

    assert on_paused_clock(main) == [(0, 0), (1, 1), (3, "Elapsed"), (9, 2), (10, 3), (12, "Elapsed"), (20, 4)]


def test_the_clock_of_timeout_starts_when_it_is_made():
    async def main():
        stream = mezame.stream.pending().timeout(timedelta(seconds=5))
        await mezame.sleep(3)
        return await timed(stream, 1)

    assert on_paused_clock(main) == [(2, "Elapsed")]


def test_elapsed_is_a_timeout_error_and_next_waits_silently_after_it():
    async def main():
        stream = mezame.stream.pending().timeout(1)
        with pytest.raises(TimeoutError) as caught:
            await stream.next()
        assert type(caught.value) is Elapsed
        with pytest.raises(Elapsed, match="deadline"):
            await mezame.timeout(100, stream.next())

    on_paused_clock(main)


def test_timeout_of_zero_lets_what_is_there_through():
    async def main():
        return await timed(Script(1, 2, WAIT, 3).timeout(0))

    assert on_paused_clock(main) == [(0, 1), (0, 2), (0, "Elapsed"), (0, 3)]


def test_timeout_repeating_raises_at_each_tick_until_an_item_comes():
    async def main():
        return await timed(source(0, 7, 8).timeout_repeating(2))

    assert on_paused_clock(main) == [(0, 0), (2, "Elapsed"), (4, "Elapsed"), (6, "Elapsed"), (7, 1), (8, 2)]


def test_timeout_repeating_takes_an_interval():
    async def main():
        ticks = mezame.time.interval_at(mezame.time.now().checked_add(1), 3)
        return await timed(source(9).timeout_repeating(ticks))

    assert on_paused_clock(main) == [(1, "Elapsed"), (4, "Elapsed"), (7, "Elapsed"), (9, 0)]


def test_throttle_gives_the_first_at_once_and_spaces_the_rest():
    async def main():
        return await timed(source(0, 0, 0, 9, 9).throttle(2))

    assert on_paused_clock(main) == [(0, 0), (2, 1), (4, 2), (9, 3), (11, 4)]


def test_throttle_does_not_take_an_item_before_its_time():
    async def main():
        items = Script(1, 2)
        stream = items.throttle(2)
        assert await stream.next() == 1
        assert await mezame.future.poll(stream.next()) is Poll.Pending and items.given == 1
        return await timed(stream)

    assert on_paused_clock(main) == [(2, 2)]


def test_chunks_timeout_by_count_by_time_and_at_the_end():
    async def main():
        return await timed(source(0, 0, 0, 1, 2, 20, 30).chunks_timeout(3, 5))

    # 0,1,2 by count; 3,4 by time, 5 s after the 3; 5 by time; 6 at the end
    assert on_paused_clock(main) == [(0, [0, 1, 2]), (6, [3, 4]), (25, [5]), (30, [6])]


def test_chunks_timeout_is_never_empty_and_its_clock_starts_with_the_first_item():
    async def main():
        return await timed(source(50, 51, 60).chunks_timeout(9, 2))

    assert on_paused_clock(main) == [(52, [0, 1]), (60, [2])]


def test_chunks_timeout_gives_its_remainder_back():
    async def main():
        stream = Script(1, 2, STALL).chunks_timeout(3, 100)
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        assert stream.into_remainder() == [1, 2]
        with pytest.raises(TimeoutError):  # and its timer is gone with it
            await mezame.timeout(200, stream.next())

    on_paused_clock(main)


def test_chunks_timeout_passes_failures_on_and_keeps_the_items():
    async def main():
        got = await outcomes(Script(1, ValueError(), 2, WAIT, 3).chunks_timeout(2, 5))
        assert isinstance(got[0], ValueError) and got[1:] == [[1, 2], [3]]

    on_paused_clock(main)


def test_delay_looks_at_the_stream_later():
    async def main():
        items = Script(1)
        stream = items.delay(3)
        assert await mezame.future.poll(stream.next()) is Poll.Pending and items.polls == 0
        return await timed(stream)

    assert on_paused_clock(main) == [(3, 1)]


ADAPT = {
    "timeout": lambda s: s.timeout(1000),
    "timeout_repeating": lambda s: s.timeout_repeating(1000),
    "throttle": lambda s: mezame.stream.once(0).chain(s).throttle(1000),
    "chunks_timeout": lambda s: mezame.stream.once(0).chain(s).chunks_timeout(5, 1000),
    "delay": lambda s: s.delay(1000),
}


@pytest.mark.parametrize("how", ["drop", "aclose"])
@pytest.mark.parametrize("name", ADAPT)
def test_the_timer_goes_with_the_stream(name, how):
    async def main():
        items = Script(STALL)
        stream = ADAPT[name](items)
        if name == "throttle":
            assert await stream.next() == 0
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        timers = mezame.core.current.current().timers
        assert len(timers) == 1
        if how == "drop":
            stream.drop()
            stream.drop()
        else:
            await stream.aclose()
        assert len(timers) == 0
        assert items.drops == (2 if how == "drop" else 1) and items.closes == (how == "aclose")

    on_paused_clock(main)


@pytest.mark.parametrize("name", ["timeout", "throttle", "chunks_timeout", "delay"])
def test_an_adapter_made_outside_of_a_runtime_counts_from_its_first_poll(name):
    stream = {
        "timeout": lambda: mezame.stream.pending().timeout(2),
        "throttle": lambda: mezame.stream.iter([0, 1]).throttle(2),
        "chunks_timeout": lambda: mezame.stream.once(0).chain(mezame.stream.pending()).chunks_timeout(2, 2),
        "delay": lambda: mezame.stream.iter([0]).delay(2),
    }[name]()

    async def main():
        return (await timed(stream, 2 if name == "throttle" else 1))[-1]

    expected = {"timeout": "Elapsed", "throttle": 1, "chunks_timeout": [0], "delay": 0}[name]
    assert on_paused_clock(main) == (2, expected)
