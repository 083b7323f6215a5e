"""send_timeout: a send that gives up after a while, with its message."""

from __future__ import annotations

from typing import Any

from ...time.timeout import Elapsed, timeout
from ..errors import SendError
from .errors import SendTimeoutError


async def send_within(send: Any, value: Any, duration: Any) -> None:
    """Awaits ``send``, the future of ``Sender.send(value)``, for ``duration`` at most. See ``Sender.send_timeout``."""
    try:
        await timeout(duration, send)
    except Elapsed:
        raise SendTimeoutError.Timeout(value, "there was no room in the channel in time") from None
    except SendError:
        raise SendTimeoutError.Closed(value, "the receiver is gone") from None
