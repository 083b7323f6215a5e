"""Many streams as one: StreamMap, StreamNotifyClose, select_all."""

from __future__ import annotations

import pytest
from polling import CountingWaker
from scripted import STALL, WAIT, Script, run

import mezame
from mezame import Poll
from mezame.stream import END, SelectAll, StreamMap, StreamNotifyClose, select_all


def test_stream_map_holds_streams_by_key():
    streams = StreamMap()
    first, second = Script(1), Script(2)
    assert streams.is_empty() and not streams.contains_key("a") and bool(streams)
    assert streams.insert("a", first) is None
    assert streams.insert("a", second) is first
    assert streams.contains_key("a") and "a" in streams and len(streams) == 1 and streams["a"] is second
    assert streams.keys() == ["a"] and streams.values() == [second] and list(streams.items()) == [("a", second)]
    assert streams.remove("a") is second and streams.remove("a") is None and streams.is_empty()
    streams.insert("b", [1])
    streams.clear()
    assert len(streams) == 0 and first.drops == second.drops == 0


def test_stream_map_ends_when_it_is_empty_and_revives():
    async def main():
        streams = StreamMap()
        assert await streams.next("end") == "end"
        streams.insert("a", [1])
        assert await streams.collect() == [("a", 1)] and streams.is_empty()
        streams.insert("b", [2])
        return await streams.collect()

    assert run(main()) == [("b", 2)]


def test_stream_map_starts_at_a_random_entry():
    async def main():
        streams = StreamMap()
        for key in range(4):
            streams.insert(key, mezame.stream.repeat(None))
        keys = [key async for key, _ in streams.take(200)]
        assert all(20 < keys.count(key) < 90 for key in range(4))
        return keys

    assert run(main(), rng_seed=3) == run(main(), rng_seed=3) != run(main(), rng_seed=4)


@pytest.mark.parametrize("change", ["insert", "remove", "clear"])
def test_who_waits_for_a_stream_map_learns_of_a_change(change):
    async def main():
        streams = StreamMap()
        streams.insert("a", Script(STALL))
        task = mezame.spawn(streams.next("end"))
        await mezame.yield_now()
        if change == "insert":
            streams.insert("b", [1])
        elif change == "remove":
            streams.remove("a")
        else:
            streams.clear()
        return await task

    assert run(main()) == (("b", 1) if change == "insert" else "end")


def test_a_stream_that_takes_others_out_of_its_map_while_it_is_polled():
    streams = StreamMap()

    def take_out(cx):
        streams.remove("b")
        streams.remove("a")
        return Poll.Ready(END)

    async def main():
        streams.insert("a", mezame.stream.poll_fn(take_out))
        streams.insert("b", mezame.stream.poll_fn(take_out))
        return await streams.next("end")

    assert run(main()) == "end"


def test_next_many_takes_what_is_there():
    async def main():
        streams = StreamMap()
        assert await streams.next_many(3) == []
        streams.insert("a", Script(1, 2, WAIT, 3))
        assert await streams.next_many(0) == []
        assert await streams.next_many(1) == [("a", 1)]
        assert await streams.next_many(9) == [("a", 2)]
        assert await streams.next_many(9) == [("a", 3)]
        streams.insert("a", Script(STALL))
        with pytest.raises(TimeoutError):
            await mezame.timeout(1, streams.next_many(9))
        streams["a"].go(4, 5)
        assert streams.poll_next_many(CountingWaker().cx, 2) == Poll.Ready([("a", 4), ("a", 5)])

    run(main(), start_paused=True)


def test_an_exception_of_one_passes_and_the_map_goes_on():
    async def main():
        streams = StreamMap()
        streams.insert("a", Script(ValueError("x"), 1))
        with pytest.raises(ValueError, match="x"):
            await streams.next()
        return await streams.collect()

    assert run(main()) == [("a", 1)]


def test_notify_close_tells_which_stream_has_ended():
    async def main():
        streams = StreamMap()
        streams.insert("a", StreamNotifyClose(Script(1)))
        streams.insert("b", StreamNotifyClose([], marker="over"))
        source = Script()
        assert StreamNotifyClose(source).into_inner() is source
        return sorted(await streams.collect(), key=str)

    assert run(main()) == [("a", 1), ("a", None), ("b", "over")]


def test_select_all_takes_turns():
    async def main():
        streams = select_all([mezame.stream.repeat(n) for n in range(3)])
        return await streams.take(9).collect()

    assert run(main()) == [0, 1, 2] * 3


def test_select_all_polls_only_what_was_woken():
    async def main():
        inner = [Script(STALL) for _ in range(6)]
        streams = select_all(inner)
        assert len(streams) == 6 and list(streams) == inner and not streams.is_empty()
        assert await mezame.future.poll(streams.next()) is Poll.Pending
        inner[4].go("x", STALL)
        assert await streams.next() == "x"
        assert await mezame.future.poll(streams.next()) is Poll.Pending
        return [one.polls for one in inner]

    assert run(main()) == [1, 1, 1, 1, 3, 1]


def test_select_all_grows_while_it_is_awaited_and_revives():
    async def main():
        streams = SelectAll([Script(STALL)])
        task = mezame.spawn(streams.next())
        await mezame.yield_now()
        streams.push([1])
        assert await task == 1
        streams.clear()
        assert await streams.next("end") == "end"
        streams.push(Script(ValueError("x"), 2))
        with pytest.raises(ValueError):
            await streams.next()
        return await streams.collect()

    assert run(main()) == [2]


@pytest.mark.parametrize("make", [lambda many: select_all(many), lambda many: _map(many)])
@pytest.mark.parametrize("how", ["drop", "aclose"])
def test_all_are_ended_even_if_ending_one_fails(make, how):
    class Bad(Script):
        def drop(self):
            raise ValueError("bad end")

    async def main():
        inner = [Bad(STALL), Script(STALL), Bad(STALL), Script(STALL)]
        streams = make(inner)
        with pytest.raises(ValueError, match="bad end"):
            if how == "drop":
                streams.drop()
            else:
                await streams.aclose()
        assert inner[1].drops == inner[3].drops == 1 and streams.is_empty()

    run(main())


def _map(many):
    streams = StreamMap()
    for key, stream in enumerate(many):
        streams.insert(key, stream)
    return streams


def test_size_hints_add_up():
    streams = _map([mezame.stream.iter([1, 2]), mezame.stream.once(1)])
    assert streams.size_hint() == (3, 3)
    streams.insert("x", mezame.stream.pending())
    assert streams.size_hint() == (3, None)


def test_a_dropped_wait_leaves_the_members_alone():
    waker = CountingWaker()
    inner = [Script(STALL), Script(STALL)]
    streams = select_all(inner)
    future = streams.next()
    assert future.poll(waker.cx) is Poll.Pending
    future.close()
    inner[1].go(7)
    assert streams.next().poll(waker.cx) == Poll.Ready(7)
