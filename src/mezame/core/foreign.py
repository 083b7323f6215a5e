"""The borders of our executor: foreign awaitables inside it, our futures awaited outside it.

Inside a task, ``await`` meets three foreign yields: an ``asyncio.Future`` (its done callback is a waker), a
bare ``None`` (what ``asyncio.sleep(0)``-like generators yield: let others run), and anything else, which
gets a TypeError at its await.

Outside of our executor the futures that need no driver (channels, locks, join handles) are awaitable on
any loop: their waker completes what that loop understands.
"""

from __future__ import annotations

import concurrent.futures
import sys
from collections.abc import Coroutine, Generator
from typing import Any

from .context import Context
from .current import current
from .poll import PENDING
from .waker import Waker


async def _awaiting(obj: Any) -> Any:
    return await obj


def wrap_awaitable(obj: Any) -> Coroutine[Any, Any, Any]:
    """A coroutine that awaits ``obj``. Raises ``TypeError`` naming ``obj`` and the likely mistake."""
    if isinstance(obj, concurrent.futures.Future):
        return _awaiting_concurrent(obj)
    if hasattr(obj, "__await__") or getattr(getattr(obj, "gi_code", None), "co_flags", 0) & 0x100:
        return _awaiting(obj)
    hint = "call it: f()" if callable(obj) else "an async def call, a Future, or an object with __await__ is needed"
    raise TypeError(f"{obj!r} is not a future: {hint}")


async def _awaiting_concurrent(future: concurrent.futures.Future[Any]) -> Any:
    from .future import poll_fn
    from .poll import Poll

    wakers: list[Waker] = []

    def done(_: Any) -> None:
        for waker in wakers:
            waker.wake()

    def poll(cx: Context) -> Any:
        if not future.done():
            wakers[:] = [cx.waker]
            if future.done():  # the callback may have run just before the waker was there
                return Poll.Ready(None)
            return PENDING
        return Poll.Ready(None)

    future.add_done_callback(done)
    await poll_fn(poll)
    return future.result()


def on_foreign_yield(out: Any, cx: Context, cur: Any) -> BaseException | None:
    """A coroutine yielded ``out``, which is not ours. Arranges the wake, or gives the error to throw."""
    if out is None:
        cur.defer(cx)
        return None
    if getattr(out, "_asyncio_future_blocking", None):
        out._asyncio_future_blocking = False
        waker = cx.waker

        def done(_: Any) -> None:
            waker.wake()

        loop = out.get_loop()
        if loop.is_running() and running_loop() is not loop:
            # The future belongs to a loop in another thread, and asyncio's futures are not thread-safe.
            loop.call_soon_threadsafe(out.add_done_callback, done)
        else:
            out.add_done_callback(done)
        return None
    return TypeError(
        f"a coroutine of another async library yielded {out!r} inside a mezame task; only asyncio futures "
        "and mezame futures can be awaited here"
    )


def running_loop() -> Any:
    asyncio = sys.modules.get("asyncio")
    return asyncio._get_running_loop() if asyncio is not None else None


def await_outside(future: Any) -> Generator[Any, Any, Any]:
    """``future`` awaited with no mezame task around it: under asyncio, under trio, or an error."""
    loop = running_loop()
    if loop is not None:
        return _await_in_asyncio(future, loop)
    trio = sys.modules.get("trio")
    if trio is not None:
        try:
            task = trio.lowlevel.current_task()
        except RuntimeError:
            task = None
        if task is not None:
            return _await_in_trio(future, trio, task)
    slot = current()
    if slot.dropping:
        return _await_in_drop(future)
    if slot.forked:
        raise RuntimeError(
            f"{type(future).__name__} was awaited in the child of a fork, whose parent's loop cannot go on here: "
            "exec, or make a new runtime (mezame.run(main())), or use a new process (multiprocessing 'spawn')"
        )
    raise RuntimeError(
        f"{type(future).__name__} was awaited outside of a runtime: run it with mezame.run(main()), "
        "or from asyncio or trio"
    )


def _await_in_drop(future: Any) -> Generator[Any, Any, Any]:
    """Its task is being dropped, and nobody will wake it: it stays here, and ``close`` of the coroutine says so.

    (An error would have code that tries again, until it succeeds, try for ever.)
    """
    future.close()
    while True:
        yield PENDING


def _await_in_asyncio(future: Any, loop: Any) -> Generator[Any, Any, Any]:
    try:
        while True:
            waiting = loop.create_future()

            def complete(waiting: Any = waiting) -> None:
                if not waiting.done():
                    waiting.set_result(None)

            def wake(complete: Any = complete) -> None:
                try:
                    loop.call_soon_threadsafe(complete)
                except RuntimeError:  # the loop was closed: nobody waits there any more
                    pass

            answer = future.poll(Context(Waker.from_callable(wake)))
            if answer is not PENDING:
                return answer.value
            yield from waiting
    except BaseException:
        future.close()
        raise


def _await_in_trio(future: Any, trio: Any, task: Any) -> Generator[Any, Any, Any]:
    token = trio.lowlevel.current_trio_token()
    try:
        while True:
            # Of the waits that this task makes one after the other only the latest may be ended by a wake.
            state = {"woken": False, "parked": False}

            def resume(state: dict[str, bool] = state) -> None:
                if state["parked"] and not state["woken"]:
                    state["woken"] = True
                    trio.lowlevel.reschedule(task)
                state["woken"] = True

            def wake(resume: Any = resume) -> None:
                try:
                    token.run_sync_soon(resume)
                except trio.RunFinishedError:  # nobody waits there any more
                    pass

            answer = future.poll(Context(Waker.from_callable(wake)))
            if answer is not PENDING:
                return answer.value
            if state["woken"]:
                continue
            state["parked"] = True

            def abort(_: Any, state: dict[str, bool] = state) -> Any:
                state["parked"] = False
                return trio.lowlevel.Abort.SUCCEEDED

            yield from trio.lowlevel.wait_task_rescheduled(abort).__await__()
            state["parked"] = False
    except BaseException:
        future.close()
        raise
