"""The rules of polling that every leaf must keep for itself: which waker is woken, and what a poll costs.

The leaves are in ``leaves.py`` and ``leaves_io.py``; each is polled by hand, inside a runtime, with no task between.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import leaves_io
import pytest
from leaves import LEAVES
from polling import CountingWaker, until

import mezame
from mezame import Poll, into_future, poll_fn
from mezame.codec import FramedRead, LinesCodec, UdpFramed
from mezame.core.current import BUDGET, current
from mezame.stream.split import _Both as Both
from mezame.sync import Mutex, RwLock, Semaphore, mpmc, mpsc
from mezame.task import coop

assert leaves_io.LEAVES is LEAVES  # it lists its own there
DRIVERS = ["selectors", *(["epoll"] if mezame.driver.epoll.available() else [])]


async def end_of(finish: object) -> None:
    """Calls what ends the wait."""
    answer = finish()  # type: ignore[operator]
    if inspect.isawaitable(answer):
        await answer


async def poll_for_units(future: mezame.Future[object], counting: CountingWaker) -> tuple[object, int]:
    """One poll with a whole budget: its answer, and how many units it took."""
    await mezame.yield_now()
    slot = current()
    assert slot.budget == BUDGET
    answer = future.poll(counting.cx)
    return answer, BUDGET - slot.budget


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", LEAVES)
def test_rule_the_waker_of_the_latest_poll_is_the_one_that_is_woken(name: str, driver: str) -> None:
    async def main() -> None:
        future, finish = await LEAVES[name].make()
        earlier, latest = CountingWaker(), CountingWaker()
        assert future.poll(earlier.cx) is Poll.Pending
        assert future.poll(latest.cx) is Poll.Pending
        assert (earlier.wakes, latest.wakes) == (0, 0)
        await end_of(finish)
        await until(lambda: earlier.wakes or latest.wakes)
        assert (earlier.wakes, latest.wakes) == (0, 1)
        assert future.poll(latest.cx).is_ready()

    mezame.run(main(), driver=driver)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", LEAVES)
def test_rule_a_leaf_that_waits_takes_no_budget_and_one_that_is_ready_takes_its_unit(name: str, driver: str) -> None:
    async def main() -> None:
        future, finish = await LEAVES[name].make()
        counting = CountingWaker()
        for _ in range(3):
            assert await poll_for_units(future, counting) == (Poll.Pending, 0)
        await end_of(finish)
        await until(lambda: counting.wakes)
        answer, units = await poll_for_units(future, counting)
        assert answer.is_ready() and units == LEAVES[name].units  # type: ignore[attr-defined]

    mezame.run(main(), driver=driver)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", [name for name in LEAVES if LEAVES[name].units])
def test_rule_a_leaf_gives_way_at_the_end_of_the_budget_though_it_could_go_on(name: str, driver: str) -> None:
    async def main() -> None:
        future, finish = await LEAVES[name].make()
        counting = CountingWaker()
        assert future.poll(counting.cx) is Poll.Pending
        await end_of(finish)
        await until(lambda: counting.wakes)
        await mezame.yield_now()
        use_up_the_budget()
        counting.wakes = 0
        assert future.poll(counting.cx) is Poll.Pending
        await mezame.yield_now()
        assert counting.wakes  # deferred, not forgotten
        assert future.poll(counting.cx).is_ready()

    mezame.run(main(), driver=driver)


# TLS polls for itself, with no context, when it has something to send: so it takes None for nobody.
@pytest.mark.parametrize("name", [name for name in LEAVES if name != "tls.read"])
@pytest.mark.parametrize("budget", ["whole", "used up"])
@pytest.mark.filterwarnings("ignore:coroutine '_awaiting'")  # of the executor whose drive was not to be
def test_a_poll_without_a_context_raises_and_does_not_crash(name: str, budget: str) -> None:
    """Compiled, no None is checked for on the way of a poll, only where the context is used."""

    async def main() -> None:
        future, finish = await LEAVES[name].make()
        if budget == "used up":
            use_up_the_budget()
        with pytest.raises((AttributeError, TypeError, RuntimeError)):
            future.poll(None)
        with suppress(mpsc.SendError):  # a receiver of a oneshot whose poll failed is gone
            await end_of(finish)
        del future

    mezame.run(main())


# What is ready at its first poll, for one unit.
READY: dict[str, Callable[[], Any]] = {
    "async with Mutex": lambda: into_future(Mutex().__aenter__()),
    "Mutex": lambda: Mutex().lock(),
    "Semaphore": lambda: Semaphore(1).acquire(),
    "RwLock.read": lambda: RwLock().read(),
    "RwLock.write": lambda: RwLock().write(),
    "mpsc.send": lambda: kept(mpsc.channel(1), lambda ends: ends[0].send(1)),
    "mpsc.reserve": lambda: kept(mpsc.channel(1), lambda ends: ends[0].reserve()),
    "mpsc.recv, the end": lambda: mpsc.channel(1)[1].recv(),
    "mpmc.send": lambda: kept(mpmc.bounded(1), lambda ends: ends[0].send(1)),
    "sleep": lambda: mezame.sleep(0),
    "consume_budget": mezame.task.coop.consume_budget,
    "cooperative": lambda: mezame.task.cooperative(mezame.ready(1)),
    "io.repeat": lambda: into_future(mezame.io.repeat(1).read_exact(1)),
    "Cursor.read": lambda: into_future(mezame.io.Cursor(b"x").read()),
    "Cursor.write": lambda: into_future(mezame.io.Cursor(bytearray()).write(b"x")),
    "AllowStdIo.read": lambda: into_future(mezame.io.AllowStdIo(io.BytesIO(b"x")).read()),
    "AllowStdIo.write": lambda: into_future(mezame.io.AllowStdIo(io.BytesIO()).write(b"x")),
    "stream.iter": lambda: mezame.stream.iter([1]).next(),
    "stream.repeat": lambda: mezame.stream.repeat(1).next(),
    "stream.unfold": lambda: mezame.stream.unfold(1, lambda state: mezame.ready((state, state))).next(),
    "stream.poll_immediate": lambda: mezame.stream.poll_immediate(mezame.stream.pending()).next(),
    "stream of an async generator": lambda: mezame.stream.stream(one_item()).next(),
}


def kept(held: Any, make: Callable[[Any], Any]) -> Any:
    """``make(held)``, as a future that keeps all of ``held``."""
    future = make(held)
    return poll_fn(lambda cx: future.poll(cx) if held else None)


async def one_item() -> Any:
    yield 1


@pytest.mark.parametrize("name", READY)
def test_rule_a_leaf_that_never_waits_takes_its_unit_and_gives_way_at_the_end_of_the_budget(name: str) -> None:
    async def main() -> None:
        counting, slot = CountingWaker(), current()
        await mezame.yield_now()
        assert READY[name]().poll(counting.cx).is_ready() and slot.budget == BUDGET - 1
        use_up_the_budget()
        future = READY[name]()
        assert future.poll(counting.cx) is Poll.Pending
        await mezame.yield_now()
        assert counting.wakes == 1
        assert future.poll(counting.cx).is_ready()

    mezame.run(main())


def use_up_the_budget() -> None:
    cx = mezame.Context.from_waker(mezame.Waker.noop())
    while coop.has_budget_remaining():
        assert coop.poll_proceed(cx)
    assert current().budget == 0


def test_rule_half_a_frame_costs_what_its_read_costs() -> None:
    async def main() -> None:
        near, far = mezame.io.duplex(100)
        counting = CountingWaker()
        lines = FramedRead(near, LinesCodec()).next()
        await far.write_all(b"half")
        assert await poll_for_units(lines, counting) == (Poll.Pending, 1)
        assert await poll_for_units(lines, counting) == (Poll.Pending, 0)
        await far.write_all(b"\n")
        assert await poll_for_units(lines, counting) == (Poll.Ready("half"), 2)

    mezame.run(main())


def test_rule_a_datagram_without_a_frame_costs_what_its_read_costs() -> None:
    async def main() -> None:
        near, far = await leaves_io.udp_pair()
        counting = CountingWaker()
        lines = UdpFramed(near, LinesCodec()).next()
        assert await poll_for_units(lines, counting) == (Poll.Pending, 0)
        far.try_send(b"")
        await until(lambda: counting.wakes)
        assert await poll_for_units(lines, counting) == (Poll.Pending, 1)
        far.try_send(b"x\n")
        await until(lambda: counting.wakes == 2)
        answer, units = await poll_for_units(lines, counting)
        assert answer.value[0] == "x" and units == 2  # type: ignore[attr-defined]

    mezame.run(main())


def test_rule_a_half_that_finds_the_other_in_its_poll_is_woken_when_that_is_over() -> None:
    inside, outside = CountingWaker(), CountingWaker()
    both = Both(None)

    def poll_inside(cx: mezame.Context) -> Any:
        assert both.poll(0, inside.cx, lambda cx: Poll.Ready(1)) is Poll.Pending
        assert inside.wakes == 0
        return Poll.Ready(2)

    assert both.poll(1, outside.cx, poll_inside) == Poll.Ready(2)
    assert (inside.wakes, outside.wakes) == (1, 0)
    assert both.poll(0, inside.cx, lambda cx: Poll.Ready(1)) == Poll.Ready(1)
