"""Wrappers: channels, intervals, listeners and the like as streams."""

from __future__ import annotations

import pytest
from polling import Gate
from scripted import run

import mezame
from mezame import Poll
from mezame.net import TcpListener, TcpStream
from mezame.stream.wrappers import (
    BroadcastStream,
    IntervalStream,
    JoinSetStream,
    LinesStream,
    ReadDirStream,
    ReceiverStream,
    SignalStream,
    SplitStream,
    TcpListenerStream,
    UnboundedReceiverStream,
    UnixListenerStream,
    WatchStream,
)
from mezame.sync import broadcast, mpmc, mpsc, watch


def channel():
    tx, rx = mpsc.channel(4)
    return tx.try_send, tx.close, ReceiverStream(rx)


def unbounded():
    tx, rx = mpsc.unbounded_channel()
    return tx.send, tx.close, UnboundedReceiverStream(rx)


def shared():
    tx, rx = mpmc.bounded(4)
    return tx.try_send, tx.close, ReceiverStream(rx)


def broadcasting():
    tx, rx = broadcast.channel(4)
    return tx.send, tx.close, BroadcastStream(rx)


def watching():
    tx, rx = watch.channel(0)
    return tx.send, tx.close, WatchStream.from_changes(rx)


CHANNELS = [channel, unbounded, shared, broadcasting, watching]


@pytest.mark.parametrize("make", CHANNELS)
def test_a_channel_as_a_stream(make):
    async def main():
        send, close, stream = make()
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        send(1)
        assert await stream.next() == 1
        send(2)
        close()
        assert await stream.map(lambda n: n * 10).collect() == [20]
        return await stream.next("end")

    assert run(main()) == "end"


@pytest.mark.parametrize("make", CHANNELS)
def test_a_cancelled_next_loses_no_message(make):
    async def main():
        send, _close, stream = make()
        for n in range(1, 4):
            with pytest.raises(TimeoutError):
                await mezame.timeout(1, stream.next())
            send(n)
            assert await stream.next() == n

    run(main(), start_paused=True)


@pytest.mark.parametrize("make", CHANNELS)
def test_into_inner_gives_the_receiver_back_with_all_that_waits(make):
    async def main():
        send, _close, stream = make()
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        inner = stream.inner
        send(1)
        assert stream.into_inner() is inner and stream.inner is None
        assert await stream.next("end") == "end"
        with pytest.raises(RuntimeError, match="taken out or dropped"):
            stream.into_inner()
        if hasattr(inner, "recv"):
            assert await inner.recv() == 1
        else:
            await inner.changed()
            assert inner.borrow() == 1

    run(main())


@pytest.mark.parametrize("make", CHANNELS)
@pytest.mark.parametrize("how", ["drop", "aclose", "del"])
def test_a_dropped_stream_drops_the_receiver(make, how):
    async def main():
        send, _close, stream = make()
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        if how == "drop":
            stream.drop()
            stream.drop()
        elif how == "aclose":
            await stream.aclose()
        else:
            del stream
        with pytest.raises(Exception) as caught:
            send(1)
        assert "Closed" in type(caught.value).__qualname__ or "SendError" in type(caught.value).__qualname__

    run(main())


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_messages_from_other_tasks_and_threads_arrive_in_order(flavor):
    async def main():
        tx, rx = mpsc.channel(2)

        async def send():
            for n in range(200):
                await tx.send(n)
            tx.close()

        mezame.spawn(send())
        return await ReceiverStream(rx).chunks(7).flatten().collect()

    with mezame.Runtime(flavor) as runtime:
        assert runtime.block_on(main()) == list(range(200))


def test_close_passes_through_and_what_was_sent_arrives():
    async def main():
        tx, rx = mpsc.channel(4)
        stream = ReceiverStream(rx)
        tx.try_send(1)
        stream.close()
        stream.close()
        with pytest.raises(mpsc.TrySendError.Closed):
            tx.try_send(2)
        assert stream.size_hint() == (1, None)
        assert await stream.collect() == [1]
        stream.drop()
        stream.close()
        return stream.size_hint()

    assert run(main()) == (0, 0)


def test_a_slow_broadcast_stream_raises_lagged_and_goes_on():
    async def main():
        tx, rx = broadcast.channel(2)
        stream = BroadcastStream(rx).map(lambda n: n)
        for n in (10, 20, 30):
            tx.send(n)
        with pytest.raises(broadcast.RecvError.Lagged) as caught:
            await stream.next()
        assert caught.value.skipped == 1
        tx.close()
        return await stream.collect()

    assert run(main()) == [20, 30]


def test_a_watch_stream_begins_with_the_present_value():
    async def main():
        tx, rx = watch.channel("a")
        stream = WatchStream(rx)
        tx.send("b")
        assert await stream.next() == "b"  # the latest; it counts as seen
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        tx.send("c")
        tx.send("d")
        assert await stream.next() == "d"
        changes = WatchStream.from_changes(tx.subscribe())
        assert await mezame.future.poll(changes.next()) is Poll.Pending
        tx.send("e")
        tx.close()
        return await changes.collect(), await stream.collect()

    assert run(main()) == (["e"], ["e"])


def test_interval_stream_ticks_and_its_timer_goes_with_it():
    async def main():
        start = mezame.time.now()
        stream = IntervalStream(mezame.time.interval(2))
        got = [round(at - start, 3) async for at in stream.take(3)]
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        timers = mezame.core.current.current().timers
        assert len(timers) == 1
        interval = stream.into_inner()
        assert len(timers) == 0
        return got, round(await interval.tick() - start, 3)

    assert run(main(), start_paused=True) == ([0, 2, 4], 6)


def test_listener_stream_loses_no_connection():
    async def main():
        stream = TcpListenerStream(await TcpListener.bind("127.0.0.1:0"))
        address = stream.inner.local_addr()
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        client = await TcpStream.connect(address)
        served = await stream.next()
        assert served.peer_addr() == client.local_addr()
        served.close()
        client.close()
        with pytest.raises(TimeoutError):
            await mezame.timeout(0.001, stream.next())
        client = await TcpStream.connect(address)
        listener = stream.into_inner()
        served, _ = await listener.accept()
        for one in (served, client, listener):
            one.close()

    run(main())


def test_join_set_stream_gives_the_tasks_as_they_end():
    async def work(n):
        await mezame.sleep(n)
        if n == 2:
            raise ValueError("two")
        return n

    async def main():
        tasks = mezame.task.JoinSet(work(n) for n in (3, 1, 2))
        got = []
        async for task in JoinSetStream(tasks):
            got.append(task.exception() or task.result())
        return got[0], str(got[1]), got[2]

    assert run(main(), start_paused=True) == (1, "two", 3)


@pytest.mark.parametrize("kind", [LinesStream, SplitStream, ReadDirStream, SignalStream])
def test_any_async_iterator_of_its_kind_is_wrapped(kind):
    class Source:
        """As ``lines()`` and the like are: an async iterator whose wait is cancel safe."""

        def __init__(self):
            self.left = [b"a", b"b"]
            self.gate = Gate()

        def __aiter__(self):
            return self

        async def __anext__(self):
            await self.gate
            self.gate = Gate()
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop(0)

    async def main():
        source = Source()
        stream = kind(source)
        got = []
        while True:
            assert await mezame.future.poll(stream.next()) is Poll.Pending
            source.gate.open()
            item = await stream.next("end")
            if item == "end":
                break
            got.append(item)
        assert stream.into_inner() is source
        return got

    assert run(main()) == [b"a", b"b"]


@pytest.mark.parametrize(
    ("kind", "needs"),
    [
        (ReceiverStream, "recv"),
        (BroadcastStream, "recv"),
        (WatchStream, "changed"),
        (IntervalStream, "tick"),
        (TcpListenerStream, "accept"),
        (UnixListenerStream, "accept"),
        (JoinSetStream, "join_next"),
        (LinesStream, "__anext__"),
    ],
)
def test_what_cannot_be_wrapped_is_refused(kind, needs):
    with pytest.raises(TypeError, match=rf"{kind.__name__} wraps an object with {needs}\(\), not \[1\]"):
        kind([1])


# --- of packages that stand beside this one ---------------------------------------------------------------------------


def test_lines_and_pieces_of_a_reader():
    mezame_io = pytest.importorskip("mezame.io")

    async def main():
        lines = LinesStream(mezame_io.Cursor(b"a\nb\r\nc").lines())
        pieces = SplitStream(mezame_io.Cursor(b"1;2;").split(b";"))
        return await lines.map(str.upper).collect(), await pieces.collect()

    assert run(main()) == (["A", "B", "C"], [b"1", b"2"])


def test_entries_of_a_folder(tmp_path):
    fs = pytest.importorskip("mezame.fs")
    for name in "abc":
        (tmp_path / name).touch()

    async def main():
        names = ReadDirStream(fs.read_dir(tmp_path)).map(lambda entry: entry.file_name)
        return sorted(await names.collect())

    assert run(main()) == ["a", "b", "c"]


def test_deliveries_of_a_signal():
    signal = pytest.importorskip("mezame.signal")
    import os
    import signal as of_python

    async def main():
        stream = SignalStream(signal.signal(of_python.SIGUSR1))
        assert await mezame.future.poll(stream.next()) is Poll.Pending
        os.kill(os.getpid(), of_python.SIGUSR1)
        await stream.next()
        stream.into_inner().close()

    run(main())


def test_connections_of_a_unix_listener(tmp_path):
    if not hasattr(mezame.net, "UnixListener"):
        pytest.skip("there are no Unix sockets")

    async def main():
        listener = mezame.net.UnixListener.bind(str(tmp_path / "socket"))
        stream = UnixListenerStream(await listener if hasattr(listener, "__await__") else listener)
        async with await mezame.net.UnixStream.connect(str(tmp_path / "socket")) as client:
            async with await stream.next() as served:
                await client.write_all(b"hello")
                return await served.read()

    assert run(main()) == b"hello"
