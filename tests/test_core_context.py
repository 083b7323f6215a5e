"""Context: it carries the waker of a poll, and says so when it is used after it."""

from __future__ import annotations

import pytest
from polling import CountingWaker, Gate

import mezame
from mezame import Context, Executor, Poll, Waker


def test_from_waker_hands_out_that_waker() -> None:
    counting = CountingWaker()
    assert Context.from_waker(counting.waker).waker is counting.waker
    assert Context(counting.waker).waker is counting.waker


@pytest.mark.parametrize("wrong", [None, 3, lambda: None], ids=["None", "3", "function"])
def test_something_that_is_no_waker_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"Waker\.from_callable"):
        Context(wrong)  # type: ignore[arg-type]


def test_a_context_drives_any_future_by_hand() -> None:
    counting, gate = CountingWaker(), Gate()
    assert gate.poll(counting.cx) is Poll.Pending
    assert counting.wakes == 0
    gate.open("through")
    assert counting.wakes == 1
    assert gate.poll(counting.cx) == Poll.Ready("through")


def test_a_kept_context_of_a_loop_raises_instead_of_crashing() -> None:
    kept: list[Context] = []

    class Keep(mezame.Future[None]):
        def poll(self, cx: Context) -> object:
            kept.append(cx)
            return Poll.Ready(None)

    async def main() -> None:
        await Keep()

    Executor().run_until(main())
    with pytest.raises(RuntimeError, match="during the poll"):
        _ = kept[0].waker
    assert "no poll" in repr(kept[0])


@pytest.mark.parametrize("leaf", ["task", "yield_now", "poll_fn"])
def test_a_poll_without_a_context_raises_instead_of_crashing(leaf: str) -> None:
    executor = Executor()
    futures = {
        "task": executor.spawn(mezame.pending()),
        "yield_now": mezame.yield_now(),
        "poll_fn": mezame.poll_fn(lambda cx: Poll.Ready(cx.waker)),
    }
    with pytest.raises((TypeError, AttributeError)):
        futures[leaf].poll(None)  # type: ignore[arg-type]
    executor.close()


def test_repr_names_the_waker() -> None:
    assert repr(Context(Waker.noop())) == "<Context of <Waker.noop()>>"
