"""How streams end: cancelled, dropped, closed; nothing is lost before, and nothing is left running after."""

from __future__ import annotations

import gc
import logging

import pytest
from polling import CountingWaker, Gate, in_thread, until
from scripted import STALL, WAIT, Script, run

import mezame
from mezame import Poll
from mezame.stream import END, Stream, from_aiter


class Trace:
    """An async generator and an async function that say what becomes of them."""

    def __init__(self, slow_end: bool = False) -> None:
        self.said: list[str] = []
        self.slow_end = slow_end

    async def end(self, what: str) -> None:
        if self.slow_end:
            await mezame.yield_now()
        self.said.append(what)

    async def generate(self, *gates, stop=None):
        try:
            for n, gate in enumerate(gates):
                if gate is not None:
                    await gate
                yield n
            if stop is not None:
                await stop
        except mezame.CancelledError:
            self.said.append("cancelled")
            raise
        except GeneratorExit:
            self.said.append("exit")
            raise
        finally:
            await self.end("closed")

    async def work(self, gate, value=None):
        try:
            return await gate if value is None else value
        except mezame.CancelledError:
            self.said.append("cancelled")
            raise
        finally:
            await self.end("closed")


async def settle():
    for _ in range(8):
        await mezame.yield_now()


# --- an adapter over an async generator -------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
@pytest.mark.parametrize("slow_end", [False, True])
@pytest.mark.parametrize("how", ["del", "drop", "aclose", "async with", "break"])
@pytest.mark.parametrize("at", ["yield", "await"])
def test_a_generator_is_closed_when_its_stream_goes(how, at, slow_end, flavor):
    trace = Trace(slow_end)

    async def main():
        gate = Gate()
        generator = trace.generate(None, gate)  # held: it must be the stream that closes it
        stream = from_aiter(generator).map(lambda n: n).fuse()
        assert await stream.next() == 0
        if at == "await":
            assert await mezame.future.poll(stream.next()) is Poll.Pending
            assert gate.polls == 1
        if how == "del":
            del stream
        elif how == "drop":
            stream.drop()
            stream.drop()
        elif how == "aclose":
            await stream.aclose()
            await stream.aclose()
            assert trace.said[-1] == "closed"
        elif how == "async with":
            async with stream:
                pass
            assert trace.said[-1] == "closed"
        else:
            gate.open()
            async for _ in stream:
                break
            del stream, _
        await until(lambda: "closed" in trace.said)  # it may end in the background, in another thread
        if how in ("drop", "aclose", "async with"):
            assert await stream.next("over") == "over"
        return gate

    with mezame.Runtime(flavor) as runtime:
        gate = runtime.block_on(main())
    cancelled = at == "await" and how != "break"
    assert trace.said == [*(["cancelled"] if cancelled else ["exit"]), "closed"]
    assert gate.closes == cancelled


def test_a_generator_that_ended_or_never_began_is_let_alone():
    trace = Trace()

    async def main():
        assert await from_aiter(trace.generate(None)).collect() == [0]
        from_aiter(trace.generate(None)).drop()

    run(main())
    assert trace.said == ["closed"]


def test_a_cancelled_next_leaves_the_generator_where_it_is():
    trace = Trace()

    async def main():
        gate = Gate()
        stream = from_aiter(trace.generate(gate, None))
        with pytest.raises(TimeoutError):
            await mezame.timeout(1, stream.next())
        assert trace.said == []
        gate.open()
        assert await stream.collect() == [0, 1]

    run(main(), start_paused=True)
    assert trace.said == ["closed"] and not gc.collect() == -1


def test_what_a_closing_generator_raises_is_raised_by_aclose_and_reported_when_dropped(caplog):
    async def bad():
        try:
            yield 1
        finally:
            raise ValueError("in finally")

    async def main():
        stream = from_aiter(bad())
        await stream.next()
        with pytest.raises(ValueError, match="in finally"):
            await stream.aclose()
        stream = from_aiter(bad())
        await stream.next()
        with caplog.at_level(logging.ERROR, "mezame"):
            del stream
            await settle()
        assert "in finally" in caplog.text

    run(main())


def test_a_generator_that_swallows_the_cancellation_is_closed_all_the_same():
    said = []

    async def stubborn():
        try:
            try:
                await mezame.pending()
            except mezame.CancelledError:
                said.append("swallowed")
            yield 1
        finally:
            said.append("closed")

    async def main():
        stream = from_aiter(stubborn())
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        await stream.aclose()

    run(main())
    assert said == ["swallowed", "closed"]


def test_without_a_runtime_a_dropped_stream_is_closed_at_once():
    trace = Trace()
    stream = from_aiter(trace.generate(None))
    assert mezame.block_on(stream.next()) == 0
    stream.drop()
    assert trace.said == ["exit", "closed"]


def test_a_generator_may_be_closed_from_another_thread_than_it_began():
    trace = Trace(slow_end=True)

    async def close(stream):
        await stream.aclose()

    stream = from_aiter(trace.generate(None, None))
    assert mezame.block_on(stream.next()) == 0
    in_thread(lambda: run(close(stream)))
    assert trace.said == ["exit", "closed"]


def test_an_async_iterator_without_aclose_is_enough():
    class Three:
        def __init__(self):
            self.n = 0

        def __aiter__(self):
            return self

        async def __anext__(self):
            self.n += 1
            if self.n > 3:
                raise StopAsyncIteration
            return self.n

    async def main():
        stream = from_aiter(Three())
        got = await stream.take(2).collect(), await stream.collect(), await stream.next("end")
        stream.drop()
        await stream.aclose()
        return got

    assert run(main()) == ([1, 2], [3], "end")


# --- what a stream began ----------------------------------------------------------------------------------------------


BEGIN = {
    "then": lambda source, f: source.then(f),
    "or_else": lambda source, f: source.map(divide).or_else(lambda error: f(0)),
    "buffered": lambda source, f: source.map(f).buffered(2),
    "buffer_unordered": lambda source, f: source.map(f).buffer_unordered(2),
    "flatten": lambda source, f: source.map(lambda n: mezame.stream.once_future(f(n))).flatten(),
    "flatten_unordered": lambda source, f: source.map(lambda n: mezame.stream.once_future(f(n))).flatten_unordered(2),
    "unfold": lambda source, f: mezame.stream.unfold(0, f),
    "once_future": lambda source, f: mezame.stream.once_future(f(0)),
    "take_until": lambda source, f: Script(STALL).take_until(f(0)),
    "chain": lambda source, f: mezame.stream.once_future(f(0)).chain(source),
    "merge": lambda source, f: mezame.stream.once_future(f(0)).merge(Script(STALL)),
    "zip": lambda source, f: mezame.stream.iter("ab").zip(source.then(f)),
    "peekable": lambda source, f: source.then(f).peekable(),
    "chunks": lambda source, f: source.then(f).chunks(2),
    "timeout": lambda source, f: source.then(f).timeout(9),
    "select_all": lambda source, f: mezame.stream.select_all([source.then(f)]),
    "stream_map": lambda source, f: _map(source.then(f)),
}


def _map(stream):
    streams = mezame.stream.StreamMap()
    streams.insert(1, stream)
    return streams


def divide(n):
    return 1 // 0


@pytest.mark.parametrize("slow_end", [False, True])
@pytest.mark.parametrize("how", ["drop", "aclose", "del"])
@pytest.mark.parametrize("name", BEGIN)
def test_what_a_stream_began_ends_with_it(name, how, slow_end):
    trace = Trace(slow_end)
    gates = []

    def function(_):
        gates.append(Gate())
        return trace.work(gates[-1])

    async def main():
        stream = BEGIN[name](mezame.stream.iter([1, 2, 3]), function)
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        begun = len(gates)
        assert begun == (2 if "buffer" in name or "unordered" in name else 1)
        if how == "drop":
            stream.drop()
        elif how == "aclose":
            await stream.aclose()
            assert trace.said.count("closed") == begun
        else:
            del stream
        await settle()
        assert all(gate.closes for gate in gates) and len(gates) == begun
        assert trace.said.count("closed") == begun and trace.said.count("cancelled") == begun

    run(main())


@pytest.mark.parametrize("name", [name for name in BEGIN if name not in ("take_until", "or_else")])
def test_a_cancelled_next_loses_nothing_that_was_begun(name):
    trace = Trace()
    gates = []

    def function(_):
        gates.append(Gate())
        return trace.work(gates[-1])

    async def main():
        stream = BEGIN[name](mezame.stream.iter([1]), function)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await mezame.timeout(1, stream.next())
        assert len(gates) == 1 and trace.said == []
        gates[0].open((7, 0) if name == "unfold" else 7)
        item = await stream.next()
        assert item in (7, ("a", 7), (1, 7), [7])

    run(main(), start_paused=True)
    assert trace.said[0] == "closed"


# --- consumers --------------------------------------------------------------------------------------------------------

OWNING = {
    "collect": lambda s: s.collect(),
    "fold": lambda s: s.fold(0, lambda a, b: a),
    "for_each": lambda s: s.for_each(lambda n: None),
    "for_each_concurrent": lambda s: s.for_each_concurrent(3, lambda n: None),
    "count": lambda s: s.count(),
    "last": lambda s: s.last(),
    "concat": lambda s: s.concat(),
    "unzip": lambda s: s.unzip(),
    "partition": lambda s: s.partition(lambda n: n),
    "sum": lambda s: s.sum(()),
    "min": lambda s: s.min(),
    "max": lambda s: s.max(),
    "forward": lambda s: s.forward(mezame.stream.drain()),
}
BORROWING = {
    "next": lambda s: s.next(),
    "all": lambda s: s.all(lambda n: True),
    "any": lambda s: s.any(lambda n: False),
    "find": lambda s: s.find(lambda n: False),
    "find_map": lambda s: s.find_map(lambda n: None),
    "position": lambda s: s.position(lambda n: False),
    "nth": lambda s: s.nth(9),
    "by_ref": lambda s: s.by_ref().collect(),
}


@pytest.mark.parametrize("name", OWNING)
@pytest.mark.parametrize("why", ["cancelled", "failed"])
def test_an_owning_consumer_that_does_not_finish_closes_the_stream(name, why):
    async def main():
        source = Script((1, 1), WAIT, STALL)
        task = mezame.spawn(OWNING[name](source))
        await settle()
        if why == "cancelled":
            task.abort()
            with pytest.raises(mezame.JoinError):
                await task
        else:
            source.go(KeyError("bad"))
            with pytest.raises(KeyError):
                await task
        assert source.closes == 1

    run(main())


@pytest.mark.parametrize("name", BORROWING)
def test_a_borrowing_consumer_leaves_the_stream_open(name):
    async def main():
        source = Script(WAIT, STALL)
        task = mezame.spawn(BORROWING[name](source))
        await settle()
        task.abort()
        with pytest.raises(mezame.JoinError):
            await task
        source.go(KeyError("bad"))
        with pytest.raises(KeyError):
            await BORROWING[name](source)
        assert source.drops == source.closes == 0
        source.steps[:] = [5]
        assert await source.next() == 5

    run(main())


def test_a_consumer_that_finishes_leaves_the_source_of_its_adapter_open():
    async def main():
        source = Script(1, 2, 3)
        assert await source.take(2).collect() == [1, 2]
        assert source.drops == 0 and await source.collect() == [3]

    run(main())


def test_for_each_concurrent_unwinds_the_others_before_it_raises():
    said = []

    async def work(n):
        try:
            await mezame.sleep(10 * n)
            if n == 1:
                raise ValueError("first")
        finally:
            await mezame.sleep(1)
            said.append(n)

    async def main():
        source = Script(1, 2, 3, 4)
        with pytest.raises(ValueError, match="first"):
            await source.for_each_concurrent(3, work)
        assert sorted(said) == [1, 2, 3] and source.closes == 1

    run(main(), start_paused=True)


# --- the rules of polling ---------------------------------------------------------------------------------------------


def test_next_polled_after_ready_raises():
    waker = CountingWaker()
    stream = mezame.stream.iter([1])
    for make in (stream.next, stream.peekable().peek, mezame.stream.StreamMap().next_many(1).__class__):
        future = make(mezame.stream.StreamMap(), 1) if isinstance(make, type) else make()
        assert future.poll(waker.cx).is_ready()
        with pytest.raises(RuntimeError, match="polled after"):
            future.poll(waker.cx)


def test_next_that_raised_is_over():
    waker = CountingWaker()
    future = Script(ValueError("x")).next()
    with pytest.raises(ValueError):
        future.poll(waker.cx)
    with pytest.raises(RuntimeError, match="polled after"):
        future.poll(waker.cx)


def test_the_waker_of_the_latest_poll_is_the_one_that_is_woken():
    first, second = CountingWaker(), CountingWaker()
    for adapt in (
        lambda s: s.map(abs),
        lambda s: s.merge(Script(STALL)),
        lambda s: s.chunks(2),
        lambda s: mezame.stream.abortable(s)[0],
    ):
        source = Script(STALL)
        stream = adapt(source)
        assert stream.poll_next(first.cx) is Poll.Pending
        assert stream.poll_next(second.cx) is Poll.Pending
        before = first.wakes, second.wakes
        source.go(1)
        assert (first.wakes, second.wakes) == (before[0], before[1] + 1)


@pytest.mark.parametrize(
    "endless",
    [
        lambda: mezame.stream.repeat(1),
        lambda: mezame.stream.repeat_with(lambda: 1),
        lambda: mezame.stream.iter(iter(int, 1)),
        lambda: mezame.stream.iter("ab").cycle(),
        lambda: mezame.stream.unfold(0, lambda n: mezame.ready((n, n))),
        lambda: from_aiter(forever()),
        lambda: mezame.stream.successors(1, lambda n: n),
        lambda: mezame.stream.from_fn(lambda: 1),
        lambda: mezame.stream.poll_immediate(mezame.stream.pending()),
    ],
)
def test_an_endless_stream_starves_nobody(endless):
    async def main():
        stop = []

        async def other():
            stop.append(True)

        mezame.spawn(other())
        return await endless().any(lambda _: bool(stop))

    assert run(main())


async def forever():
    while True:
        yield 1


def test_a_stream_without_poll_next_or_with_a_wrong_answer_says_so():
    class Bad(Stream):
        pass

    class Worse(Stream):
        def poll_next(self, cx):
            return 5

    class NotSink(mezame.stream.Sink):
        pass

    with pytest.raises(TypeError, match="Bad is a Stream without a poll_next"):
        run(Bad().next())
    for use in (lambda: Worse().next(), lambda: Worse().collect()):
        with pytest.raises(TypeError, match=r"Worse.poll_next returned 5"):
            run(use())
    for use in (NotSink().send(1), NotSink().flush(), NotSink().close()):
        with pytest.raises(TypeError, match="NotSink is a Sink without a poll_"):
            run(use)
    with pytest.raises(TypeError, match="NotSink is a Sink without a start_send"):
        NotSink().start_send(1)


def test_streams_work_on_asyncio_and_trio():
    import asyncio

    async def main():
        tx, rx = mezame.sync.mpsc.channel(2)
        stream = mezame.stream.stream(rx).map(lambda n: n + 1).chunks(2)

        async def numbers():
            for n in range(3):
                yield n

        async for n in from_aiter(numbers()):
            tx.try_send(n) if n < 2 else tx.close()
        return await stream.collect()

    assert asyncio.run(main()) == [[1, 2]]
    trio = pytest.importorskip("trio")
    assert trio.run(main) == [[1, 2]]


def test_end_is_one_object():
    import pickle

    assert Stream.END is END is mezame.future.END and pickle.loads(pickle.dumps(END)) is END
