"""Rows of the parity table (docs/parity.md) that no other file is about: the executor alone, handles, options."""

import itertools
import os
import socket
import stat
import struct
import subprocess
import threading

import pytest
from polling import CountingWaker, Gate, in_thread, until, wait_until

import mezame
from mezame import Executor, JoinError, Poll, fs
from mezame.core.current import current
from mezame.io import Interest
from mezame.net import TcpListener, TcpSocket, TcpStream, UdpSocket, UnixListener, UnixStream
from mezame.net.pipe import open_receiver, open_sender
from mezame.process import Command
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
        await until(lambda: handle.metrics().num_idle_blocking_threads and handle.metrics().worker_park_count)
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


def test_a_builder_builds_again_and_again_and_what_it_built_stays_as_it_was():
    builder = Builder.new_current_thread().name("first")
    with builder.build() as one, builder.build() as other, builder.build_local() as local:
        builder.name("second")
        with builder.build_local() as late:
            assert [each.handle().name for each in (one, other, local, late)] == ["first"] * 3 + ["second"]
            assert len({each.handle().id for each in (one, other, local, late)}) == 4
            assert [each.block_on(mezame.ready(n)) for n, each in enumerate((one, other, local, late))] == [0, 1, 2, 3]
            assert local.block_on(local.spawn_local(mezame.ready(5))) == 5


def test_threads_have_the_names_and_the_stack_that_the_builder_was_told(monkeypatch):
    started = []
    start = threading.Thread.start

    def noting(thread):
        started.append((thread.name, threading.stack_size()))
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noting)
    usual = threading.stack_size()

    def run(builder):
        started.clear()
        with builder.worker_threads(1).build() as runtime:
            runtime.block_on(runtime.spawn_blocking(lambda: None))
            assert threading.stack_size() == usual
            return runtime.handle().name

    assert run(Builder.new_multi_thread()) is None
    assert started == [("mezame-rt-worker-0", usual), ("mezame-rt-worker-blocking-0", usual)]
    assert run(Builder.new_multi_thread().thread_name("mine").name("whole").thread_stack_size(1 << 20)) == "whole"
    assert started == [("mine-0", 1 << 20), ("mine-blocking-0", 1 << 20)]
    numbers = itertools.count()
    run(Builder.new_multi_thread().thread_name_fn(lambda: f"number {next(numbers)}"))
    assert [name for name, _ in started] == ["number 0", "number 1"]


def test_what_needs_a_runtime_that_was_closed_raises_an_error_of_its_own():
    runtime = mezame.Runtime()
    with runtime.enter():
        sleep = mezame.sleep(10)
        assert sleep.poll(CountingWaker().cx) is Poll.Pending
    runtime.close()
    with pytest.raises(mezame.runtime.RuntimeShutdownError):
        sleep.poll(CountingWaker().cx)
    assert issubclass(mezame.runtime.RuntimeShutdownError, RuntimeError)


def test_the_histogram_and_the_latency_are_off_unless_the_builder_was_told():
    async def main():
        await mezame.spawn(mezame.yield_now())
        return Handle.current().metrics().poll_time_histogram

    def run(builder):
        heard = []
        with builder.on_before_task_poll(lambda meta: heard.append(meta.schedule_latency)).build() as runtime:
            return runtime.block_on(main()), heard

    histogram, latencies = run(Builder.new_current_thread())
    assert histogram == () and len(latencies) == 2 and set(latencies) == {None}
    histogram, latencies = run(
        Builder.new_current_thread().enable_metrics_poll_time_histogram().track_task_schedule_latency()
    )
    assert sum(count for _, count in histogram) >= 2
    assert [bound for bound, _ in histogram] == sorted(bound for bound, _ in histogram)
    assert len(latencies) == 2 and min(latencies) >= 0


def test_the_counters_of_workers_only_grow():
    """Worker by worker and for all, over work that is queued from outside, stolen, and more than a queue holds."""
    counters = [
        "poll_count", "park_count", "noop_count", "steal_count", "steal_operations", "local_schedule_count",
        "overflow_count",
    ]  # fmt: skip
    stolen, spawned = threading.Event(), threading.Event()
    shots = []

    def shoot():
        metrics = runtime.handle().metrics()
        shots.append(metrics)
        return metrics

    async def blocks():
        handle = mezame.spawn(opens())
        assert stolen.wait(20), "nobody stole"
        handles = [handle, *(mezame.spawn(mezame.ready(n)) for n in range(1000))]
        spawned.set()
        await mezame.join_all(handles)

    async def opens():
        stolen.set()
        assert spawned.wait(20)  # the other worker has a thief no more

    with Builder.new_multi_thread().worker_threads(2).disable_lifo_slot().build() as runtime:
        before = shoot()
        runtime.block_on(runtime.spawn(blocks()))
        shoot()
        tx, rx = mezame.sync.oneshot.channel()
        waiting = runtime.spawn(rx)
        in_thread(lambda: tx.send(1))
        assert runtime.block_on(waiting) == 1
        after = shoot()
    for one, next_one in itertools.pairwise(shots):
        for old, new in zip(one.workers, next_one.workers, strict=True):
            assert all(getattr(old, name) <= getattr(new, name) for name in counters)
        assert one.spawned_tasks_count <= next_one.spawned_tasks_count
        assert one.remote_schedule_count < next_one.remote_schedule_count, "the spawns of this thread"
    assert after.spawned_tasks_count - before.spawned_tasks_count == 1003
    grown = {name: sum(getattr(each, name) for each in after.workers) for name in counters}
    assert grown["poll_count"] >= 1003 and grown["local_schedule_count"] >= 1001
    assert grown["steal_count"] >= grown["steal_operations"] >= 1
    assert grown["overflow_count"] >= 1


def test_spawned_tasks_wait_for_block_on_which_drives_them_until_its_root_is_ready():
    ran, gate, loops = [], Gate(), []

    async def note(what):
        ran.append(what)

    async def waits():
        return await gate

    async def ends(task):
        loops.append(current().scheduler)
        await task

    async def root():
        assert mezame.task.try_id() is None, "the root is no task"
        task = mezame.spawn(note("in the root"))
        assert not task.is_finished()
        await mezame.yield_now()
        assert ran == ["in the root", "outside"], "nobody has awaited them; the own queue comes first"
        for bad in (note, 7):
            with pytest.raises(TypeError):
                mezame.spawn(bad)
        return "root"

    with mezame.Runtime() as runtime:
        outside, left = runtime.spawn(note("outside")), runtime.spawn(waits())
        waiting = threading.Thread(target=lambda: runtime.handle().block_on(ends(outside)), daemon=True)
        waiting.start()
        wait_until(lambda: loops)
        assert runtime.handle().executor.thread == 0, "the block_on of a handle does not drive it"
        wait_until(lambda: loops[0].is_parked)  # it has polled its root, and sleeps
        assert not ran
        assert runtime.block_on(root()) == "root"
        waiting.join(20)
        assert not waiting.is_alive()
        assert outside.is_finished() and not left.is_finished()
        gate.open("kept")
        assert runtime.block_on(left) == "kept"


def test_a_runtime_without_drivers_is_a_pool_of_threads():
    async def where():
        return threading.get_ident()

    with Builder.new_multi_thread().worker_threads(2).enable_io(False).enable_time(False).build() as runtime:
        tasks = [runtime.spawn(where()) for _ in range(20)]
        assert threading.get_ident() not in {runtime.block_on(task) for task in tasks}
        with pytest.raises(RuntimeError, match="enable_time"):
            runtime.block_on(mezame.sleep(1))


def test_closing_waits_for_the_blocking_calls_that_have_begun():
    begun, go_on, log = threading.Event(), threading.Event(), []

    def slow():
        begun.set()
        assert go_on.wait(20)
        log.append("done")

    runtime = mezame.Runtime()
    runtime.spawn_blocking(slow)
    assert begun.wait(20)
    closing = threading.Thread(target=lambda: (runtime.close(), log.append("closed")))
    closing.start()
    # The pool's threads sleep elsewhere: who waits for its condition waits for their end.
    wait_until(lambda: runtime._pool._condition._waiters or log)
    assert log == []
    go_on.set()
    closing.join(20)
    assert log == ["done", "closed"]


def test_the_park_and_unpark_count_is_odd_while_the_thread_sleeps():
    stop = mezame.sync.CancellationToken()
    with mezame.Runtime() as runtime:
        thread = threading.Thread(target=lambda: runtime.block_on(stop.cancelled()))
        thread.start()
        wait_until(lambda: runtime.metrics().worker_park_unpark_count % 2 == 1)
        stop.cancel()
        thread.join(20)
        assert runtime.metrics().worker_park_unpark_count % 2 == 0


def test_what_a_full_queue_gives_away_keeps_its_order():
    """The 257th task takes the oldest 128 along to the injection queue. The two queues take turns."""
    log = []

    async def note(n):
        log.append(n)

    async def main():
        await mezame.join_all([mezame.spawn(note(n)) for n in range(257)])
        return Handle.current().metrics().workers[0].overflow_count

    with Builder.new_multi_thread().worker_threads(1).disable_lifo_slot().build() as runtime:
        overflows = runtime.block_on(runtime.spawn(main()))
    assert overflows == 1
    given_away = [*range(128), 256]
    assert [n for n in log if n in given_away] == given_away
    assert [n for n in log if n not in given_away] == list(range(128, 256))
    assert log != list(range(257))


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
    plain_listener.setblocking(True)
    listener = TcpListener.from_std(plain_listener)
    assert not plain_listener.getblocking()
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


# --- UDP, Unix sockets, FIFOs -----------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_readiness_and_calls_of_ones_own_on_udp_and_it_comes_from_a_socket_and_goes():
    plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plain.bind(("127.0.0.1", 0))
    sock = UdpSocket.from_std(plain)
    assert not plain.getblocking()
    other = await UdpSocket.bind("127.0.0.1:0")
    await sock.writable()
    assert (await sock.ready(Interest.READABLE | Interest.WRITABLE)).is_writable()
    with pytest.raises(BlockingIOError):
        sock.try_io(Interest.READABLE, lambda: plain.recv(10))
    counting = CountingWaker()
    waiting = sock.readable()
    assert waiting.poll(counting.cx) is Poll.Pending, "the failed call has cleared it"
    own = mezame.spawn(sock.async_io(Interest.READABLE, lambda: plain.recv(10)))
    await mezame.yield_now()
    await other.send_to(b"one", sock.local_addr())
    assert await own == b"one"
    await waiting
    assert counting.wakes == 1
    await other.send_to(b"two", sock.local_addr())
    assert (await sock.ready(Interest.READABLE)).is_readable()
    assert sock.try_recv() == b"two"
    assert sock.into_std() is plain and sock.is_closed()
    plain.close()
    other.close()


class NoMulticast(socket.socket):
    """Notes what is set for groups, and for IPv6, in place of the system, which may have neither."""

    def __init__(self):
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.noted = []

    def setsockopt(self, level, option, value):
        membership = (socket.IP_ADD_MEMBERSHIP, socket.IP_DROP_MEMBERSHIP)
        if level == socket.IPPROTO_IPV6 or (level == socket.IPPROTO_IP and option in membership):
            self.noted.append((level, option, value))
        else:
            super().setsockopt(level, option, value)


@pytest.mark.mezame
async def test_groups_are_joined_and_left_and_the_options_of_multicast_come_back():
    plain = NoMulticast()
    with UdpSocket.from_std(plain) as sock:
        for on in (True, False):
            sock.set_broadcast(on)
            sock.set_multicast_loop_v4(on)
            assert sock.broadcast() is on and sock.multicast_loop_v4() is on
        sock.set_multicast_ttl_v4(3)
        assert sock.multicast_ttl_v4() == 3
        assert plain.noted == []
        sock.join_multicast_v4("239.255.77.1", "127.0.0.1")
        sock.leave_multicast_v4("239.255.77.1")
        sock.join_multicast_v6("ff02::77", 4)
        sock.leave_multicast_v6("ff02::77")
        sock.set_multicast_loop_v6(False)
    group, six = bytes([239, 255, 77, 1]), socket.inet_pton(socket.AF_INET6, "ff02::77")
    assert plain.noted == [
        (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + bytes([127, 0, 0, 1])),
        (socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, group + bytes(4)),
        (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, six + struct.pack("@I", 4)),
        (socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, six + struct.pack("@I", 0)),
        (socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0),
    ]


@pytest.mark.mezame
async def test_a_unix_listener_comes_from_a_socket_and_goes(tmp_path):
    plain = socket.socket(socket.AF_UNIX)
    plain.bind(str(tmp_path / "s"))
    plain.listen()
    listener = UnixListener.from_std(plain)
    assert not plain.getblocking() and listener.take_error() is None
    client = await UnixStream.connect(tmp_path / "s")
    server, _ = await listener.accept()
    await client.write_all(b"x")
    assert await server.read() == b"x"
    assert listener.into_std() is plain and listener.is_closed()
    for one in (client, server, plain):
        one.close()


@pytest.mark.mezame
async def test_a_fifo_that_is_open_for_both_needs_no_peer(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with open_receiver(path, read_write=True) as receiver:
        counting = CountingWaker()
        reading = receiver.read()
        assert reading.poll(counting.cx) is Poll.Pending, "without a sender it would be at its end"
        with open_sender(path) as sender:
            await sender.write_all(b"one")
        assert await reading == b"one"
        reading = receiver.read()
        assert reading.poll(counting.cx) is Poll.Pending
        reading.close()
    with open_sender(path, read_write=True) as sender:
        assert await sender.write(b"x") == 1


# --- files, processes -------------------------------------------------------------------------------------------------


def test_open_options_are_set_one_by_one(tmp_path):
    path = tmp_path / "file"

    async def written(options, data):
        async with await options.open(path) as file:
            await file.write_all(data)
        return path.read_bytes()

    async def main():
        new = fs.OpenOptions().write().create_new().mode(0o600)
        assert await written(new, b"one") == b"one"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(FileExistsError):
            await new.open(path)
        assert await written(new.create_new(False), b"T") == b"Tne"
        assert await written(fs.OpenOptions().append(), b"!") == b"Tne!"
        assert await written(fs.OpenOptions().write().create().truncate(), b"x") == b"x"
        async with await fs.OpenOptions().read().open(path) as file:
            assert await file.read() == b"x"
        path.rename(tmp_path / "other")
        path.symlink_to(tmp_path / "other")
        with pytest.raises(OSError):
            await fs.OpenOptions().read().custom_flags(os.O_NOFOLLOW).open(path)

    mezame.run(main())


@pytest.mark.mezame
async def test_user_and_group_of_a_process_are_told_to_popen():
    told = []

    def popen(args, **keywords):
        told.append({name: keywords.pop(name, None) for name in ("user", "group", "extra_groups", "process_group")})
        return subprocess.Popen(args, **keywords)

    for command in (Command("true").uid(65534).gid(65533).process_group(0), Command("true", uid=1), Command("true")):
        assert (await command.spawn_with(popen).wait()).success
    assert [(one["user"], one["group"]) for one in told] == [(65534, 65533), (1, None), (None, None)]
