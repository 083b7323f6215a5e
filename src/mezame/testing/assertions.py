"""Assertions on the answer of one poll, and on how much time has passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, PendingType, Ready
from ..core.waker import NOOP
from ..future.end import END
from ..time.duration import to_ns
from ..time.instant import now_ns

_MS = 1_000_000


def assert_pending(answer: Any) -> None:
    """Raises ``AssertionError`` unless ``answer``, what a ``poll`` returned, is ``Poll.Pending``.

    >>> import mezame
    >>> from mezame.testing import assert_pending, task
    >>> assert_pending(task.spawn(mezame.pending()).poll())

    Source of the semantics: ``tokio_test::assert_pending``.
    """
    __tracebackhide__ = True
    _check(answer)
    if answer is not PENDING:
        raise AssertionError(f"it is ready, with {answer.value!r}, and should be pending")


def assert_ready(answer: Any) -> Any:
    """The value of ``answer``, what a ``poll`` returned. Raises ``AssertionError`` if it is ``Poll.Pending``.

    >>> import mezame
    >>> from mezame.testing import assert_ready, task
    >>> assert_ready(task.spawn(mezame.ready(1)).poll())
    1

    Source of the semantics: ``tokio_test::assert_ready``.
    """
    __tracebackhide__ = True
    _check(answer)
    if answer is PENDING:
        raise AssertionError("it is pending, and should be ready")
    return answer.value


def assert_ready_eq(answer: Any, expected: Any) -> None:
    """Raises ``AssertionError`` unless ``answer`` is ``Poll.Ready`` with a value equal to ``expected``.

    Source of the semantics: ``tokio_test::assert_ready_eq``.
    """
    __tracebackhide__ = True
    value = assert_ready(answer)
    if value != expected:
        raise AssertionError(f"it is ready with {value!r}, and should be with {expected!r}")


def assert_raises_ready(kind: Any, poll: Callable[[], Any]) -> Any:
    """Calls ``poll()``, which must raise ``kind``; returns the exception.

    Args:
        kind: an exception class, or a tuple of them.
        poll: a function of no arguments: ``task.poll``, ``task.poll_next``.

    Raises ``AssertionError`` if it answers Pending, or is ready with a value; another exception passes through.

    >>> import mezame
    >>> from mezame.testing import assert_raises_ready, task
    >>> failing = task.spawn(mezame.future.failed(ValueError("no")))
    >>> assert_raises_ready(ValueError, failing.poll)
    ValueError('no')

    Source of the semantics: ``tokio_test::assert_ready_err``.
    """
    __tracebackhide__ = True
    try:
        answer = poll()
    except kind as error:
        return error
    _check(answer)
    what = "it is pending" if answer is PENDING else f"it is ready with {answer.value!r}"
    raise AssertionError(f"{what}, and should have raised {kind!r}")


def assert_elapsed(start: float, duration: Any) -> None:
    """Raises ``AssertionError`` unless ``duration`` has passed since ``start``, up to the 1 ms that timers round up.

    Args:
        start: an ``Instant`` of the runtime's clock, which a test pauses.
        duration: seconds, or a ``timedelta``.

    >>> import mezame
    >>> from mezame.testing import assert_elapsed
    >>> async def main():
    ...     start = mezame.time.now()
    ...     await mezame.sleep(3600)
    ...     assert_elapsed(start, 3600)
    >>> mezame.run(main(), start_paused=True)

    Source of the semantics: ``tokio_test::assert_elapsed``.
    """
    __tracebackhide__ = True
    expected = to_ns(duration)
    # Instants are floats of seconds: to a microsecond they are exact for decades, to a nanosecond they are not.
    elapsed = now_ns() - round(float(start) * 1e9)
    if not expected - 1000 <= elapsed <= expected + _MS + 1000:
        wanted = f"{expected / 1e9:.6f} s (up to 1 ms more)"
        raise AssertionError(f"{elapsed / 1e9:.6f} s have passed, and should be {wanted}")


def assert_stream_pending(stream: Any) -> None:
    """Polls ``stream`` once, waking nobody; raises ``AssertionError`` unless it is pending.

    >>> import mezame
    >>> from mezame.testing import assert_stream_done, assert_stream_next, assert_stream_pending
    >>> assert_stream_pending(mezame.stream.pending())
    >>> numbers = mezame.stream.iter([1])
    >>> assert_stream_next(numbers, 1)
    >>> assert_stream_done(numbers)

    Source of the semantics: ``futures_test::assert_stream_pending``.
    """
    __tracebackhide__ = True
    answer = _poll_next(stream)
    if answer is not PENDING:
        what = "it is at its end" if answer.value is END else f"its next item is {answer.value!r}"
        raise AssertionError(f"{what}, and it should be pending")


def assert_stream_next(stream: Any, expected: Any) -> None:
    """Polls ``stream`` once; raises ``AssertionError`` unless its next item is there and equals ``expected``.

    Source of the semantics: ``futures_test::assert_stream_next``.
    """
    __tracebackhide__ = True
    answer = _poll_next(stream)
    if answer is PENDING or answer.value is END or answer.value != expected:
        what = (
            "it is pending"
            if answer is PENDING
            else "it is at its end"
            if answer.value is END
            else f"its next item is {answer.value!r}"
        )
        raise AssertionError(f"{what}, and its next item should be {expected!r}")


def assert_stream_done(stream: Any) -> None:
    """Polls ``stream`` once; raises ``AssertionError`` unless it is at its end.

    Source of the semantics: ``futures_test::assert_stream_done``.
    """
    __tracebackhide__ = True
    answer = _poll_next(stream)
    if answer is PENDING or answer.value is not END:
        what = "it is pending" if answer is PENDING else f"its next item is {answer.value!r}"
        raise AssertionError(f"{what}, and it should be at its end")


def _poll_next(stream: Any) -> Any:
    __tracebackhide__ = True
    answer = stream.poll_next(Context.from_waker(NOOP))
    _check(answer)
    return answer


def _check(answer: Any) -> None:
    __tracebackhide__ = True
    if not isinstance(answer, (Ready, PendingType)):
        raise TypeError(f"{answer!r} is no Poll: give what poll() returned")
