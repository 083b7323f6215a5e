"""Rows of the parity table (docs/parity.md) that no other file is about: the executor alone, handles, options."""

import itertools
import socket
import threading

import pytest
from polling import Gate, in_thread

import mezame
from mezame import Executor, JoinError, Poll
from mezame.net import TcpListener, TcpSocket, TcpStream
from mezame.runtime import Builder, Handle
from mezame.sync import broadcast, mpsc
from mezame.testing import task

# --- the executor alone -----------------------------------------------------------------------------------------------


def test_an_executor_ticks_and_runs_first_in_first_out():
    log = []

    async def say(word):
        log.append(word)

    one, other = Executor(), Executor()
    assert one.is_empty() and not one.try_tick()
    for word in "abcd":
        one.spawn(say(word))
    other.spawn(say("x"))
    assert not one.is_empty() and len(one) == 4
    assert one.try_tick()
    assert log == ["a"]
    one.tick()
    assert log == ["a", "b"]
    one.run()
    assert log == ["a", "b", "c", "d"], "and the other one's task has not run"
    assert one.is_empty() and not other.is_empty()
    other.close()


def test_run_until_stalled_returns_when_nothing_can_go_on():
    gate, log = Gate(), []

    async def waits():
        await mezame.yield_now()
        log.append("waiting")
        log.append(await gate)

    executor = Executor()
    executor.spawn(waits())
    executor.run_until_stalled()
    assert log == ["waiting"] and not executor.is_empty()
    gate.open("opened")
    executor.run_until_stalled()
    assert log == ["waiting", "opened"] and executor.is_empty()


def test_an_executor_in_a_task_yields_after_200_polls():
    async def main():
        executor, polls = Executor(), 0

        async def busy():
            nonlocal polls
            while True:
                polls += 1
                await mezame.yield_now()

        handle = executor.spawn(busy())
        seen = []

        async def beside():
            for _ in range(3):
                seen.append(polls)
                await mezame.yield_now()

        await executor.drive(mezame.spawn(beside()))
        handle.abort()
        return seen, executor

    seen, executor = mezame.run(main())
    executor.close()
    assert all(later - earlier <= 200 for earlier, later in itertools.pairwise(seen))
    assert seen[-1] > 0


def test_the_remote_queue_is_looked_at_every_interval_and_when_the_local_one_is_empty():
    log = []

    async def main():
        def busy(n):
            async def body():
                log.append("local")
                if n:
                    mezame.spawn(busy(n - 1)())

            return body

        task = mezame.spawn(busy(100)())
        handle = Handle.current()

        async def remote():
            log.append("remote")

        in_thread(lambda: handle.spawn(remote()))
        await task
        while len(log) < 102:
            await mezame.yield_now()

    mezame.run(main(), global_queue_interval=7)
    assert log.index("remote") <= 7


# --- handles of tasks -------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_awaiting_a_handle_gives_the_outcome_and_a_cancelled_await_changes_nothing():
    gate = Gate()

    async def body():
        return await gate

    handle = mezame.spawn(body())
    waiting = mezame.spawn(handle)
    await mezame.yield_now()
    waiting.abort()
    with pytest.raises(JoinError):
        await waiting
    assert not handle.is_finished()
    gate.open(7)
    assert await handle == 7
    assert await handle == 7
    error = ValueError("its own")
    with pytest.raises(ValueError) as caught:
        await mezame.spawn(mezame.future.failed(error))
    assert caught.value is error
    aborted = mezame.spawn(mezame.pending())
    aborted.abort()
    with pytest.raises(JoinError) as caught:
        await aborted
    assert caught.value.is_cancelled()


@pytest.mark.mezame
async def test_awaiting_a_handle_takes_a_unit_of_the_budget():
    done = mezame.spawn(mezame.ready(1))
    await done
    polls = []

    async def other():
        polls.append(awaited)

    awaited = 0
    mezame.spawn(other())
    for _ in range(300):
        await done
        awaited += 1
    assert polls and polls[0] <= 128


@pytest.mark.mezame
async def test_an_aborted_task_is_finished_when_it_has_unwound():
    gate, unwound = Gate(), Gate()

    async def body():
        try:
            await gate
        finally:
            await unwound

    handle = mezame.spawn(body())
    await mezame.yield_now()
    one, two = handle.abort_handle(), handle.abort_handle()
    assert one.id == two.id == handle.id
    one.abort()
    two.abort()
    assert not handle.is_finished() and not one.is_finished()
    await mezame.yield_now()
    assert not handle.is_finished() and not two.is_finished()
    unwound.open()
    await mezame.yield_now()
    assert handle.is_finished() and one.is_finished() and two.is_finished()
    one.abort()


# --- runtimes and their handles ---------------------------------------------------------------------------------------


def test_enter_makes_a_runtime_the_current_one_and_guards_are_left_in_reverse_order():
    with mezame.Runtime(name="a") as a, mezame.Runtime(name="b") as b:
        with a.enter():
            assert Handle.current().name == "a"
            with b.enter():
                assert Handle.current().name == "b"
                handle = mezame.spawn(mezame.ready(5))
            assert Handle.current().name == "a"
        assert b.block_on(handle) == 5
        first, second = a.enter(), b.enter()
        first.__enter__()
        second.__enter__()
        with pytest.raises(RuntimeError, match="reverse order"):
            first.__exit__(None, None, None)
        second.__exit__(None, None, None)
        first.__exit__(None, None, None)
    for find in (Handle.current, Handle.try_current):
        with pytest.raises(mezame.runtime.TryCurrentError):
            find()


def test_handles_tell_what_they_belong_to():
    with mezame.Runtime(name="named") as one, mezame.Runtime() as other:
        assert one.handle().name == "named" and other.handle().name is None
        assert one.handle().id != other.handle().id
        assert one.handle().runtime_flavor() is mezame.runtime.RuntimeFlavor.CURRENT_THREAD


def test_shutdown_in_the_background_may_be_called_in_a_task_and_a_timeout_leaves_threads():
    go_on, begun = threading.Event(), threading.Event()
    other = mezame.Runtime()
    left = other.spawn(mezame.pending())

    async def main():
        other.shutdown_background()

    mezame.run(main())
    assert left.is_finished()
    slow = mezame.Runtime()
    slow.spawn_blocking(lambda: (begun.set(), go_on.wait(20)))
    assert begun.wait(20)
    report = slow.shutdown_timeout(0.05)
    assert report and report.threads
    go_on.set()


def test_drivers_that_are_off_say_so():
    with Builder.new_current_thread().enable_io(False).build() as runtime:
        with pytest.raises(RuntimeError, match="enable_io"):
            runtime.block_on(TcpListener.bind("127.0.0.1:0"))
        runtime.block_on(mezame.sleep(0.001))
    with Builder.new_current_thread().enable_io(False).enable_time(False).enable_all().build() as runtime:
        runtime.block_on(mezame.sleep(0.001))


@pytest.mark.parametrize("option", ["event_interval", "global_queue_interval", "max_blocking_threads"])
def test_options_that_count_begin_at_one(option):
    with getattr(Builder.new_current_thread(), option)(1).build() as runtime:
        assert runtime.block_on(mezame.ready(1)) == 1
    with pytest.raises(ValueError, match=option if option != "max_blocking_threads" else "1"):
        getattr(Builder.new_current_thread(), option)(0).build()


def test_thread_keep_alive_is_an_option_of_the_builder():
    with Builder.new_current_thread().thread_keep_alive(0.01).build() as runtime:
        assert runtime.block_on(runtime.spawn_blocking(lambda: 3)) == 3


def test_start_paused_is_for_one_thread_and_one_seed_gives_one_order():
    with Builder.new_current_thread().start_paused(True).build() as runtime:
        runtime.block_on(mezame.sleep(3600))
    with pytest.raises(ValueError, match="start_paused"):
        Builder.new_multi_thread().start_paused(True).build()

    async def choices():
        return [(await mezame.select(a=mezame.ready(), b=mezame.ready(), c=mezame.ready()))[0] for _ in range(30)]

    def run(seed):
        with Builder.new_current_thread().rng_seed(seed).build() as runtime:
            return runtime.block_on(choices())

    assert run(1) == run(1) != run(2)
    assert set(run(3)) == {"a", "b", "c"}


@pytest.mark.mezame
async def test_a_biased_select_goes_from_top_to_bottom():
    for _ in range(30):
        assert (await mezame.select(a=mezame.pending(), b=mezame.ready(1), c=mezame.ready(2), biased=True)) == ("b", 1)


def test_metrics_are_gauges_and_counters():
    async def main():
        handle = Handle.current()
        held = mezame.spawn(mezame.pending())
        await mezame.spawn_blocking(lambda: None)
        await mezame.sleep(0.002)
        metrics = handle.metrics()
        held.abort()
        return metrics

    metrics = mezame.run(main())
    assert metrics.num_workers == 1
    assert metrics.num_alive_tasks == 1
    assert metrics.global_queue_depth == 0
    assert metrics.worker_park_count >= 1
    assert metrics.worker_park_unpark_count == 2 * metrics.worker_park_count
    assert metrics.worker_total_busy_duration > 0
    assert metrics.worker_thread_id == threading.get_ident()
    assert metrics.num_blocking_threads == 1
    assert metrics.num_idle_blocking_threads == 1
    assert metrics.blocking_queue_depth == 0


# --- sets, channels ---------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_a_join_set_counts_what_was_not_joined_and_is_polled_and_iterated():
    tasks = mezame.task.JoinSet([mezame.ready(1), mezame.ready(2)])
    assert len(tasks) == 2 and not tasks.is_empty()
    await mezame.yield_now()
    await mezame.yield_now()
    assert len(tasks) == 2, "finished, but not joined"
    answer = await mezame.poll_fn(lambda cx: Poll.Ready(tasks.poll_join_next(cx)))
    assert answer.is_ready() and len(tasks) == 1
    assert [one.result() async for one in tasks] == [2]
    assert tasks.is_empty()


def test_the_ends_of_an_mpsc_channel_can_be_looked_at():
    tx, rx = mpsc.channel(3)
    other = tx.clone()
    weak = tx.downgrade()
    permit = tx.try_reserve()
    assert (tx.capacity(), tx.max_capacity()) == (2, 3)
    assert tx.same_channel(other) and not tx.same_channel(mpsc.channel(1)[0])
    assert (tx.strong_count(), tx.weak_count()) == (2, 1)
    permit.send("a")
    other.try_send("b")
    assert len(rx) == 2 and tx.capacity() == 1
    many = list(tx.try_reserve_many(1))
    with pytest.raises(mpsc.TrySendError):
        tx.try_reserve()
    del many
    assert rx.try_recv() == "a"
    task.spawn(mezame.poll_fn(lambda cx: rx.poll_recv_many(cx, 5))).assert_ready_eq(["b"])
    with pytest.raises(mpsc.TryRecvError):
        rx.try_recv()
    assert weak.upgrade() is not None


def test_the_ends_of_a_broadcast_channel_can_be_looked_at():
    tx, rx = broadcast.channel(2)
    late = tx.subscribe()
    assert tx.receiver_count() == 2 and tx.is_empty() and rx.is_empty()
    for n in range(3):
        tx.send(n)
    assert len(rx) == 3, "more than the capacity: it lags"
    assert len(tx) == 2
    assert rx.same_channel(late) and not rx.same_channel(broadcast.channel(1)[1])
    assert not rx.is_closed()
    with pytest.raises(broadcast.TryRecvError.Lagged):
        rx.try_recv()
    assert [rx.try_recv(), rx.try_recv()] == [1, 2]
    tx.close()
    assert rx.is_closed()


# --- TCP --------------------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_addresses_errors_and_sockets_of_streams():
    listener = await TcpListener.bind(("127.0.0.1", 0))
    client = await TcpStream.connect(listener.local_addr())
    server, address = await listener.accept()
    assert client.local_addr() == address == server.peer_addr()
    assert client.peer_addr() == server.local_addr() == listener.local_addr()
    assert client.take_error() is None
    plain = client.into_std()
    assert isinstance(plain, socket.socket) and not plain.getblocking()
    again = TcpStream.from_std(plain)
    await again.write_all(b"still there")
    assert await server.read() == b"still there"
    again.close()
    server.close()
    plain_listener = listener.into_std()
    assert not plain_listener.getblocking()
    listener = TcpListener.from_std(plain_listener)
    client = await TcpStream.connect(listener.local_addr())
    async for stream, _ in listener.incoming():
        assert stream.peer_addr() == client.local_addr()
        stream.close()
        break
    client.close()
    listener.close()


@pytest.mark.mezame
async def test_halves_are_reunited_with_their_own_other_half_and_forget_skips_the_fin():
    listener = await TcpListener.bind("127.0.0.1:0")

    async def pair():
        client = await TcpStream.connect(listener.local_addr())
        return client, (await listener.accept())[0]

    (one, server), (two, other_server) = await pair(), await pair()
    reader, writer = one.into_split()
    other_reader, other_writer = two.into_split()
    with pytest.raises(ValueError, match="different streams"):
        reader.reunite(other_writer)
    whole = reader.reunite(writer)
    await whole.write_all(b"whole")
    assert await server.read() == b"whole"
    other_writer.forget()
    del other_writer
    with pytest.raises(TimeoutError):
        await mezame.timeout(0.02, other_server.read())
    for stream in (whole, server, other_server, listener):
        stream.close()
    del other_reader


@pytest.mark.mezame
async def test_a_listener_binds_the_first_address_that_works_and_socket_options_come_back():
    taken = await TcpListener.bind("127.0.0.1:0")
    assert taken.local_addr()[1] > 0
    free = await TcpListener.bind([taken.local_addr(), ("127.0.0.1", 0)])
    assert free.local_addr() != taken.local_addr()
    with pytest.raises(OSError):
        await TcpListener.bind([taken.local_addr(), taken.local_addr()])
    sock = TcpSocket.new_v4()
    sock.set_reuseaddr(True)
    await sock.bind(("127.0.0.1", 0))
    listener = sock.listen(8)
    assert listener.local_addr()[0] == "127.0.0.1"
    for one in (taken, free, listener):
        one.close()
