"""What a runtime counts: forced yields, the drivers' descriptors and events, histograms and their buckets."""

import itertools
import math
import socket
import threading
import time

import pytest
from conftest import COMPILED
from hypothesis import given
from hypothesis import strategies as st
from interleave import explore
from polling import PATIENCE, in_thread

import mezame
from mezame.core.busy import BusyTime
from mezame.core.word import Word
from mezame.net import UdpSocket
from mezame.runtime import Builder, Handle, HistogramConfiguration, InvalidHistogramConfiguration, Runtime
from mezame.task import consume_budget

FLAVORS = pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
DRIVERS = pytest.mark.parametrize("driver", ["epoll", "selectors"])
BUDGET = 128


def runtime(flavor, **options):
    return Runtime(flavor, worker_threads=2 if flavor == "multi_thread" else None, **options)


# --- giving way -------------------------------------------------------------------------------------------------------


async def eat(units):
    for _ in range(units):
        await consume_budget()


@FLAVORS
@pytest.mark.parametrize(("units", "forced"), [(BUDGET, 0), (BUDGET + 1, 1), (3 * BUDGET + 1, 3)])
def test_forced_yields_are_counted(flavor, units, forced):
    with runtime(flavor) as rt:
        rt.block_on(rt.spawn(eat(units)))
        assert rt.metrics().budget_forced_yield_count == forced
        rt.block_on(eat(units))
        assert rt.metrics().budget_forced_yield_count == 2 * forced, "and those of the root"


@FLAVORS
def test_yields_of_its_own_are_not_forced(flavor):
    async def polite():
        for _ in range(300):
            await mezame.yield_now()

    with runtime(flavor) as rt:
        rt.block_on(rt.spawn(polite()))
        assert rt.metrics().budget_forced_yield_count == 0


def test_the_root_of_a_second_thread_is_counted_too():
    entered, done = threading.Event(), mezame.sync.Notify()

    async def main():
        entered.set()
        await done.notified()

    with Runtime() as rt:
        thread = threading.Thread(target=rt.block_on, args=[main()])
        thread.start()
        assert entered.wait(20)
        rt.block_on(eat(2 * BUDGET + 1))
        assert rt.metrics().budget_forced_yield_count == 2
        done.notify_one()
        thread.join(20)


# --- how long it is awake ---------------------------------------------------------------------------------------------


@FLAVORS
def test_busy_time_counts_while_a_poll_goes_on(flavor):
    """What a worker has done since it last slept is in the figures at once: a busy one may not sleep for hours."""

    async def busy():
        before = rt.metrics()
        start = time.perf_counter()
        while time.perf_counter() - start < PATIENCE:
            now = rt.metrics()
            if now.worker_total_busy_duration - before.worker_total_busy_duration > 0.001:
                assert sum(worker.total_busy_duration for worker in now.workers) > 0.001
                return True
        return False

    with runtime(flavor) as rt:
        assert rt.block_on(rt.spawn(busy()))


@FLAVORS
def test_busy_time_does_not_count_sleep(flavor):
    with runtime(flavor) as rt:
        began = time.perf_counter()
        rt.block_on(mezame.sleep(0.2))
        busy = rt.metrics().worker_total_busy_duration
        assert 0 < busy < time.perf_counter() - began - 0.1
        if flavor == "current_thread":  # nobody drives it now: nothing is added
            assert rt.metrics().worker_total_busy_duration == busy


@pytest.mark.skipif(COMPILED, reason="the explorer switches threads inside of interpreted code")
def test_busy_time_never_goes_back(monkeypatch):
    """Nor does it count a sleep that it reads across: whoever looks sees neither half of the change."""
    seen = total = None
    moment = 100
    long = 1000

    looked = Word()

    def later():
        nonlocal moment
        looked._load()  # the explorer may switch here
        moment += 1
        return moment

    monkeypatch.setattr("mezame.core.busy.monotonic_ns", later)

    def make():
        nonlocal seen, total
        seen = []
        total = BusyTime()
        total._start(later())

        def loop():
            nonlocal moment
            for _ in range(2):
                total._stop(later())
                moment += long
                total._start(later())

        return [loop, lambda: seen.extend(total._total_ns() for _ in range(4))]

    def check():
        assert seen == sorted(seen) and seen[0] >= 0 and seen[-1] < long

    assert explore(make, check, monkeypatch, most_switches=4) > 10


# --- the I/O driver ---------------------------------------------------------------------------------------------------


@FLAVORS
@DRIVERS
def test_the_driver_counts_descriptors_and_events(flavor, driver):
    async def main():
        handle = Handle.current()
        before = handle.metrics()
        left, right = [await UdpSocket.bind(("127.0.0.1", 0)) for _ in range(2)]
        during = handle.metrics()
        assert during.io_driver_fd_registered_count - before.io_driver_fd_registered_count == 2
        assert during.io_driver_fd_deregistered_count == before.io_driver_fd_deregistered_count
        waiting = mezame.spawn(right.recv())
        while not right.source.waiting()[0]:
            await mezame.yield_now()
        await left.send_to(b"one", right.local_addr())
        assert await waiting == b"one"
        assert handle.metrics().io_driver_ready_count > during.io_driver_ready_count
        left.close()
        right.close()
        right.close()
        after = handle.metrics()
        assert after.io_driver_fd_registered_count == during.io_driver_fd_registered_count
        assert after.io_driver_fd_deregistered_count - before.io_driver_fd_deregistered_count == 2

    with runtime(flavor, driver=driver) as rt:
        rt.block_on(rt.spawn(main()))


@DRIVERS
def test_a_descriptor_that_was_closed_behind_our_back_counts_as_taken_out(driver):
    async def main():
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        first = UdpSocket.from_std(udp)
        fd = udp.fileno()
        udp.close()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        assert sock.fileno() == fd
        second = UdpSocket.from_std(sock)
        first.source.close()
        second.close()

    with Runtime(driver=driver) as rt:
        rt.block_on(main())
        metrics = rt.metrics()
        assert metrics.io_driver_fd_registered_count == metrics.io_driver_fd_deregistered_count == 2


def test_without_a_driver_there_is_nothing_to_count():
    with Runtime(enable_io=False) as rt:
        rt.block_on(mezame.yield_now())
        metrics = rt.metrics()
    assert (metrics.io_driver_fd_registered_count, metrics.io_driver_fd_deregistered_count) == (0, 0)
    assert metrics.io_driver_ready_count == 0


# --- buckets ----------------------------------------------------------------------------------------------------------


def ranges(configuration):
    return [configuration.bucket_range(index) for index in range(configuration.num_buckets)]


def assert_whole(configuration):
    """From 0 to infinity without a gap."""
    found = ranges(configuration)
    assert found[0][0] == 0.0 and found[-1][1] == math.inf
    assert all(one[1] == other[0] for one, other in itertools.pairwise(found))
    assert all(low < high for low, high in found)


def test_linear_buckets():
    configuration = HistogramConfiguration.linear(0.5, 3)
    assert ranges(configuration) == [(0.0, 0.5), (0.5, 1.0), (1.0, math.inf)]
    assert [configuration.bucket_of(t) for t in (0, 0.4, 0.5, 0.99, 1, 1e9)] == [0, 0, 1, 1, 2, 2]
    assert ranges(HistogramConfiguration.linear(1, 1)) == [(0.0, math.inf)]
    for bad in (-1, 3):
        with pytest.raises(IndexError, match="buckets 0 to 2"):
            configuration.bucket_range(bad)


def test_log_buckets():
    configuration = HistogramConfiguration.log(1e-9, 16e-9, precision=1)
    nanoseconds = [round(low * 1e9) for low, _ in ranges(configuration)]
    assert nanoseconds == [0, 1, 2, 3, 4, 6, 8, 12, 16], "two from each power of two to the next"
    coarse = HistogramConfiguration.log(100e-9, 1e-6, precision=0)
    assert [round(low * 1e9) for low, _ in ranges(coarse)] == [0, 64, 128, 256, 512, 1024]
    assert HistogramConfiguration.log() == HistogramConfiguration.log(100e-9, 60.0, 2)
    assert HistogramConfiguration.log(max_error=0.25) == HistogramConfiguration.log(precision=2)
    assert HistogramConfiguration.log(max_error=0.2) == HistogramConfiguration.log(precision=3)
    assert hash(HistogramConfiguration.log()) != hash(coarse) and configuration != coarse and coarse != "coarse"
    assert repr(HistogramConfiguration.linear(0.5, 3)) == "HistogramConfiguration.linear(0.5, 3)"
    assert_whole(HistogramConfiguration.log(0, 100, precision=10))


@given(
    st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10), st.integers(0, 2 * 10**12),
)  # fmt: skip
def test_the_error_of_a_log_bucket_is_bounded(least, most, precision, value):
    least, most = sorted((least, most))
    configuration = HistogramConfiguration.log(least / 1e9, most / 1e9, precision)
    assert_whole(configuration) if configuration.num_buckets < 100 else None
    low, high = configuration.bucket_range(configuration.bucket_of(value / 1e9))
    low, high = round(low * 1e9), math.inf if high == math.inf else round(high * 1e9)
    assert low <= value < high
    if least <= value < most:
        assert high - low <= max(1, value / 2**precision)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: HistogramConfiguration.linear(0, 3), "width"),
        (lambda: HistogramConfiguration.linear(-1, 3), "width"),
        (lambda: HistogramConfiguration.linear(math.nan, 3), "width"),
        (lambda: HistogramConfiguration.linear(1, 0), "buckets"),
        (lambda: HistogramConfiguration.log(math.inf), "min_value"),
        (lambda: HistogramConfiguration.log(2, 1), "min_value must not be above"),
        (lambda: HistogramConfiguration.log(precision=11), "precision"),
        (lambda: HistogramConfiguration.log(precision=-1), "precision"),
        (lambda: HistogramConfiguration.log(precision=1, max_error=0.5), "not both"),
        (lambda: HistogramConfiguration.log(max_error=0), "max_error"),
        (lambda: HistogramConfiguration.log(max_error=1), "max_error"),
        (lambda: HistogramConfiguration.log(max_error=1e-9), "max_error"),
        (lambda: HistogramConfiguration.log(max_buckets=0), "max_buckets"),
    ],
)
def test_bad_buckets_are_refused(make, words):
    with pytest.raises(InvalidHistogramConfiguration, match=words):
        make()
    assert issubclass(InvalidHistogramConfiguration, ValueError)


@pytest.mark.parametrize(
    "make",
    [
        lambda: HistogramConfiguration.linear("1", 3),
        lambda: HistogramConfiguration.linear(1, 3.0),
        lambda: HistogramConfiguration.log(max_error="0.1"),
        lambda: HistogramConfiguration.log(precision=True),
        lambda: Runtime(poll_time_histogram="yes"),
        lambda: Runtime(schedule_latency_histogram=1),
    ],
)
def test_wrong_types_are_refused(make):
    with pytest.raises(TypeError):
        make()


def test_too_many_buckets_say_how_many_it_takes():
    with pytest.raises(InvalidHistogramConfiguration, match="120 buckets") as caught:
        HistogramConfiguration.log(max_buckets=119)
    needed = caught.value.required_bucket_count
    assert HistogramConfiguration.log(max_buckets=needed).num_buckets == needed == 120


# --- histograms -------------------------------------------------------------------------------------------------------


@FLAVORS
def test_the_schedule_latency_is_that_of_each_poll_of_a_task(flavor):
    async def work():
        for _ in range(9):
            await mezame.yield_now()

    async def main():
        await mezame.join_all([mezame.spawn(work()) for _ in range(10)])

    assert runtime(flavor).close() == ((), ())
    builder = getattr(Builder, f"new_{flavor}")().enable_metrics_schedule_latency_histogram()
    with builder.build() as rt:
        rt.block_on(rt.spawn(main()))
        counted = rt.metrics().schedule_latency_histogram
        assert rt.metrics().poll_time_histogram == ()
        polls = rt.metrics().polls_count
    total = sum(count for _, count in counted)
    assert total >= 102, "of main, and ten times ten"
    assert total == polls if flavor == "multi_thread" else total < polls, "and none of the root"
    with runtime(flavor) as rt:
        rt.block_on(rt.spawn(main()))
        assert rt.metrics().schedule_latency_histogram == ()


def test_a_late_poll_is_in_a_late_bucket():
    """A task that waits behind one that blocks for a moment has a latency of at least that."""
    blocked = 0.02

    async def blocks():
        threading.Event().wait(blocked)

    async def main():
        await mezame.join(mezame.spawn(blocks()), mezame.spawn(mezame.ready(1)))

    buckets = HistogramConfiguration.linear(blocked, 2)
    builder = Builder.new_current_thread().metrics_schedule_latency_histogram_configuration(buckets)
    with builder.build() as rt:
        rt.block_on(main())
        counted = rt.metrics().schedule_latency_histogram
    assert counted == ((blocked, 1), (math.inf, 1))


@FLAVORS
def test_polls_are_sorted_into_the_buckets_that_were_asked_for(flavor):
    buckets = HistogramConfiguration.linear(1000, 2)
    builder = getattr(Builder, f"new_{flavor}")().metrics_poll_time_histogram_configuration(buckets)
    builder = builder.enable_metrics_poll_time_histogram()  # keeps the buckets
    with builder.build() as rt:
        rt.block_on(rt.spawn(mezame.yield_now()))
    ((bound, count),) = rt.metrics().poll_time_histogram  # the last poll is counted when it is over
    assert bound == 1000 and count >= 2


def test_counts_of_many_threads_are_all_there():
    from mezame.runtime.histogram import Histogram

    histogram = Histogram(HistogramConfiguration.linear(1e-6, 3))

    def record():
        for ns in (0, 999, 1000, 5000):
            for _ in range(500):
                histogram.record(ns)

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    in_thread(lambda: histogram.record(1500))
    assert [count for _, count in histogram.buckets()] == [4000, 2001, 2000]
