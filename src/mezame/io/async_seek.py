"""AsyncSeek: a stream with a position: ``start_seek`` and ``poll_complete`` make it one. One seek at a time."""

from __future__ import annotations

import os
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING
from .operation import Operation

WHENCES = (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END)


class AsyncSeek:
    """A stream with a position.

    >>> import mezame
    >>> from mezame.io import Cursor
    >>> async def main():
    ...     cursor = Cursor(b"abcdef")
    ...     await cursor.seek(-2, 2)
    ...     return await cursor.read(), await cursor.tell(), await cursor.rewind()
    >>> mezame.run(main())
    (b'ef', 6, 0)

    Source of the semantics: ``tokio::io::AsyncSeek`` and ``tokio::io::AsyncSeekExt``.
    """

    __slots__ = ()

    def start_seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        """Begins to move; ``poll_complete`` says when it is done. Raises ``OSError`` if a seek is under way."""
        raise TypeError(f"{type(self).__name__} is an AsyncSeek without start_seek(offset, whence): define it")

    def poll_complete(self, cx: Context) -> Any:
        """``Poll.Ready(position)`` once no seek is under way (any more), or ``Poll.Pending``."""
        raise TypeError(f"{type(self).__name__} is an AsyncSeek without poll_complete(cx): define it")

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> Any:
        """Moves to ``offset`` bytes from the start (0), from here (1) or from the end (2); awaits to the new position.

        Raises ``ValueError`` for another ``whence`` or a position before the start. Waits for a seek that is under
        way. Cancel safe: it may have been done or not.

        Source of the semantics: ``tokio::io::AsyncSeekExt::seek``.
        """
        if whence not in WHENCES:
            raise ValueError(f"seek: whence must be 0 (start), 1 (here) or 2 (end), not {whence!r}")
        if not isinstance(offset, int) or isinstance(offset, bool):
            raise TypeError(f"seek: offset must be a number of bytes, not {offset!r}")
        return Seek(self, offset, whence)

    def rewind(self) -> Any:
        """``seek(0)``."""
        return self.seek(0)

    def tell(self) -> Any:
        """Awaits to the position: ``seek(0, 1)``.

        Source of the semantics: ``tokio::io::AsyncSeekExt::stream_position``.
        """
        return self.seek(0, os.SEEK_CUR)


class Seek(Operation):
    """The future of ``seek``: waits for the seek before it, then makes its own."""

    __slots__ = ("_offset", "_started", "_whence")

    def __init__(self, io: Any, offset: int, whence: int) -> None:
        Operation.__init__(self, io)
        self._offset = offset
        self._whence = whence
        self._started = False

    def _step(self, cx: Context) -> Any:
        if not self._started:
            if self._io.poll_complete(cx) is PENDING:
                return PENDING
            self._io.start_seek(self._offset, self._whence)
            self._started = True
        return self._io.poll_complete(cx)
