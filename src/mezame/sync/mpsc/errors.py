"""The errors of mpsc: what could not be sent comes back in ``value``."""

from __future__ import annotations

from typing import Any

from ..errors import SendError, variant

__all__ = ["SendError", "SendTimeoutError", "TryRecvError", "TrySendError"]


class TrySendError(Exception):
    """``try_send`` could not: ``TrySendError.Full`` or ``.Closed``. ``value`` is the message.

    Source of the semantics: ``tokio::sync::mpsc::error::TrySendError``.
    """

    Full: type[TrySendError]
    Closed: type[TrySendError]

    def __init__(self, value: Any, message: str) -> None:
        super().__init__(message)
        self.value = value


variant(TrySendError, "Full", "There is no free slot.")
variant(TrySendError, "Closed", "The receiver was closed or is gone.")


class SendTimeoutError(Exception):
    """``send_timeout`` did not send: ``SendTimeoutError.Timeout`` or ``.Closed``. ``value`` is the message.

    Source of the semantics: ``tokio::sync::mpsc::error::SendTimeoutError``.
    """

    Timeout: type[SendTimeoutError]
    Closed: type[SendTimeoutError]

    def __init__(self, value: Any, message: str) -> None:
        super().__init__(message)
        self.value = value


variant(SendTimeoutError, "Timeout", "There was no free slot in time.")
variant(SendTimeoutError, "Closed", "The receiver was closed or is gone.")


class TryRecvError(Exception):
    """``try_recv`` found nothing: ``TryRecvError.Empty`` (yet) or ``.Disconnected`` (for ever).

    Source of the semantics: ``tokio::sync::mpsc::error::TryRecvError``.
    """

    Empty: type[TryRecvError]
    Disconnected: type[TryRecvError]


variant(TryRecvError, "Empty", "No message waits.")
variant(TryRecvError, "Disconnected", "No message waits, and none will come.")
