"""The end of an owned future: at once, as far as that goes, or awaited."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from ..core.context import Context
from ..core.future import into_future
from ..core.poll import PENDING
from ..core.waker import Waker
from ..future.unwind import unwind
from ..runtime.spawn import spawn

if TYPE_CHECKING:
    from .from_aiter import FromAiter
    from .owned import Owned


async def close_owned(owned: Owned) -> None:
    """``Owned.aclose``."""
    future, owned.future = owned.future, None
    if future is not None:
        try:
            await unwind(future)
        except StopAsyncIteration:
            pass  # an iteration that took the cancellation for its end


async def close_iterator(step: Owned, iterator: Any) -> None:
    """Ends the step in progress, then the iterator: a generator must not be running when it is closed."""
    try:
        await step.aclose()
    finally:
        closing = getattr(iterator, "aclose", None)
        if closing is not None:
            await closing()


async def close_from_aiter(stream: FromAiter) -> None:
    """``FromAiter.aclose``."""
    await close_iterator(*stream.let_go())


def finish(ending: Coroutine[Any, Any, Any], name: str) -> None:
    """Runs ``ending`` as far as it need not wait; the rest is a task, or is cut off where there is no runtime."""
    future = into_future(ending)
    try:
        answer = future.poll(Context(Waker.noop()))
    except StopAsyncIteration:
        return
    if answer is PENDING:
        try:
            spawn(future, name=f"end of {name}")
        except RuntimeError:
            future.close()


def finish_all(futures: Iterable[Any]) -> None:
    """Ends each in this way; then the first error is raised."""
    first: BaseException | None = None
    for future in futures:
        try:
            finish(unwind(future), repr(future))
        except BaseException as error:
            first = first or error
    if first is not None:
        raise first
