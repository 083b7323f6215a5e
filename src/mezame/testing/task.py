"""Spawn: a future or a stream to be polled by hand, with a waker that counts.

    spawn(f) --poll()--> Poll        the answer, as the future gave it
       |                             from here on ``is_woken()`` says whether the waker was called since this poll,
       |                             and ``waker_ref_count()`` how many keep it: 1 is nobody but we
       +--close()------> dropped     what the future registered is gone: ``waker_ref_count()`` is 1 again

No runtime runs it, so nothing happens between two polls but what the test does.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from ..core.context import Context
from ..core.future import into_future
from ..core.poll import PENDING
from ..core.waker import Waker
from . import assertions

__all__ = ["Spawn", "spawn"]

MOST_POLLS = 10_000  # of poll_until_idle: one that still wakes itself will not stop


class Spawn:
    """A future or stream under the hands of a test: see ``spawn``.

    Source of the semantics: ``tokio_test::task::Spawn``.
    """

    __slots__ = ("_future", "_given", "_seen", "_stream", "_twin", "_waker", "_wakes")

    def __init__(self, future: Any) -> None:
        self._given = future
        self._stream: Any = None
        self._future: Any = None
        if hasattr(future, "poll_next"):
            self._stream = future
        elif hasattr(future, "__anext__") and not hasattr(future, "__await__"):
            from ..stream import stream

            self._stream = stream(future)
        else:
            self._future = into_future(future)
        self._wakes: list[None] = []  # one for each wake: append is atomic, from any thread
        self._seen = 0
        self._waker = Waker.from_callable(functools.partial(self._wakes.append, None))
        self._twin = Waker.from_callable(functools.partial(self._wakes.append, None))  # which nobody else gets

    @property
    def future(self) -> Any:
        """What was given to ``spawn``: its own methods and state."""
        return self._given

    def enter(self, function: Callable[[Context, Any], Any]) -> Any:
        """Calls ``function(cx, future)`` with our waker, as one poll; returns what it returns."""
        self._seen = len(self._wakes)
        return function(Context.from_waker(self._waker), self._given)

    def poll(self) -> Any:
        """Polls once: ``Poll.Ready(value)`` or ``Poll.Pending``. Raises what the future raises.

        Raises ``TypeError`` for a stream: see ``poll_next``.
        """
        if self._future is None:
            raise TypeError(f"{self._given!r} is a stream, not a future: call poll_next()")
        self._seen = len(self._wakes)
        return self._future.poll(Context.from_waker(self._waker))

    def poll_next(self) -> Any:
        """Polls a stream once: ``Poll.Ready(item)``, ``Poll.Ready(END)`` or ``Poll.Pending``. Raises what it raises."""
        if self._stream is None:
            raise TypeError(f"{self._given!r} is a future, not a stream: call poll()")
        self._seen = len(self._wakes)
        return self._stream.poll_next(Context.from_waker(self._waker))

    def poll_until_idle(self) -> Any:
        """Polls a future as long as it wakes itself: until it is Ready, or Pending with nothing on the way.

        Returns the last answer. Raises ``AssertionError`` if it still wakes itself after 10,000 polls.
        """
        for _ in range(MOST_POLLS):
            answer = self.poll()
            if answer is not PENDING or not self.is_woken():
                return answer
        raise AssertionError(f"{self._given!r} still wakes itself after {MOST_POLLS} polls")

    def is_woken(self) -> bool:
        """True if the waker was called since the last poll began."""
        return len(self._wakes) > self._seen

    def wakes(self) -> int:
        """How often the waker was called in all."""
        return len(self._wakes)

    def waker_ref_count(self) -> int:
        """1 + how many references to the waker others keep. After ``close``, or Ready, it must be 1.

        A clone of a waker is the same object, so that two places that keep it count as two.
        """
        return 1 + sys.getrefcount(self._waker) - sys.getrefcount(self._twin)

    def assert_pending(self) -> None:
        """Polls once, and raises ``AssertionError`` unless the answer is Pending."""
        __tracebackhide__ = True
        assertions.assert_pending(self.poll())

    def assert_ready(self) -> Any:
        """Polls once, and raises ``AssertionError`` unless the answer is Ready; returns the value."""
        __tracebackhide__ = True
        return assertions.assert_ready(self.poll())

    def assert_ready_eq(self, expected: Any) -> None:
        """Polls once, and raises ``AssertionError`` unless the answer is Ready with a value equal to ``expected``."""
        __tracebackhide__ = True
        assertions.assert_ready_eq(self.poll(), expected)

    def close(self) -> None:
        """Drops the future: it unregisters all that it left behind. Idempotent."""
        if self._future is not None:
            self._future.close()
        else:
            self._stream.drop() if hasattr(self._stream, "drop") else self._stream.close()

    def __enter__(self) -> Spawn:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Spawn of {self._given!r}, woken {self.wakes()} times>"


def spawn(future: Any) -> Spawn:
    """Puts a future or a stream into the hands of the test. It is not polled yet.

    Args:
        future: a coroutine, a ``Future`` or another awaitable; a ``Stream`` or an async iterator.

    Raises ``TypeError`` for anything else.

    >>> from mezame.sync import oneshot
    >>> from mezame.testing import task
    >>> tx, rx = oneshot.channel()
    >>> receiving = task.spawn(rx)
    >>> receiving.assert_pending()
    >>> receiving.waker_ref_count()       # the channel keeps our waker
    2
    >>> tx.send("hello")
    >>> receiving.is_woken(), receiving.poll()
    (True, Poll.Ready('hello'))
    >>> receiving.waker_ref_count()       # and let it go
    1

    Source of the semantics: ``tokio_test::task::spawn``.
    """
    return Spawn(future)
