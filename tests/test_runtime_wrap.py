"""Handle.wrap: a future that somebody else polls, in this runtime's context."""

from __future__ import annotations

import asyncio
import threading

import pytest
from polling import PATIENCE, CountingWaker, Gate

import mezame
from mezame import Poll
from mezame.runtime import Handle


@pytest.fixture(params=["current_thread", "multi_thread"])
def driven(request):
    """A runtime that a thread drives."""
    options = {"worker_threads": 1} if request.param == "multi_thread" else {}
    runtime = mezame.Runtime(request.param, **options)
    stop = mezame.sync.CancellationToken()
    thread = threading.Thread(target=lambda: runtime.block_on(stop.cancelled()))
    thread.start()
    yield runtime
    stop.cancel()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    runtime.close()


async def work():
    handle = Handle.current()
    await mezame.sleep(0.001)
    assert Handle.current() is handle
    return handle, await mezame.spawn(where())


async def where():
    return Handle.current(), threading.get_ident()


def test_asyncio_runs_what_needs_a_runtime(driven):
    async def main():
        handle, (spawned_on, thread) = await driven.handle().wrap(work())
        with pytest.raises(RuntimeError):
            Handle.current()
        return handle is driven.handle() and spawned_on is handle and thread != threading.get_ident()

    assert asyncio.run(main())


def test_a_runtime_without_timers_uses_those_of_another(driven):
    async def main():
        handle, _ = await driven.handle().wrap(work())
        return handle is driven.handle() and Handle.current() is not handle

    with mezame.Runtime(enable_time=False, enable_io=False) as bare:
        assert bare.block_on(main())


def test_the_context_is_left_after_each_poll_also_when_it_fails():
    with mezame.Runtime() as runtime:
        gate = Gate()
        counting = CountingWaker()
        wrapped = runtime.handle().wrap(gate)

        def outside():
            with pytest.raises(RuntimeError):
                Handle.current()
            return True

        assert outside()
        assert wrapped.poll(counting.cx) is Poll.Pending
        assert outside()
        gate.open(7)
        assert counting.wakes == 1
        assert wrapped.poll(counting.cx) == Poll.Ready(7)
        with pytest.raises(RuntimeError, match="after it completed"):
            wrapped.poll(counting.cx)

        async def fails():
            raise KeyError(Handle.current() is runtime.handle())

        with pytest.raises(KeyError, match="True"):
            runtime.handle().wrap(fails()).poll(counting.cx)
        assert outside()


def test_its_end_comes_in_the_context_too(driven):
    seen = []

    async def waits():
        try:
            await mezame.sleep(100)
        finally:
            seen.append(Handle.current())
            await mezame.sleep(0.001)
            seen.append(Handle.current())

    async def aborted():
        task = mezame.spawn(driven.handle().wrap(waits()))
        await mezame.yield_now()
        task.abort()
        with pytest.raises(mezame.JoinError):
            await task

    with mezame.Runtime(enable_time=False) as bare:
        bare.block_on(aborted())
    assert seen == [driven.handle()] * 2
    class Leaf(Gate):
        def close(self):
            super().close()
            seen.append(Handle.current())

    leaf = Leaf()
    wrapped = driven.handle().wrap(leaf)
    wrapped.close()
    wrapped.close()
    assert leaf.closes == 2
    assert seen == [driven.handle()] * 4


def test_what_is_no_future_is_refused():
    with mezame.Runtime() as runtime, pytest.raises(TypeError, match="is not a future"):
        runtime.handle().wrap(7)
