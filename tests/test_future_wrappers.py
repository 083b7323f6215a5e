"""Futures around one other: lazy, once, and cancelled as what is inside."""

import gc

import pytest
from polling import CountingWaker, Gate

import mezame
from mezame import Poll
from mezame.future import (
    Aborted,
    Fuse,
    MaybeDone,
    abortable,
    catch,
    failed,
    lazy,
    now_or_never,
    pending_once,
    poll,
    poll_immediate,
    poll_once,
)


async def fail(error=None):
    raise error or ValueError("x")


async def give(value):
    await mezame.yield_now()
    return value


def unwinding(log):
    async def work():
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("unwound")

    return work()


async def settle():
    for _ in range(5):
        await mezame.yield_now()


# --- chaining ----------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_chains_are_lazy_and_pass_values_on():
    calls = []

    def note(value):
        calls.append(value)
        return value + 1

    chain = mezame.pin(give(1)).map(note).then(lambda n: give(10 * n)).inspect(note).map(note)
    assert calls == []
    assert await chain == 21 and calls == [1, 20, 20]
    with pytest.raises(RuntimeError, match="completed"):
        await chain


@pytest.mark.mezame
async def test_failures_pass_maps_and_are_met_by_the_error_side():
    seen = []
    with pytest.raises(ValueError):
        await mezame.pin(fail()).map(seen.append).inspect(seen.append).then(give)
    assert seen == []
    with pytest.raises(KeyError) as caught:
        await mezame.pin(fail()).map_err(lambda error: KeyError(str(error)))
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(ValueError):
        await mezame.pin(fail()).map_err(lambda error: error)
    assert await mezame.pin(fail()).or_else(lambda error: give(str(error))) == "x"
    assert await mezame.pin(give(1)).or_else(lambda error: give(2)) == 1
    assert await mezame.pin(give(1)).map_err(KeyError) == 1
    with pytest.raises(TypeError, match="or_else"):
        await mezame.pin(fail()).map_err(str)


def test_chaining_needs_functions():
    for chain in ("map", "then", "inspect", "map_err", "or_else"):
        with pytest.raises(TypeError, match=chain):
            getattr(mezame.ready(1), chain)(3)


@pytest.mark.mezame
@pytest.mark.parametrize(
    "wrap",
    [
        lambda f: mezame.pin(f).map(str),
        lambda f: mezame.pin(f).then(give),
        lambda f: mezame.ready(1).then(lambda _: f),
        lambda f: mezame.pin(f).or_else(give),
        lambda f: mezame.pin(f).map(str).inspect(print),
        Fuse,
        catch,
        MaybeDone,
        lambda f: abortable(f)[0],
        lambda f: mezame.task.cooperative(f),
    ],
)
async def test_cancelling_a_wrapper_unwinds_what_is_inside(wrap):
    log = []

    async def hold():
        await wrap(unwinding(log))

    task = mezame.spawn(hold())
    await settle()
    assert log == []
    task.abort()
    with pytest.raises(mezame.JoinError):
        await task
    assert log == ["unwound"]
    with pytest.raises(TimeoutError):
        await mezame.timeout(0, wrap(unwinding(log)))
    assert log == ["unwound"] * 2


def test_closing_a_wrapper_closes_the_leaf_inside():
    for wrap in (lambda f: f.map(str), Fuse, catch, MaybeDone, lambda f: abortable(f)[0]):
        gate = Gate()
        wrapper = wrap(gate)
        assert wrapper.poll(CountingWaker().cx) is Poll.Pending
        wrapper.close()
        assert gate.closes >= 1 and gate.waker is None
        assert type(wrapper).__name__ in repr(wrapper)


@pytest.mark.mezame
async def test_into_stream_gives_one_item():
    assert [item async for item in mezame.ready(3).into_stream()] == [3]
    gate = Gate()
    stream = gate.into_stream()
    await stream.aclose()
    assert gate.closes == 1 and [item async for item in stream] == []


# --- small ones --------------------------------------------------------------------------------------------


def test_failed_and_lazy_complete_once():
    cx, calls = CountingWaker().cx, []
    future = failed(ValueError("x"))
    with pytest.raises(ValueError, match="x"):
        future.poll(cx)
    with pytest.raises(RuntimeError, match="completed"):
        future.poll(cx)
    future = lazy(lambda given: calls.append(given) or 5)
    assert calls == [] and future.poll(cx) == Poll.Ready(5) and calls == [cx]
    with pytest.raises(RuntimeError, match="completed"):
        future.poll(cx)
    with pytest.raises(TypeError, match="exception"):
        failed("x")
    with pytest.raises(TypeError, match="function"):
        lazy(3)


def test_fuse_is_pending_for_ever_after_its_end():
    cx = CountingWaker().cx
    gate = Gate()
    fuse = Fuse(gate)
    assert fuse.poll(cx) is Poll.Pending and not fuse.is_terminated()
    gate.open(1)
    assert fuse.poll(cx) == Poll.Ready(1) and fuse.is_terminated()
    assert fuse.poll(cx) is Poll.Pending and gate.polls == 2
    failing = Fuse(fail())
    with pytest.raises(ValueError):
        failing.poll(cx)
    assert failing.is_terminated() and failing.poll(cx) is Poll.Pending
    over = Fuse.terminated()
    assert over.is_terminated() and over.poll(cx) is Poll.Pending


@pytest.mark.mezame
async def test_catch_gives_failures_as_values_but_no_cancellation():
    assert await catch(give(1)) == (1, None)
    value, error = await catch(fail())
    assert value is None and isinstance(error, ValueError)
    with pytest.raises(KeyboardInterrupt):
        catch(failed(KeyboardInterrupt())).poll(CountingWaker().cx)


def test_now_or_never_polls_once_and_closes():
    gate = Gate()
    assert now_or_never(gate, "never") == "never" and (gate.polls, gate.closes) == (1, 1)
    assert now_or_never(mezame.ready(None), "never") is None
    with pytest.raises(ValueError):
        now_or_never(fail())
    log = []

    async def work():
        try:
            await gate
        finally:
            log.append("closed")

    assert now_or_never(work()) is None and log == ["closed"]


@pytest.mark.mezame
async def test_poll_once_keeps_the_waker_and_a_borrowed_future():
    gate, log = Gate(), []

    async def look():
        log.append(await poll_once(gate, "not yet"))
        return await gate

    task = mezame.spawn(look())
    await settle()
    assert log == ["not yet"] and gate.closes == 0
    gate.open("value")
    assert await task == "value"
    assert await poll_once(unwinding(log)) is None and log == ["not yet", "unwound"]
    assert await poll_once(mezame.ready(4)) == 4


@pytest.mark.mezame
async def test_poll_immediate_of_an_absent_future():
    assert await poll_immediate() is None and await poll_immediate(None, 3) == 3
    assert await poll_immediate(mezame.ready(1)) == 1 and await poll_immediate(mezame.pending(), 2) == 2


@pytest.mark.mezame
async def test_poll_gives_the_answer_and_borrows():
    gate = Gate()
    assert await poll(gate) is Poll.Pending and gate.closes == 0
    gate.open(1)
    assert await poll(gate) == Poll.Ready(1)
    with pytest.raises(ValueError):
        await poll(failed(ValueError()))
    with pytest.raises(TypeError, match="pin"):
        await poll(give(1))


def test_pending_once_arranges_no_wake():
    counting = CountingWaker()
    future = pending_once()
    assert future.poll(counting.cx) is Poll.Pending and counting.wakes == 0
    assert future.poll(counting.cx) == Poll.Ready(None)
    with pytest.raises(RuntimeError, match="completed"):
        future.poll(counting.cx)


def test_maybe_done_keeps_its_value_until_it_is_taken():
    cx = CountingWaker().cx
    gate = Gate()
    future = MaybeDone(gate)
    assert future.poll(cx) is Poll.Pending and not future.is_done() and future.take_output("no") == "no"
    gate.open(7)
    assert future.poll(cx) == Poll.Ready(None) == future.poll(cx) and future.is_done()
    assert future.take_output() == 7 and future.take_output("gone") == "gone" and gate.polls == 2
    with pytest.raises(RuntimeError, match="taken"):
        future.poll(cx)
    failing = MaybeDone(fail())
    with pytest.raises(ValueError):
        failing.poll(cx)
    with pytest.raises(RuntimeError, match="failed"):
        failing.poll(cx)


# --- abortable ---------------------------------------------------------------------------------------------


def test_abort_wakes_and_is_looked_at_before_the_poll():
    counting, gate = CountingWaker(), Gate()
    work, handle = abortable(gate)
    assert work.poll(counting.cx) is Poll.Pending and not work.is_aborted()
    handle.abort()
    handle.clone().abort()
    assert counting.wakes == 1 and handle.is_aborted() and work.is_aborted()
    with pytest.raises(Aborted):
        work.poll(counting.cx)
    assert gate.polls == 1 and gate.closes == 1
    with pytest.raises(RuntimeError, match="completed"):
        work.poll(counting.cx)


def test_an_abort_after_the_end_changes_nothing():
    work, handle = abortable(mezame.ready(1))
    assert work.poll(CountingWaker().cx) == Poll.Ready(1)
    handle.abort()


@pytest.mark.mezame
async def test_an_aborted_coroutine_unwinds_before_aborted_is_raised():
    log = []
    work, handle = abortable(unwinding(log))

    async def hold():
        with pytest.raises(Aborted):
            await work
        log.append("aborted")

    task = mezame.spawn(hold())
    await settle()
    handle.abort()
    await task
    assert log == ["unwound", "aborted"]


@pytest.mark.mezame
async def test_an_abort_from_another_thread():
    work, handle = abortable(mezame.pending())
    job = mezame.spawn_blocking(handle.abort)
    with pytest.raises(Aborted):
        await work
    await job


def test_a_never_polled_coroutine_is_aborted_without_running():
    work, handle = abortable(fail())
    handle.abort()
    with pytest.raises(Aborted):
        work.poll(CountingWaker().cx)
    gc.collect()


def test_pin_makes_a_coroutine_a_future_that_select_borrows():
    async def main():
        pinned = mezame.pin(give(3))
        assert await mezame.select(pinned, mezame.ready(1), biased=True) == (1, 1)
        return await pinned

    assert mezame.run(main()) == 3
