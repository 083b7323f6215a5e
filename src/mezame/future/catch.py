"""catch: a failure as a value."""

from __future__ import annotations

from typing import Any

from ..core.poll import Poll
from ..core.wrapper import Wrapper


class Catch(Wrapper):
    """The future of ``catch``."""

    __slots__ = ()

    def _answer(self, value: Any) -> Any:
        return (value, None)

    def _failed(self, error: Exception) -> Any:
        return Poll.Ready((None, error))


def catch(future: Any) -> Catch:
    """A future that does not fail: ``(value, None)``, or ``(None, exception)``.

    Cancellation, ``KeyboardInterrupt`` and ``SystemExit`` are no failures: they pass through. Cancel safe as far as
    ``future`` is.

    >>> import mezame
    >>> mezame.block_on(mezame.future.catch(mezame.future.failed(ValueError("no"))))
    (None, ValueError('no'))

    Source of the semantics: ``futures::FutureExt::catch_unwind``.
    """
    return Catch(future)
