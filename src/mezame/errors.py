"""Every exception of the library that has no closer home. Imports nothing of the library."""

from __future__ import annotations

# That very class, so that every library's ``except CancelledError`` and ``finally`` works.
from asyncio.exceptions import CancelledError

__all__ = [
    "CancelledError",
    "EnterError",
    "InvalidHistogramConfiguration",
    "JoinError",
    "RuntimeClosedError",
    "SelectError",
    "ShutdownError",
    "TimerError",
    "TryCurrentError",
    "UnexpectedEof",
    "WriteZero",
]


class JoinError(Exception):
    """The task that was awaited has no value: it was aborted.

    A task that failed re-raises its own exception from ``await``; where both outcomes have to be one
    object (``JoinSet``), ``is_panic`` tells that an exception escaped, and ``__cause__`` and
    ``into_panic()`` give it.

    Attributes: ``id``, the task's id.
    """

    def __init__(self, message: str, *, id: int, cancelled: bool) -> None:
        super().__init__(message)
        self.id = id
        self._cancelled = cancelled

    def is_cancelled(self) -> bool:
        """True if the task was aborted."""
        return self._cancelled

    def is_panic(self) -> bool:
        """True if an exception escaped from the task."""
        return not self._cancelled

    def into_panic(self) -> BaseException:
        """The exception that escaped. Raises ``ValueError`` if the task was aborted instead."""
        if self._cancelled or self.__cause__ is None:
            raise ValueError("the task was cancelled, it did not fail: ask is_panic() first")
        return self.__cause__


class InvalidHistogramConfiguration(ValueError):
    """A ``HistogramConfiguration`` that cannot be.

    Attributes: ``required_bucket_count``, how many buckets it takes if that is too many, else None.

    Source of the semantics: ``tokio::runtime::InvalidHistogramConfiguration``.
    """

    def __init__(self, message: str, *, required_bucket_count: int | None = None) -> None:
        super().__init__(message)
        self.required_bucket_count = required_bucket_count


class EnterError(RuntimeError):
    """A blocking call that drives futures was made where one is already being driven."""


class RuntimeClosedError(RuntimeError):
    """The runtime that this needs was closed."""


RuntimeShutdownError = RuntimeClosedError
"""Its other name, for who looks for tokio's ``is_rt_shutdown_err``."""


class TimerError(RuntimeClosedError):
    """A timer cannot fire: its runtime was closed. Public as ``mezame.time.Error``.

    Source of the semantics: ``tokio::time::error::Error``.
    """

    def is_shutdown(self) -> bool:
        """True: the runtime of the timer was closed."""
        return True

    def is_at_capacity(self) -> bool:
        """False: there is no limit to the number of timers."""
        return False

    def is_invalid(self) -> bool:
        """False: an overlong deadline is shortened, and a bad one raises where it is given."""
        return False


class ShutdownError(RuntimeError):
    """A task failed in a runtime whose policy is to shut down then; ``__cause__`` is that failure."""


class TryCurrentError(RuntimeError):
    """There is no current runtime on this thread."""

    def is_missing_context(self) -> bool:
        """True: no runtime was entered on this thread."""
        return True

    def is_thread_local_destroyed(self) -> bool:
        """False: Python keeps a thread's state until the thread is gone."""
        return False


class SelectError(RuntimeError):
    """All branches of a ``select`` are disabled and it has no ``else_``."""


class UnexpectedEof(EOFError, OSError):
    """A stream ended before what was asked for had come.

    Attributes: ``partial``, the bytes that came; ``expected``, how many were wanted.
    """

    def __init__(self, message: str, *, partial: bytes, expected: int) -> None:
        super().__init__(message)
        self.partial = partial
        self.expected = expected


class WriteZero(OSError):
    """A sink took nothing of what was written to it: it is full for good.

    Attribute: ``written``, how many bytes it had taken before.

    Source of the semantics: ``std::io::ErrorKind::WriteZero``.
    """

    def __init__(self, message: str, *, written: int) -> None:
        super().__init__(message)
        self.written = written
