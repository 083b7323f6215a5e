"""pipe: a new anonymous pipe."""

from __future__ import annotations

import os

from .receiver import Receiver
from .sender import Sender


def pipe() -> tuple[Sender, Receiver]:
    """A new pipe: (its writing end, its reading end). Raises ``RuntimeError`` without a runtime, ``OSError``.

    >>> import mezame
    >>> from mezame.net.pipe import pipe
    >>> async def main():
    ...     sender, receiver = pipe()
    ...     with sender, receiver:
    ...         await sender.write_all(b"ping")
    ...         return await receiver.read()
    >>> mezame.run(main())
    b'ping'

    Source of the semantics: ``tokio::net::unix::pipe::pipe``.
    """
    reading, writing = os.pipe()
    try:
        receiver = Receiver.from_fd(reading, unchecked=True)
    except BaseException:
        os.close(reading)
        os.close(writing)
        raise
    try:
        return Sender.from_fd(writing, unchecked=True), receiver
    except BaseException:
        os.close(writing)
        receiver.close()
        raise
