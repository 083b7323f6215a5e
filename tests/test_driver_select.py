"""The selectors driver: where its selector cannot do what is asked for the error says the way out; several threads."""

import io
import operator
import select
import selectors
import socket
import threading

import pytest
from polling import wait_until

import mezame
from mezame.driver.priority_selector import PrioritySelector
from mezame.driver.readiness import PRIORITY, READABLE, Source
from mezame.driver.select import SelectPoller
from mezame.io import AsyncFd, Interest


def test_where_the_selectors_driver_has_no_priority_the_error_says_the_way_out(monkeypatch):
    monkeypatch.delattr(select, "poll")

    async def main():
        left, right = socket.socketpair()
        with left, right:
            for interest in (Interest.PRIORITY, Interest.ERROR):
                with pytest.raises(OSError, match="driver='epoll'"):
                    AsyncFd(left, interest)
            AsyncFd(left, Interest.READABLE).detach()

    mezame.run(main(), driver="selectors")


def test_inside_of_another_loop_the_selector_stays():
    with mezame.Runtime(driver="selectors") as runtime, runtime.enter():
        left, right = socket.socketpair()
        with left, right:
            runtime.fileno()
            with pytest.raises(OSError, match="driver='epoll'"):
                AsyncFd(left, Interest.PRIORITY)
    with mezame.Runtime(driver="selectors") as runtime, runtime.enter():
        left, right = socket.socketpair()
        with left, right:
            fd = AsyncFd(left, Interest.PRIORITY)
            with pytest.raises(io.UnsupportedOperation):
                runtime.fileno()
            fd.detach()


# --- several threads --------------------------------------------------------------------------------------------------


class Watched:
    """A selector that may be changed only by who holds the lock."""

    def __init__(self, poller, selector):
        self.poller, self.selector, self.calls = poller, selector, []
        self.before = lambda name: None

    def __getattr__(self, name):
        found = getattr(self.selector, name)
        if name == "select":
            return found
        assert self.poller._changing._is_owned(), f"{name} without the lock"
        self.calls.append(name)
        self.before(name)
        return found


@pytest.fixture
def poller():
    poller = SelectPoller()
    yield poller
    poller.close()


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    left.setblocking(False)
    with left, right:
        yield left, right


def test_the_selector_is_changed_under_one_lock(poller, pair, monkeypatch):
    class Fine(PrioritySelector):
        def register(self, *args):
            assert poller._changing._is_owned()
            super().register(*args)

    monkeypatch.setattr("mezame.driver.select.PrioritySelector", Fine)
    poller._selector = first = Watched(poller, poller._selector)
    left, right = pair
    one = Source(left.fileno(), left, poller)
    poller.add(one)
    poller.rearm(one, READABLE)
    poller.wait(0)
    poller.watch(right)
    poller.unwatch(right)
    right.send(b"1")
    assert poller.wait(-1) == 1
    poller.wait(0)
    assert {"register", "unregister"} <= set(first.calls)
    fine = Source(right.fileno(), right, poller)
    fine.interest |= PRIORITY
    poller.add(fine)
    poller.rearm(fine, PRIORITY)
    poller.wait(0)
    assert "get_map" in first.calls and len(poller._selector.get_map()) == 2
    poller.remove(fine)
    poller.remove(one)
    second = SelectPoller()
    second._selector = Watched(second, second._selector)
    second.nest()
    assert second._selector.calls == ["fileno"]
    second.close()


def test_a_watch_that_ends_while_its_bytes_are_on_their_way(poller, pair):
    left, right = pair
    heard = []
    poller.watch(left, lambda: heard.append(1))
    right.send(b"1")
    ready = [event for event in poller._selector.select(0) if event[0].fileobj is left]
    assert ready
    poller.unwatch(left)
    left.close()
    poller._selector.close()
    poller._selector = type("Late", (), {"select": lambda self, timeout: ready, "close": lambda self: None})()
    assert poller.wait(0) == 0 and heard == []


def test_a_finaliser_closes_a_source_while_the_selector_is_changed(poller, pair):
    left, right = pair
    right.setblocking(False)
    one, two = Source(left.fileno(), left, poller), Source(right.fileno(), right, poller)
    for source in (one, two):
        poller.add(source)
        poller.rearm(source, READABLE)
    poller._selector = selector = Watched(poller, poller._selector)
    removed = []

    def finaliser(name):
        if name == "register" and not removed:
            removed.append(1)
            poller.rearm(one, READABLE)
            poller.remove(two)

    selector.before = finaliser
    thread = threading.Thread(target=poller.wait, args=(0,), daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive() and poller.sources() == [one]


@pytest.mark.parametrize("selector", ["DefaultSelector", "PollSelector", "SelectSelector"])
def test_a_source_that_is_removed_while_another_thread_selects_is_forgotten_at_once(monkeypatch, selector):
    """A duplicate keeps the socket open: what the selector still had would be reported for ever."""
    monkeypatch.setattr(selectors, "DefaultSelector", getattr(selectors, selector))
    poller = SelectPoller()
    left, right = socket.socketpair()
    with left, right, left.dup():
        source = Source(left.fileno(), left, poller)
        poller.add(source)
        poller.rearm(source, READABLE)
        thread = threading.Thread(target=poller.wait, args=(20_000_000_000,))
        thread.start()
        wait_until(lambda: poller._waiter is not None)
        poller.remove(source)
        assert left.fileno() not in poller._selector.get_map()
        thread.join(20)
        assert not thread.is_alive(), "it begins anew"
    poller.close()


def test_watching_and_sources_come_and_go_while_a_thread_selects(poller):
    stop, failures = threading.Event(), []
    rounds = [0] * 4

    def run(number):
        try:
            while not stop.is_set():
                works[number]()
                rounds[number] += 1
        except BaseException as error:
            failures.append(error)
            stop.set()

    def watch():
        left, right = socket.socketpair()
        left.setblocking(False)
        with left, right:
            poller.watch(left, lambda: None)
            right.send(b"1")
            poller.unwatch(left)

    def come_and_go():
        left, right = socket.socketpair()
        left.setblocking(False)
        with left, right:
            source = Source(left.fileno(), left, poller)
            poller.add(source)
            poller.rearm(source, READABLE)
            right.send(b"1")
            poller.remove(source)

    works = [lambda: poller.wait(1_000_000), watch, come_and_go, come_and_go]
    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    fine = socket.socket()
    source = Source(fine.fileno(), fine, poller)
    source.interest |= PRIORITY
    try:
        wait_until(lambda: min(rounds) >= 2_000 or failures)
        poller.add(source)  # from here on with another selector
        before = rounds.copy()
        wait_until(lambda: min(map(operator.sub, rounds, before)) >= 2_000 or failures)
    finally:
        stop.set()
    for thread in threads:
        thread.join(20)
    poller.remove(source)
    fine.close()
    assert failures == [] and not any(thread.is_alive() for thread in threads)
    assert poller.sources() == [] and poller._registered == {}
    assert [key.fileobj for key in poller._selector.get_map().values()] == [poller._receiver]
