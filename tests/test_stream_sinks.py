"""Sinks: the order of their calls, what a cancelled send does, the adapters in front of them, and split."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polling import CountingWaker, Gate, in_thread
from scripted import STALL, WAIT, Log, Script, run
from sizes import examples

import mezame
from mezame import Poll
from mezame.stream import END, PollSender, ReuniteError, Sink, Stream, drain, unfold_sink
from mezame.sync import mpmc, mpsc
from mezame.sync.mpsc import SendError


def test_send_is_feed_and_flush():
    async def main():
        log = Log()
        await log.feed(1)
        assert log.items == [1] and log.out == [] and log.calls == ["send"]
        await log.send(2)
        assert log.out == [1, 2] and log.calls == ["send", "send", "flush"]
        await log.flush()
        await log.close()
        assert log.calls[3:] == ["flush", "close"]
        with pytest.raises(RuntimeError, match="closed"):
            await log.send(3)

    run(main())


def test_a_cancelled_send_sends_all_or_nothing():
    async def main():
        log = Log()
        log.stalled = True
        with pytest.raises(TimeoutError):
            await mezame.timeout(1, log.send("lost"))
        assert log.items == []
        log.go()
        await log.feed("kept")
        log.stalled = True
        sending = log.send("lost too")
        with pytest.raises(TimeoutError):
            await mezame.timeout(1, sending)
        log.go()
        await log.flush()
        return log.out

    assert run(main(), start_paused=True) == ["kept"]


def test_a_send_that_is_cancelled_while_it_flushes_has_sent():
    class Slow(Log):
        def poll_flush(self, cx):
            return Poll.Pending if self.calls.count("flush") == 0 else super().poll_flush(cx)

    async def main():
        log = Slow()
        with pytest.raises(TimeoutError):
            await mezame.timeout(1, log.send(1))
        return log.items

    assert run(main(), start_paused=True) == [1]


@pytest.mark.parametrize("name", ["send", "feed", "flush", "close", "send_all"])
def test_the_futures_of_a_sink_are_polled_once(name):
    cx = CountingWaker().cx
    future = getattr(Log(), name)(*([[1]] if name.startswith(("send", "feed")) else []))
    assert future.poll(cx) == Poll.Ready(None)
    with pytest.raises(RuntimeError, match="polled after it completed"):
        future.poll(cx)


def test_send_all_flushes_when_the_stream_has_nothing_and_at_its_end():
    async def main():
        log = Log()
        source = Script(1, 2, WAIT, 3)
        await log.send_all(source)
        assert log.calls == ["send", "send", "flush", "send", "flush"] and not log.closed
        await log.send_all([4])
        return log.out

    assert run(main()) == [1, 2, 3, 4]


def test_send_all_waits_for_room_with_its_item():
    async def main():
        tx, rx = mpsc.channel(1)
        task = mezame.spawn(PollSender(tx).send_all(range(4)))
        got = [await rx.recv() for _ in range(4)]
        await task
        return got

    assert run(main()) == [0, 1, 2, 3]


def test_send_all_raises_what_the_stream_raises():
    async def main():
        log = Log()
        with pytest.raises(ValueError):
            await log.send_all(Script(1, ValueError(), 2))
        return log.items

    assert run(main()) == [1]


def test_forward_closes_the_sink_and_a_failure_closes_the_stream():
    async def main():
        log = Log(room=2)
        await mezame.stream.iter(range(5)).forward(log)
        assert log.out == [0, 1, 2, 3, 4] and log.closed and log.calls[-1] == "close"
        log, source = Log(), Script(1, 2)
        log.fail = OSError("broken")
        with pytest.raises(OSError, match="broken"):
            await source.forward(log)
        assert source.closes == 1 and not log.closed

    run(main())


# --- sinks ------------------------------------------------------------------------------------------------------------


def sinks():
    async def take(state, item):
        return state

    async def same(item):
        return item

    tx, rx = mpsc.channel(4)
    unbounded, rest = mpsc.unbounded_channel()
    keep.extend([rx, rest])
    return {
        "drain": drain(),
        "unfold_sink": unfold_sink(0, take),
        "PollSender": PollSender(tx),
        "PollSender of an unbounded channel": PollSender(unbounded),
        "with_": drain().with_(same),
        "with_map": drain().with_map(abs),
        "with_flat_map": drain().with_flat_map(range),
        "buffer": drain().buffer(2),
        "buffer(0)": drain().buffer(0),
        "fanout": drain().fanout(drain()),
        "sink_map_err": drain().sink_map_err(lambda error: error),
    }


keep = []


@pytest.mark.parametrize("name", sinks())
def test_start_send_without_room_raises_and_closing_is_final(name):
    cx = CountingWaker().cx
    sink = sinks()[name]
    with pytest.raises(RuntimeError, match="start_send was called with no room"):
        sink.start_send(1)
    assert sink.poll_ready(cx) == Poll.Ready(None)
    sink.start_send(1)
    with pytest.raises(RuntimeError, match="start_send was called with no room"):
        sink.start_send(2)
    assert sink.poll_flush(cx) == Poll.Ready(None)
    assert sink.poll_close(cx) == Poll.Ready(None)
    if name not in ("buffer", "with_flat_map"):  # which take what they have room for, and fail when it goes out
        with pytest.raises((RuntimeError, SendError)):
            sink.poll_ready(cx)


def test_poll_sender_waits_for_room_in_its_turn():
    async def main():
        tx, rx = mpsc.channel(1)
        sink = PollSender(tx.clone())
        await sink.send(1)
        assert await mezame.future.poll(sink.feed(2)) is Poll.Pending
        assert await rx.recv() == 1
        await sink.send(2)  # its place in the queue was kept
        assert await rx.recv() == 2
        assert sink.abort_send() is False
        assert sink.poll_reserve(CountingWaker().cx) == Poll.Ready(None) and tx.capacity() == 0
        assert sink.abort_send() is True and tx.capacity() == 1
        assert sink.poll_reserve(CountingWaker().cx) == Poll.Ready(None)
        sink.send_item(3)
        assert await rx.recv() == 3
        assert not sink.is_closed() and sink.get_ref() is not None
        await sink.close()
        await sink.close()
        assert sink.is_closed() and sink.get_ref() is None and tx.strong_count() == 1
        with pytest.raises(SendError):
            await sink.send(4)

    run(main())


def test_poll_sender_gives_up_its_place_in_the_queue():
    async def main():
        tx, rx = mpsc.channel(1)
        sink = PollSender(tx)
        await sink.send(1)
        assert await mezame.future.poll(sink.feed(2)) is Poll.Pending
        assert sink.abort_send() is True and sink.abort_send() is False
        assert await rx.recv() == 1 and tx.capacity() == 1

    run(main())


@pytest.mark.parametrize("name", ["send", "feed", "send_all"])
def test_a_dropped_send_cannot_be_polled_again(name):
    log = Log()
    log.stalled = True
    cx = CountingWaker().cx
    future = getattr(log, name)([1])
    assert future.poll(cx) is Poll.Pending
    future.close()
    future.close()
    log.go()
    with pytest.raises(RuntimeError, match="polled after"):
        future.poll(cx)
    assert log.items == []


def test_poll_sender_into_a_channel_without_receiver_raises():
    async def main():
        for tx, rx in (mpsc.channel(1), mpsc.unbounded_channel()):
            rx.close()
            sink = PollSender(tx)
            assert sink.is_closed()
            with pytest.raises(SendError):
                await sink.send(1)

    run(main())
    with pytest.raises(TypeError, match="PollSender needs a channel's sender, not 5"):
        PollSender(5)


def test_poll_sender_takes_senders_whose_send_is_a_future():
    async def main():
        tx, rx = mpmc.bounded(1)
        sink = PollSender(tx)
        await sink.send(1)
        await sink.feed(2)  # there is no room: the send is under way, the flush waits for it
        assert await mezame.future.poll(sink.flush()) is Poll.Pending
        assert await rx.recv() == 1
        await sink.flush()
        return await rx.recv()

    assert run(main()) == 2


def test_unfold_sink_takes_the_next_item_when_the_call_has_ended():
    cx = CountingWaker().cx
    gate = Gate()
    sink = unfold_sink("state", lambda state, item: gate)
    assert sink.poll_ready(cx) == Poll.Ready(None)
    sink.start_send(1)
    assert sink.poll_ready(cx) is Poll.Pending and sink.poll_flush(cx) is Poll.Pending
    gate.open("next")
    assert sink.poll_close(cx) == Poll.Ready(None)


def test_unfold_sink_is_broken_by_a_failure():
    async def fail(state, item):
        raise ValueError("x")

    async def main():
        sink = unfold_sink(0, fail)
        with pytest.raises(ValueError):
            await sink.send(1)
        with pytest.raises(RuntimeError, match="has failed"):
            await sink.send(2)

    run(main())


# --- adapters ---------------------------------------------------------------------------------------------------------

ITEMS = st.lists(st.integers(0, 5), max_size=8)


def is_odd(n):
    return n % 2


def minus_odd(n):
    return -n if n % 2 else None


def twice(n):
    return Script(n, WAIT, n)


async def double(n):
    await mezame.yield_now()
    return 2 * n


@settings(max_examples=examples(50), deadline=None)
@given(items=ITEMS, room=st.integers(1, 3), size=st.integers(0, 3))
def test_sink_adapters_are_their_models(items, room, size):
    odd = [n for n in items if n % 2]
    for adapt, model in (
        (lambda sink: sink.with_(double), [2 * n for n in items]),
        (lambda sink: sink.with_map(str), [str(n) for n in items]),
        (lambda sink: sink.with_filter(is_odd), odd),
        (lambda sink: sink.with_filter_map(minus_odd), [-n for n in odd]),
        (lambda sink: sink.with_flat_map(range), [k for n in items for k in range(n)]),
        (lambda sink: sink.with_flat_map(twice), [k for n in items for k in (n, n)]),
        (lambda sink: sink.buffer(size), items),
        (lambda sink: sink.sink_map_err(lambda error: error), items),
        (lambda sink: sink.buffer(size).with_map(str).with_(double), [str(2 * n) for n in items]),
    ):
        log = Log(room)
        run(mezame.stream.iter(items).forward(adapt(log)))
        assert log.out == model and log.closed
    first, second = Log(room), Log(5)
    run(Script(*items).forward(first.fanout(second)))
    assert first.out == second.out == items and first.closed and second.closed


def test_buffer_takes_items_while_the_sink_has_no_room():
    async def main():
        log = Log()
        log.stalled = True
        sink = log.buffer(2)
        await sink.feed(1)
        await sink.feed(2)
        assert len(sink) == 2 and log.items == []
        assert await mezame.future.poll(sink.feed(3)) is Poll.Pending
        assert await mezame.future.poll(sink.flush()) is Poll.Pending
        log.go()
        await sink.send(3)
        assert log.out == [1, 2, 3] and len(sink) == 0 and bool(sink)
        assert sink.into_inner() is log

    run(main())
    with pytest.raises(ValueError, match="buffer needs a number from 0 on, not -1"):
        Log().buffer(-1)


def test_fanout_has_room_when_both_have():
    async def main():
        first, second = Log(), Log()
        second.stalled = True
        sink = first.fanout(second)
        assert await mezame.future.poll(sink.feed(1)) is Poll.Pending and first.items == second.items == []
        second.go()
        await sink.send(1)
        assert sink.into_inner() == (first, second)
        return first.out, second.out

    assert run(main()) == ([1], [1])


def test_sink_map_err_changes_what_is_raised():
    async def main():
        log = Log()
        log.fail = OSError("low")
        sink = log.sink_map_err(lambda error: ValueError(f"high: {error}"))
        for use in (sink.send(1), sink.flush(), sink.close()):
            with pytest.raises(ValueError, match="high: low") as caught:
                await use
            assert isinstance(caught.value.__cause__, OSError)

    run(main())


# --- split ------------------------------------------------------------------------------------------------------------


class Loop(Stream, Sink):
    """What is sent into it comes out of it; it notices when it is polled twice at a time."""

    def __init__(self):
        self.items = []
        self.reader = None
        self.closed = False
        self.inside = threading.Lock()

    def alone(self, answer):
        assert self.inside.acquire(blocking=False), "two polls at a time"
        try:
            return answer()
        finally:
            self.inside.release()

    def poll_next(self, cx):
        def answer():
            if self.items:
                return Poll.Ready(self.items.pop(0))
            self.reader = cx.waker
            return Poll.Ready(END) if self.closed else Poll.Pending

        return self.alone(answer)

    def wake(self):
        reader, self.reader = self.reader, None
        if reader is not None:
            reader.wake()

    def poll_ready(self, cx):
        return self.alone(lambda: Poll.Ready(None))

    def start_send(self, item):
        self.alone(lambda: self.items.append(item))
        self.wake()

    def poll_flush(self, cx):
        return self.alone(lambda: Poll.Ready(None))

    def poll_close(self, cx):
        self.closed = True
        self.wake()
        return self.alone(lambda: Poll.Ready(None))


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_the_halves_of_split_serve_two_tasks(flavor):
    async def main():
        sink, stream = Loop().split()
        sending = mezame.spawn(mezame.stream.iter(range(300)).forward(sink))
        receiving = mezame.spawn(stream.collect())
        await sending
        return await receiving

    with mezame.Runtime(flavor) as runtime:
        assert runtime.block_on(main()) == list(range(300))


def test_a_half_waits_while_the_other_polls_and_is_woken_when_that_is_done():
    waker = CountingWaker()
    sink, stream = Loop().split()
    seen = []

    class Inner(Loop):
        def poll_next(self, cx):
            seen.append(in_thread(lambda: sink.poll_flush(waker.cx)))  # another thread, in the midst of our poll
            seen.append(waker.wakes)
            return super().poll_next(cx)

    sink._both.inner = Inner()
    assert stream.poll_next(CountingWaker().cx) is Poll.Pending
    assert seen == [Poll.Pending, 0] and waker.wakes == 1
    assert sink.poll_flush(waker.cx) == Poll.Ready(None)


def test_reunite_gives_the_object_back():
    both = Loop()
    sink, stream = both.split()
    other_sink, other_stream = Loop().split()
    assert sink.is_pair_of(stream) and stream.is_pair_of(sink)
    assert not sink.is_pair_of(other_stream) and not stream.is_pair_of(other_sink) and not stream.is_pair_of(5)
    assert sink.reunite(stream) is both and stream.reunite(sink) is both
    with pytest.raises(ReuniteError) as caught:
        sink.reunite(other_stream)
    assert caught.value.sink is sink and caught.value.stream is other_stream


def test_a_split_sink_takes_one_item_at_a_time():
    sink, _ = Loop().split()
    sink.start_send(1)
    with pytest.raises(RuntimeError, match="no room"):
        sink.start_send(2)


def test_a_stalled_stream_does_not_stop_its_sink():
    async def main():
        class Both(Log, Script):
            def __init__(self):
                Log.__init__(self)
                Script.__init__(self, STALL)

        both = Both()
        sink, stream = both.split()
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        await sink.send(1)
        return both.out

    assert run(main()) == [1]
