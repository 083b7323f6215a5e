"""Adapters one by one: what they take from their source, where they stop, and what they refuse."""

from __future__ import annotations

import pytest
from polling import CountingWaker, Gate
from scripted import STALL, WAIT, Script, outcomes, run

import mezame
from mezame import Poll
from mezame.stream import END


def test_take_never_polls_past_its_count():
    source = Script(1, 2, 3)
    assert run(source.take(2).collect()) == [1, 2] and source.polls == 2
    source = Script(1)
    assert run(source.take(0).collect()) == [] and source.polls == 0


def test_take_and_chunks_and_zip_do_not_poll_a_source_that_has_ended():
    for adapt in (
        lambda s: s.take(5),
        lambda s: s.fuse(),
        lambda s: s.chunks(2),
        lambda s: s.ready_chunks(2),
        lambda s: s.chunks_timeout(2, 1),
        lambda s: s.buffered(2),
        lambda s: s.merge([]),
        lambda s: s.zip([1]),
        lambda s: s.flatten_unordered(2),
    ):
        source = Script(END, 1)
        stream = adapt(source)

        async def twice(stream=stream):
            return await stream.next("end"), await stream.next("end")

        assert run(twice()) == ("end", "end") and source.after_end == 0, stream


def test_an_end_without_fuse_is_not_final():
    async def main():
        source = Script(1, END, 2)
        assert await source.map(abs).collect() == [1]
        assert await source.map(abs).collect() == [2]
        again = Script(1, END, 2).fuse()
        return await again.collect(), await again.collect(), again.is_terminated()

    assert run(main()) == ([1], [], True)


def test_take_while_swallows_the_refused_item_and_stays_ended():
    async def main():
        source = Script(1, 9, 2)
        stream = source.take_while(lambda n: n < 5)
        return await stream.collect(), await stream.next("end"), await source.collect()

    assert run(main()) == ([1], "end", [2])


def test_skip_while_asks_its_predicate_no_more_once_it_let_one_through():
    asked = []

    def below(n):
        asked.append(n)
        return n < 3

    assert run(Script(1, 5, 1, 5).skip_while(below).collect()) == [5, 1, 5] and asked == [1, 5]


def test_a_function_that_raises_loses_its_item_only():
    async def main():
        return await outcomes(Script(1, 0, 2).map(lambda n: 2 // n))

    one, error, two = run(main())
    assert (one, two) == (2, 1) and isinstance(error, ZeroDivisionError)


def test_then_runs_one_call_at_a_time():
    gates = []

    def call(n):
        gates.append(Gate())
        return gates[-1]

    source = Script(1, 2)
    stream = source.then(call)
    cx = CountingWaker().cx
    assert stream.size_hint() == (0, None)
    assert stream.poll_next(cx) is Poll.Pending and stream.poll_next(cx) is Poll.Pending
    assert len(gates) == 1 and source.polls == 1 and stream.size_hint() == (1, None)
    gates[0].open("a")
    assert stream.poll_next(cx) == Poll.Ready("a")
    stream.drop()
    assert stream.poll_next(cx) == Poll.Ready(END)


def test_map_err_and_or_else_see_failures_only():
    async def main():
        errors = Script(1, ValueError("x"), 2).map_err(lambda e: KeyError(str(e)))
        got = await outcomes(errors)
        assert got[0] == 1 and got[2] == 2 and isinstance(got[1], KeyError) and isinstance(got[1].__cause__, ValueError)

        async def instead(error):
            return f"not {error}"

        assert await Script(1, ValueError("x"), 2).or_else(instead).collect() == [1, "not x", 2]
        with pytest.raises(TypeError, match="must return an exception, not 5"):
            await Script(ValueError("x")).map_err(lambda e: 5).next()
        with pytest.raises(ValueError, match="same"):
            await Script(ValueError("same")).map_err(lambda e: e).next()

    run(main())


def test_zip_keeps_the_item_that_had_no_partner():
    async def main():
        left, right = Script(1, 2), Script("a")
        pairs = left.zip(right)
        assert await pairs.collect() == [(1, "a")]
        assert pairs.into_remainder() == [2] and pairs.into_remainder() == []
        assert await pairs.next("end") == "end"

    run(main())


def test_zip_waits_for_the_side_that_is_late():
    cx = CountingWaker().cx
    left, right = Script(1, STALL), Script(STALL)
    pairs = left.zip(right)
    assert pairs.poll_next(cx) is Poll.Pending and left.given == 1
    assert pairs.poll_next(cx) is Poll.Pending and left.given == 1
    right.go("a")
    assert pairs.poll_next(cx) == Poll.Ready((1, "a"))


def test_merge_takes_turns_and_or_prefers_its_left_side():
    async def main():
        def repeat(n):
            return mezame.stream.repeat(n)

        assert await repeat(1).merge(repeat(2)).take(6).collect() == [1, 2] * 3
        assert await repeat(1).or_(repeat(2)).take(6).collect() == [1] * 6
        mixed = await repeat(1).race(repeat(2)).take(100).collect()
        assert 20 < mixed.count(1) < 80

    run(main(), rng_seed=1)


def test_race_draws_on_the_seed_of_the_runtime():
    def once(seed):
        return run(mezame.stream.repeat(1).race(mezame.stream.repeat(2)).take(40).collect(), rng_seed=seed)

    assert once(7) == once(7) != once(8)


def test_select_with_strategy_asks_for_each_poll():
    from mezame.stream import PollNext, select_with_strategy

    sides = [PollNext.RIGHT, PollNext.RIGHT, PollNext.LEFT, PollNext.LEFT.other(), PollNext.RIGHT.other()]
    stream = select_with_strategy(Script("a", "b"), Script(1, 2, 3), iter(sides).__next__)
    assert run(stream.take(5).collect()) == [1, 2, "a", 3, "b"]
    with pytest.raises(TypeError, match=r"PollNext.LEFT or PollNext.RIGHT, not True"):
        run(select_with_strategy([1], [2], lambda: True).next())


def test_take_until_looks_at_its_future_first_and_keeps_its_value():
    async def main():
        gate = Gate()
        stream = Script(1, WAIT, 2, 3).take_until(gate)
        assert await stream.next() == 1 and not stream.is_stopped() and stream.take_result() is None
        gate.open("enough")
        assert await stream.next("end") == "end" and stream.is_stopped()
        assert stream.take_result() == "enough" and stream.take_result() is None
        assert await stream.next("end") == "end" and stream.size_hint() == (0, 0)

    run(main())


def test_take_until_raises_what_its_future_raises_once():
    async def main():
        stream = Script(1).take_until(mezame.future.failed(ValueError("stop")))
        with pytest.raises(ValueError, match="stop"):
            await stream.next()
        return await stream.next("end")

    assert run(main()) == "end"


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_abort_ends_a_stream_that_waits_also_from_another_thread(flavor):
    import threading

    stream, handle = mezame.stream.abortable(mezame.stream.pending())

    async def main():
        threading.Thread(target=handle.abort).start()
        return await stream.next("aborted"), stream.is_aborted(), await stream.next("aborted")

    with mezame.Runtime(flavor) as runtime:
        assert runtime.block_on(main()) == ("aborted", True, "aborted")


def test_abort_is_looked_at_before_the_source():
    source = Script(1)
    stream, handle = mezame.stream.abortable(source)
    handle.abort()
    assert run(stream.collect()) == [] and source.polls == 0


def test_chunks_keep_what_was_gathered_when_the_source_fails():
    async def main():
        stream = Script(1, ValueError(), 2, 3, ValueError()).chunks(3)
        got = await outcomes(stream)
        assert [type(one) for one in got] == [ValueError, list, ValueError] and got[1] == [1, 2, 3]
        stream = Script(1, ValueError()).chunks(3)
        with pytest.raises(ValueError):
            await stream.next()
        assert stream.into_remainder() == [1] and await stream.next("end") == "end"

    run(main())


def test_ready_chunks_give_the_items_before_the_failure_first():
    async def main():
        got = await outcomes(Script(1, 2, ValueError("x"), 3, WAIT, 4).ready_chunks(5))
        assert got[0] == [1, 2] and isinstance(got[1], ValueError) and got[2:] == [[3], [4]]

    run(main())


def test_peekable_does_not_consume_and_its_drop_forgets():
    async def main():
        source = Script(1, 2)
        stream = source.peekable()
        assert stream.poll_peek(CountingWaker().cx) == Poll.Ready(1)
        assert await stream.peek() == 1 and source.given == 1
        assert await stream.next() == 1 and await stream.peek() == 2
        stream.drop()
        return await stream.peek("end"), await stream.next("end")

    assert run(main()) == ("end", "end")


def test_cancelled_peek_keeps_the_item():
    async def main():
        source = Script(STALL)
        stream = source.peekable()
        with pytest.raises(TimeoutError):
            await mezame.timeout(1, stream.next_if(lambda n: True))
        source.go(5)
        return await stream.peek(), await stream.next()

    assert run(main(), start_paused=True) == (5, 5)


def test_flatten_takes_streams_async_and_plain_iterables_but_no_strings():
    async def two():
        yield 1
        yield 2

    async def main():
        return await mezame.stream.iter([two(), [3], mezame.stream.once(4), {5: 0}]).flatten().collect()

    assert run(main()) == [1, 2, 3, 4, 5]
    with pytest.raises(TypeError, match="'ab' is not taken for a stream of its parts"):
        run(mezame.stream.iter(["ab"]).flatten().next())


def test_flatten_unordered_reads_no_more_streams_than_its_limit():
    async def main():
        inner = [Script(STALL), Script(STALL), Script(30)]
        source = Script(*inner)
        stream = source.flatten_unordered(2)
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        assert source.given == 2 and [one.polls for one in inner] == [1, 1, 0]
        inner[1].go(20)
        assert await stream.next() == 20 and source.given == 2
        assert await stream.next() == 30 and source.given == 3  # the second has ended: there is room
        inner[0].go(10)
        return await stream.collect()

    assert run(main()) == [10]


def test_flatten_unordered_polls_only_what_was_woken():
    async def main():
        inner = [Script(STALL) for _ in range(5)]
        stream = mezame.stream.iter(inner).flatten_unordered(None)
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        inner[3].go(1, STALL)
        assert await stream.next() == 1
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        return [one.polls for one in inner]

    assert run(main()) == [1, 1, 1, 3, 1]


def test_buffered_reads_its_source_no_further_than_the_limit():
    async def main():
        gates = [Gate() for _ in range(4)]
        source = Script(*gates)
        stream = source.buffered(2)
        assert await mezame.future.poll(stream.next()) is Poll.Pending and source.given == 2
        gates[1].open("b")  # done, but not its turn: it keeps its place
        assert await mezame.future.poll(stream.next()) is Poll.Pending and source.given == 2
        gates[0].open("a")
        assert await stream.next() == "a"
        assert await stream.next() == "b"
        gates[2].open("c")
        gates[3].open("d")
        return await stream.collect()

    assert run(main()) == ["c", "d"]


def test_buffered_goes_on_after_a_future_that_failed_in_its_turn():
    async def main():
        futures = [mezame.ready(1), mezame.future.failed(ValueError("x")), mezame.ready(3)]
        return await outcomes(mezame.stream.iter(futures).buffered(2))

    one, error, three = run(main())
    assert (one, three) == (1, 3) and isinstance(error, ValueError)


def test_buffered_borrows_no_future_it_ends_them_all():
    cx = CountingWaker().cx
    for adapt in (lambda s: s.buffered(2), lambda s: s.buffer_unordered(2)):
        gates = [Gate(), Gate()]
        stream = adapt(mezame.stream.iter(gates))
        assert stream.poll_next(cx) is Poll.Pending
        stream.drop()
        assert [gate.closes for gate in gates] == [1, 1]
        assert stream.poll_next(cx) == Poll.Ready(END)


def test_cycle_of_nothing_ends():
    assert run(mezame.stream.empty().cycle().collect()) == []


def test_poll_immediate_never_waits():
    async def main():
        stream = mezame.stream.poll_immediate(Script(1, WAIT, 2))
        return [poll async for poll in stream]

    assert run(main()) == [Poll.Ready(1), Poll.Pending, Poll.Ready(2)]


def test_poll_fn_checks_its_answers():
    with pytest.raises(TypeError, match=r"PollFn.poll_next returned 3"):
        run(mezame.stream.poll_fn(lambda cx: 3).next())


def test_unfold_ends_when_its_function_fails():
    async def fail(state):
        raise ValueError("x")

    async def main():
        stream = mezame.stream.unfold(1, fail)
        with pytest.raises(ValueError):
            await stream.next()
        return await stream.next("end")

    assert run(main()) == "end"


def test_concat_joins_what_it_is_given():
    async def main():
        s = mezame.stream.iter
        return (
            await s(["a", "b"]).concat(),
            await s([b"a", b"b"]).concat(),
            await s([[1], [2]]).concat(),
            await s([(1,), (2,)]).concat(),
            await s([1, 2]).concat(),
            await s([]).concat("none"),
        )

    assert run(main()) == ("ab", b"ab", [1, 2], (1, 2), 3, "none")


def test_collect_into_what_one_likes():
    async def main():
        s = mezame.stream.iter
        return await s("ba").collect(sorted), await s("ab").collect("-".join), await s([(1, 2)]).collect(dict)

    assert run(main()) == (["a", "b"], "a-b", {1: 2})


def test_stream_takes_what_can_be_one():
    async def items():
        yield 1

    async def main():
        unordered = mezame.future.FuturesUnordered([mezame.ready(1)])
        source = Script(1)
        assert mezame.stream.stream(source) is source
        for thing in (items(), [1], range(1, 2), unordered, mezame.stream.once(1)):
            assert await mezame.stream.stream(thing).collect() == [1]
        unordered.push(mezame.pending())
        mezame.stream.stream(unordered).drop()
        assert len(unordered) == 0
        await mezame.stream.stream(unordered).aclose()

    run(main())


def test_futures_unordered_and_ordered_are_streams():
    async def main():
        for name in ("FuturesUnordered", "FuturesOrdered"):
            futures = getattr(mezame.stream, name)([mezame.ready(2), mezame.ready(3)])
            assert isinstance(futures, mezame.stream.Stream) and isinstance(futures, getattr(mezame.future, name))
            assert futures.size_hint() == (2, 2)
            assert await futures.map(lambda n: n * 2).collect() == [4, 6]
            futures.push(mezame.ready(1))  # an empty one revives
            assert [n async for n in futures] == [1] and await futures.next("none") == "none"
            gate = Gate()
            futures.push(mezame.future.Fuse(gate))
            futures.drop()
            assert futures.is_empty()

    run(main())


REFUSED = [
    (lambda s: s.map(5), TypeError, "map needs a function, not 5"),
    (lambda s: s.filter(None), TypeError, "filter needs a function, not None"),
    (lambda s: s.then("x"), TypeError, "then needs a function, not 'x'"),
    (lambda s: s.take(-1), ValueError, "take needs a number from 0 on, not -1"),
    (lambda s: s.take(1.5), TypeError, r"take needs a number \(int\), not 1.5"),
    (lambda s: s.skip(True), TypeError, "skip needs a number"),
    (lambda s: s.step_by(0), ValueError, "step_by needs a number from 1 on, not 0"),
    (lambda s: s.chunks(0), ValueError, "chunks needs a number from 1 on, not 0"),
    (lambda s: s.ready_chunks(0), ValueError, "ready_chunks needs a number from 1 on, not 0"),
    (lambda s: s.chunks_timeout(0, 1), ValueError, "chunks_timeout needs a number from 1 on"),
    (lambda s: s.chunks_timeout(1, float("nan")), ValueError, "chunks_timeout's duration must not be NaN"),
    (lambda s: s.timeout(float("nan")), ValueError, "timeout's duration must not be NaN"),
    (lambda s: s.throttle(None), TypeError, "throttle's duration is a number of seconds or a timedelta, not None"),
    (lambda s: s.timeout_repeating(0), ValueError, "timeout_repeating's interval must be above 0 seconds, not 0"),
    (lambda s: s.buffered(-1), ValueError, "buffered needs a number from 0 on, not -1"),
    (lambda s: s.buffer_unordered(1.0), TypeError, "buffer_unordered needs a number"),
    (lambda s: s.flatten_unordered(-1), ValueError, "flatten_unordered needs a number from 0 on"),
    (lambda s: s.chain(5), TypeError, "5 is no stream"),
    (lambda s: s.zip("ab"), TypeError, "'ab' is not taken for a stream of its parts"),
    (lambda s: s.take_until(5), TypeError, "5 is not a future"),
    (lambda s: s.split(), TypeError, "split needs an object that is a Stream and a Sink"),
    (lambda s: mezame.stream.iter(5), TypeError, "iter needs an iterable, not 5"),
    (lambda s: mezame.stream.iter(s), TypeError, "use from_aiter"),
    (lambda s: mezame.stream.from_aiter([1]), TypeError, "you may want: mezame.stream.iter"),
    (lambda s: mezame.stream.from_aiter(5), TypeError, "from_aiter needs an async iterable, not 5"),
    (lambda s: mezame.stream.unfold(1, 2), TypeError, "unfold needs a function, not 2"),
    (lambda s: mezame.stream.repeat_with(2), TypeError, "repeat_with needs a function, not 2"),
    (lambda s: mezame.stream.poll_fn(2), TypeError, "poll_fn needs a function, not 2"),
    (lambda s: mezame.stream.once_future(2), TypeError, "2 is not a future"),
    (lambda s: mezame.stream.StreamMap().next_many(-1), ValueError, "next_many needs a number from 0 on"),
    (lambda s: s.peekable().next_if(3), TypeError, "next_if needs a function, not 3"),
]


@pytest.mark.parametrize("case", range(len(REFUSED)))
def test_bad_input_is_refused_where_it_is_given(case):
    use, kind, message = REFUSED[case]
    with pytest.raises(kind, match=message):
        use(Script(1))


def test_a_stream_of_no_futures_says_so():
    for adapt in (lambda s: s.buffered(2), lambda s: s.buffer_unordered(2), lambda s: s.then(abs)):
        with pytest.raises(TypeError, match="1 is not a future"):
            run(adapt(mezame.stream.iter([1])).next())


def test_iter_takes_what_has_only_getitem():
    class Old:
        def __getitem__(self, at):
            if at > 2:
                raise IndexError
            return at

    assert run(mezame.stream.iter(Old()).collect()) == [0, 1, 2]


def test_block_on_is_a_plain_iterator():
    said = []

    async def numbers():
        try:
            for n in range(3):
                await mezame.yield_now()
                yield n
        finally:
            said.append("closed")

    assert list(mezame.stream.block_on(numbers())) == [0, 1, 2] and said == ["closed"]
    with mezame.stream.block_on(numbers()) as steps:
        assert next(steps) == 0
    assert said == ["closed"] * 2 and next(steps, "over") == "over"
    with pytest.raises(ValueError):
        next(mezame.stream.block_on(Script(ValueError())))

    async def inside():
        next(mezame.stream.block_on([1]))

    with pytest.raises(mezame.EnterError):
        run(inside())
    source = Script(1)
    assert mezame.stream.block_on(source).into_inner() is source


def test_sources_that_are_dropped_end():
    async def main():
        for stream in (
            mezame.stream.iter([1, 2]),
            mezame.stream.once(1),
            mezame.stream.once_future(mezame.ready(1)),
            mezame.stream.repeat(1),
            mezame.stream.unfold(1, lambda n: mezame.ready((n, n))),
            mezame.stream.iter([1]).cycle(),
        ):
            stream.drop()
            stream.drop()
            assert await stream.next("end") == "end", stream
            await stream.aclose()

    run(main())
