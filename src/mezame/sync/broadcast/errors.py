"""The errors of broadcast."""

from __future__ import annotations

from ..errors import SendError, variant

__all__ = ["RecvError", "SendError", "TryRecvError"]


class RecvError(Exception):
    """``recv`` got no message: ``RecvError.Lagged`` (``skipped`` messages were overwritten) or ``.Closed``.

    Source of the semantics: ``tokio::sync::broadcast::error::RecvError``.
    """

    Lagged: type[RecvError]
    Closed: type[RecvError]
    skipped: int


class TryRecvError(Exception):
    """``try_recv`` got no message: ``TryRecvError.Empty`` (yet), ``.Lagged`` or ``.Closed``.

    Source of the semantics: ``tokio::sync::broadcast::error::TryRecvError``.
    """

    Empty: type[TryRecvError]
    Lagged: type[TryRecvError]
    Closed: type[TryRecvError]
    skipped: int


class _Lag:
    def __init__(self, skipped: int) -> None:
        Exception.__init__(self, skipped)  # type: ignore[arg-type]
        self.skipped = skipped

    def __str__(self) -> str:
        return f"the receiver was too slow: {self.skipped} messages were overwritten; the next recv goes on after them"


variant(RecvError, "Lagged", "``skipped`` messages were overwritten before they were received.", _Lag)
variant(RecvError, "Closed", "Every sender was closed, and all that is kept was received.")
variant(TryRecvError, "Empty", "No new message.")
variant(TryRecvError, "Lagged", "``skipped`` messages were overwritten before they were received.", _Lag)
variant(TryRecvError, "Closed", "Every sender was closed, and all that is kept was received.")
