"""BufStream: both directions of a stream buffered."""

from __future__ import annotations

from typing import Any

from .buf_reader import BUFFER_SIZE, BufReader
from .buf_writer import BufWriter


class BufStream(BufReader):
    """A ``BufReader`` on a ``BufWriter`` on ``inner``: reads and writes have a buffer each.

    Args:
        inner: an ``AsyncRead`` and ``AsyncWrite``.
        read_capacity, write_capacity: bytes of the two buffers.

    Flush it, or use ``async with``, as a ``BufWriter``.

    >>> import mezame
    >>> from mezame.io import BufStream, duplex
    >>> async def main():
    ...     ours, theirs = duplex(64)
    ...     async with BufStream(ours) as stream:
    ...         await theirs.write_all(b"ping\\n")
    ...         line = await stream.read_line()
    ...         await stream.write_all(line.encode() * 2)
    ...     return await theirs.read_to_end()
    >>> mezame.run(main())
    b'ping\\nping\\n'

    Source of the semantics: ``tokio::io::BufStream``.
    """

    def __init__(self, inner: Any, read_capacity: int = BUFFER_SIZE, write_capacity: int = BUFFER_SIZE) -> None:
        BufReader.__init__(self, BufWriter(inner, write_capacity), read_capacity)

    @property
    def inner(self) -> Any:
        """The stream below both buffers."""
        return self._inner.inner

    def into_inner(self) -> Any:
        """Gives back the stream below. What is in the buffers is lost."""
        return self._inner.into_inner()
