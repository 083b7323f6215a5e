"""open_sender and open_receiver: the ends of a FIFO, a pipe with a name in the file system."""

from __future__ import annotations

import os
from typing import Any

from .receiver import Receiver
from .sender import Sender


def open_receiver(path: Any, *, read_write: bool = False, unchecked: bool = False) -> Receiver:
    """Opens a FIFO for reading. It does not wait for a sender.

    Args:
        path: of the FIFO.
        read_write: open it for both: then it has a sender always, and never ends. Linux only.
        unchecked: do without the check that it is a FIFO.

    Without ``read_write``, reads give ``b""`` as long as there is no sender. Raises ``ValueError`` if it is no FIFO,
    ``OSError`` if it cannot be opened, ``RuntimeError`` without a runtime.

    Source of the semantics: ``tokio::net::unix::pipe::OpenOptions::open_receiver``.
    """
    return _open(Receiver, path, os.O_RDWR if read_write else os.O_RDONLY, unchecked)  # type: ignore[no-any-return]


def open_sender(path: Any, *, read_write: bool = False, unchecked: bool = False) -> Sender:
    """Opens a FIFO for writing. It does not wait for a receiver: without one it raises ``OSError`` (ENXIO).

    Args:
        path: of the FIFO.
        read_write: open it for both: then it has a receiver always. Linux only.
        unchecked: do without the check that it is a FIFO.

    Raises ``ValueError`` if it is no FIFO, ``OSError`` if it cannot be opened, ``RuntimeError`` without a runtime.

    >>> import mezame, os, tempfile
    >>> from mezame.net.pipe import open_receiver, open_sender
    >>> async def main(path):
    ...     os.mkfifo(path)
    ...     with open_receiver(path) as receiver:
    ...         with open_sender(path) as sender:
    ...             await sender.write_all(b"hello")
    ...         return await receiver.read_to_end()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mezame.run(main(os.path.join(folder, "fifo")))
    b'hello'

    Source of the semantics: ``tokio::net::unix::pipe::OpenOptions::open_sender``.
    """
    return _open(Sender, path, os.O_RDWR if read_write else os.O_WRONLY, unchecked)  # type: ignore[no-any-return]


def _open(kind: Any, path: Any, access: int, unchecked: bool) -> Any:
    number = os.open(path, access | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return kind.from_fd(number, unchecked=unchecked)
    except ValueError as error:
        os.close(number)
        raise ValueError(f"{path!r} is no FIFO: make one with os.mkfifo(path)") from error
    except BaseException:
        os.close(number)
        raise
