"""Future: ``into_future`` of everything, the await protocol, and the rules of polling that leaves keep."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import types
import warnings
import weakref
from collections.abc import Generator
from typing import Any

import pytest
from polling import CountingWaker, Gate, in_thread

import mezame
from mezame import CancelledError, Executor, Poll, into_future
from mezame.core import coop

NOOP = mezame.Context.from_waker(mezame.Waker.noop())


async def answer() -> int:
    return 42


class Awaitable:
    """Neither a coroutine nor a Future: only ``__await__``."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.inner.__await__()


# --- into_future -----------------------------------------------------------------------------------------


def test_a_coroutine_becomes_a_future_that_is_lazy() -> None:
    ran = []

    async def body() -> int:
        ran.append(1)
        return 1

    future = into_future(body())
    assert ran == []
    assert future.poll(NOOP) == Poll.Ready(1)
    assert ran == [1]


def test_a_future_is_returned_as_it_is() -> None:
    gate = Gate()
    assert into_future(gate) is gate
    wrapped = into_future(answer())
    assert into_future(wrapped) is wrapped
    wrapped.close()


def test_a_task_becomes_a_future_of_its_outcome() -> None:
    executor = Executor()
    task = executor.spawn(answer())
    counting = CountingWaker()
    future = into_future(task)
    assert future.poll(counting.cx) is Poll.Pending
    executor.run()
    assert counting.wakes == 1
    assert future.poll(counting.cx) == Poll.Ready(42)


def test_an_object_with_await_is_awaited() -> None:
    gate, counting = Gate(), CountingWaker()
    future = into_future(Awaitable(gate))
    assert future.poll(counting.cx) is Poll.Pending
    gate.open("value")
    assert (counting.wakes, future.poll(counting.cx)) == (1, Poll.Ready("value"))


def test_a_generator_based_coroutine_is_awaited() -> None:
    @types.coroutine
    def old_style() -> Generator[Any, Any, int]:
        value = yield from gate.__await__()
        return 2 * value

    async def main() -> int:
        return await into_future(old_style())  # type: ignore[no-any-return]

    gate = Gate()
    gate.answer = Poll.Ready(4)
    assert Executor().run_until(main()) == 8


def test_a_concurrent_future_wakes_from_its_thread() -> None:
    source: concurrent.futures.Future[int] = concurrent.futures.Future()
    counting = CountingWaker()
    future = into_future(source)
    assert future.poll(counting.cx) is Poll.Pending
    in_thread(lambda: source.set_result(5))
    assert counting.wakes == 1
    assert future.poll(counting.cx) == Poll.Ready(5)


def test_a_concurrent_future_that_fails_raises_at_the_await() -> None:
    source: concurrent.futures.Future[int] = concurrent.futures.Future()
    source.set_exception(ValueError("of the pool"))
    with pytest.raises(ValueError, match="of the pool"):
        Executor().run_until(source)


def test_an_asyncio_future_is_awaited_inside_a_task() -> None:
    loop = asyncio.new_event_loop()
    try:
        source = loop.create_future()

        async def main() -> object:
            return await source

        executor = Executor()
        task = executor.spawn(main())
        executor.run_until_stalled()
        assert not task.is_finished()
        source.set_result("asyncio's")
        loop.run_until_complete(asyncio.sleep(0))  # asyncio calls done callbacks in its own loop
        executor.run()
        assert task.result() == "asyncio's"
    finally:
        loop.close()


@pytest.mark.parametrize("wrong", [None, 3, "text", object(), answer, [1]], ids=repr)
def test_what_cannot_be_awaited_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(TypeError) as caught:
        into_future(wrong)
    assert repr(wrong) in str(caught.value)
    with pytest.raises(TypeError):
        Executor().spawn(wrong)


def test_the_error_for_a_function_says_to_call_it() -> None:
    with pytest.raises(TypeError, match="call it"):
        into_future(answer)


def test_a_foreign_yield_gets_a_type_error_at_its_await() -> None:
    class Foreign:
        def __await__(self) -> Generator[Any, Any, Any]:
            yield "something of another library"

    async def main() -> str:
        try:
            await Foreign()
        except TypeError as error:
            return str(error)
        return "no error"

    assert "something of another library" in Executor().run_until(main())


def test_a_bare_yield_lets_the_others_run() -> None:
    class Bare:
        def __await__(self) -> Generator[Any, Any, None]:
            yield

    log: list[str] = []

    async def one(name: str) -> None:
        log.append(name)
        await Bare()
        log.append(name)

    executor = Executor()
    executor.spawn(one("a"))
    executor.spawn(one("b"))
    executor.run()
    assert log == ["a", "b", "a", "b"]


# --- the await protocol --------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, 0, (), (1, 2), [1], ValueError("as a value"), StopIteration(3)], ids=repr)
def test_any_value_comes_through_an_await(value: object) -> None:
    """Tuples and exceptions are what a C iterator's end mistakes for arguments of StopIteration."""

    async def main() -> object:
        return await mezame.ready(value)

    assert Executor().run_until(main()) is value


def test_a_python_subclass_is_awaited_and_may_keep_state() -> None:
    class Countdown(mezame.Future[str]):
        def __init__(self, n: int) -> None:
            self.n = n

        def poll(self, cx: mezame.Context) -> Any:
            if self.n == 0:
                return Poll.Ready("lift-off")
            self.n -= 1
            cx.waker.wake()
            return Poll.Pending

    executor = Executor()
    assert executor.run_until(Countdown(3)) == "lift-off"
    assert executor.polls == 4


def test_what_a_poll_raises_is_raised_at_the_await() -> None:
    class Broken(mezame.Future[None]):
        def poll(self, cx: mezame.Context) -> Any:
            raise LookupError("in poll")

    async def main() -> str:
        try:
            await Broken()
        except LookupError as error:
            return str(error)
        return "nothing"

    assert Executor().run_until(main()) == "in poll"


@pytest.mark.parametrize("wrong", [None, 3, (Poll.Ready, 1)], ids=repr)
def test_a_poll_that_answers_no_poll_is_named(wrong: object) -> None:
    class Wrong(mezame.Future[None]):
        def poll(self, cx: mezame.Context) -> Any:
            return wrong

    async def main() -> None:
        await Wrong()

    with pytest.raises(TypeError, match=r"Wrong\.poll returned"):
        Executor().run_until(main())
    with pytest.raises(TypeError, match=r"PollFn\.poll returned|poll returned"):
        mezame.poll_fn(lambda cx: wrong).poll(NOOP)


def test_a_future_without_poll_says_so() -> None:
    class Empty(mezame.Future[None]):
        pass

    with pytest.raises(TypeError, match="Empty is a Future without a poll"):
        Empty().poll(NOOP)


def test_poll_fn_wants_a_callable() -> None:
    with pytest.raises(TypeError, match="not 3"):
        mezame.poll_fn(3)  # type: ignore[arg-type]


def test_awaiting_outside_of_any_runtime_says_what_to_do() -> None:
    async def main() -> None:
        await Gate()

    coro = main()
    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        coro.send(None)


@pytest.mark.parametrize("kind", ["instance", "class"])
def test_throw_closes_the_leaf_and_raises(kind: str) -> None:
    gate = Gate()
    gate.poll(CountingWaker().cx)
    with pytest.raises(ValueError):
        gate.throw(ValueError("x") if kind == "instance" else ValueError)
    assert (gate.closes, gate.waker) == (1, None)


def test_a_cancelled_await_closes_the_leaf_once_and_before_the_handler_runs() -> None:
    gate = Gate()
    seen = []

    async def main() -> None:
        try:
            await gate
        finally:
            seen.append(gate.closes)

    executor = Executor()
    task = executor.spawn(main())
    executor.run_until_stalled()
    task.abort()
    executor.run()
    assert seen == [1] and gate.closes == 1


def test_a_coroutine_that_is_collected_closes_its_leaf() -> None:
    gate = Gate()

    async def main() -> None:
        await gate

    future = into_future(main())
    future.poll(CountingWaker().cx)
    del future
    gc.collect()
    assert gate.closes == 1 and gate.waker is None


def test_the_context_of_an_outer_poll_is_restored() -> None:
    """A coroutine polled by hand inside a task sees its own waker; the task sees its own again after it."""
    outer_gate, inner_gate, counting = Gate(), Gate(), CountingWaker()

    async def inner() -> None:
        await inner_gate

    async def main() -> None:
        future = into_future(inner())
        assert future.poll(counting.cx) is Poll.Pending
        await outer_gate
        assert future.poll(counting.cx) == Poll.Ready(None)

    executor = Executor()
    task = executor.spawn(main())
    executor.run_until_stalled()
    inner_gate.open()
    assert counting.wakes == 1
    assert executor.queue_depth == 0
    outer_gate.open()
    assert executor.queue_depth == 1
    executor.run()
    assert task.is_finished()


# --- a coroutine as a future: cancel, throw, close ---------------------------------------------------------


def started(coro: Any) -> Any:
    future = into_future(coro)
    assert future.poll(NOOP) is Poll.Pending
    return future


def test_cancel_is_thrown_at_the_await_and_the_unwinding_may_await() -> None:
    log = []
    gate = Gate()

    async def body() -> None:
        try:
            await mezame.pending()
        finally:
            log.append("unwinding")
            await gate
            log.append("unwound")

    future = started(body())
    assert future.cancel()
    assert future.poll(NOOP) is Poll.Pending
    assert log == ["unwinding"] and not future.is_finished()
    gate.open()
    with pytest.raises(CancelledError):
        future.poll(NOOP)
    assert log == ["unwinding", "unwound"] and future.is_finished()


def test_cancel_of_a_coroutine_that_never_ran_runs_no_line_of_it() -> None:
    ran = []

    async def body() -> None:
        ran.append(1)

    future = into_future(body())
    assert future.cancel()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CancelledError):
            future.poll(NOOP)
    assert ran == [] and future.is_finished() and not future.cancel()


def test_cancel_can_throw_another_error() -> None:
    async def body() -> str:
        try:
            await mezame.pending()
        except TimeoutError as error:
            return str(error)
        return "no error"

    future = started(body())
    future.cancel(TimeoutError("too slow"))
    assert future.poll(NOOP) == Poll.Ready("too slow")


def test_close_unwinds_at_once_and_is_idempotent() -> None:
    log = []
    gate = Gate()

    async def body() -> None:
        try:
            await gate
        finally:
            log.append("closed")

    future = started(body())
    future.close()
    future.close()
    assert log == ["closed"] and gate.closes == 1 and future.is_finished()
    with pytest.raises(RuntimeError):
        future.poll(NOOP)


def test_close_of_a_coroutine_that_swallows_the_cancellation_still_ends_it() -> None:
    log = []

    async def body() -> None:
        try:
            await mezame.pending()
        except CancelledError:
            log.append("swallowed")

    future = started(body())
    future.close()
    assert log == ["swallowed"] and future.is_finished()


def test_throwing_into_an_awaited_future_of_a_coroutine_reaches_the_coroutine() -> None:
    log = []

    async def inner() -> str:
        try:
            await mezame.pending()
        except CancelledError:
            await mezame.yield_now()
            log.append("inner unwound")
            raise
        return "no"

    async def outer() -> None:
        await into_future(inner())

    executor = Executor()
    task = executor.spawn(outer())
    executor.run_until_stalled()
    task.abort()
    executor.run()
    assert log == ["inner unwound"] and task.cancelled()


def test_repr_of_a_coroutine_future_names_the_coroutine() -> None:
    future = into_future(answer())
    assert repr(future) == "<future of answer>"
    future.close()


# --- design.md 2 -------------------------------------------------------------------------------------------


def finished_task() -> Any:
    executor = Executor()
    task = executor.spawn(answer())
    executor.run()
    return task


def driven_leaf() -> Any:
    return Executor().drive(answer())


LEAVES = {
    "ready": lambda: mezame.ready(1),
    "poll_fn": lambda: mezame.poll_fn(lambda cx: Poll.Ready(1)),
    "coroutine": lambda: into_future(answer()),
    "join": lambda: finished_task().join_future(),
    "yield_now": mezame.yield_now,
    "consume_budget": coop.consume_budget,
    "unconstrained": lambda: coop.unconstrained(answer()),
    "drive": driven_leaf,
    "concurrent future": lambda: into_future(done_concurrent()),
}


def done_concurrent() -> concurrent.futures.Future[int]:
    future: concurrent.futures.Future[int] = concurrent.futures.Future()
    future.set_result(1)
    return future


@pytest.mark.parametrize("leaf", LEAVES)
def test_rule_polling_after_ready_raises(leaf: str) -> None:
    future = LEAVES[leaf]()
    for _ in range(3):
        if future.poll(NOOP).is_ready():
            break
    else:
        pytest.fail(f"{leaf} was not ready after three polls")
    with pytest.raises(RuntimeError, match="after it completed"):
        future.poll(NOOP)


@pytest.mark.parametrize("leaf", [name for name in LEAVES if name not in ("ready", "poll_fn")])
def test_rule_closing_is_idempotent_at_every_moment(leaf: str) -> None:
    fresh = LEAVES[leaf]()
    fresh.close()
    fresh.close()
    polled = LEAVES[leaf]()
    polled.poll(NOOP)
    polled.close()
    polled.close()


def pending_join() -> tuple[Any, Any]:
    executor = Executor()
    gate = Gate()
    task = executor.spawn(gate)
    executor.run_until_stalled()

    def finish() -> None:
        gate.open()
        executor.run()

    return task.join_future(), finish


def pending_concurrent() -> tuple[Any, Any]:
    source: concurrent.futures.Future[None] = concurrent.futures.Future()
    return into_future(source), lambda: source.set_result(None)


def pending_drive() -> tuple[Any, Any]:
    executor = Executor()
    gate = Gate()
    return executor.drive(gate), gate.open


def pending_coroutine() -> tuple[Any, Any]:
    gate = Gate()

    async def wait() -> None:
        await gate

    return into_future(wait()), gate.open


PENDING_LEAVES = {
    "join": pending_join,
    "concurrent future": pending_concurrent,
    "drive": pending_drive,
    "coroutine": pending_coroutine,
}


@pytest.mark.parametrize("leaf", PENDING_LEAVES)
def test_rule_pending_has_arranged_a_wake(leaf: str) -> None:
    future, finish = PENDING_LEAVES[leaf]()
    counting = CountingWaker()
    assert future.poll(counting.cx) is Poll.Pending
    assert counting.wakes == 0
    finish()
    assert counting.wakes == 1
    assert future.poll(counting.cx).is_ready()


@pytest.mark.parametrize("leaf", PENDING_LEAVES)
def test_rule_the_waker_of_the_latest_poll_is_the_one_that_is_woken(leaf: str) -> None:
    future, finish = PENDING_LEAVES[leaf]()
    earlier, latest = CountingWaker(), CountingWaker()
    assert future.poll(earlier.cx) is Poll.Pending
    assert future.poll(latest.cx) is Poll.Pending
    finish()
    assert (earlier.wakes, latest.wakes) == (0, 1)


@pytest.mark.parametrize("leaf", PENDING_LEAVES)
def test_rule_a_spurious_poll_is_harmless(leaf: str) -> None:
    future, finish = PENDING_LEAVES[leaf]()
    counting = CountingWaker()
    for _ in range(5):
        assert future.poll(counting.cx) is Poll.Pending
    finish()
    assert counting.wakes == 1
    assert future.poll(counting.cx).is_ready()


class Callback:
    """A callable that can be held weakly."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


@pytest.mark.parametrize("leaf", ["join", "drive", "coroutine"])
def test_rule_dropping_a_pending_leaf_keeps_no_waker(leaf: str) -> None:
    future, finish = PENDING_LEAVES[leaf]()
    callback = Callback()
    watched = weakref.ref(callback)
    assert future.poll(mezame.Context.from_waker(mezame.Waker.from_callable(callback))) is Poll.Pending
    future.close()
    calls = callback.calls
    finish()
    assert callback.calls == calls == 0
    del callback
    gc.collect()
    assert watched() is None


def test_rule_the_budget_is_drawn_on_by_every_leaf_that_could_go_on_for_ever() -> None:
    """A loop over leaves that are always ready must give way after 128 of them."""
    done = finished_task()
    gate_free = {
        "join": lambda: done,
        "consume_budget": coop.consume_budget,
    }
    for name, make in gate_free.items():
        executor = Executor()
        turns: list[int] = []
        count = 0

        async def greedy(make: Any = make) -> None:
            nonlocal count
            while not turns:  # noqa: B023
                await make()
                count += 1

        async def other() -> None:
            turns.append(count)  # noqa: B023

        executor.spawn(greedy())
        executor.spawn(other())
        executor.run()
        assert turns == [128], name


def test_rule_a_deferred_leaf_at_zero_budget_is_polled_again() -> None:
    """At zero the leaf answers Pending: a wake must be on its way, or the task would sleep for ever."""
    done = finished_task()
    counts = []

    async def greedy() -> None:
        for _ in range(300):
            await done
        counts.append(300)

    executor = Executor()
    executor.spawn(greedy())
    executor.run_until_stalled()
    assert counts == [300] and executor.polls == 3
