"""AllowStdIo: an ordinary file object as a stream. Its calls block the thread: for files in memory, and for tests."""

from __future__ import annotations

import os
from typing import Any

from ..core.context import Context
from ..core.coop import poll_proceed
from ..core.poll import PENDING, make_ready
from .async_read import AsyncRead
from .async_seek import AsyncSeek
from .async_write import AsyncWrite
from .operation import forward
from .read_buf import ReadBuf


class AllowStdIo(AsyncRead, AsyncWrite, AsyncSeek):
    """A binary file object (``io.BytesIO``, ``open(..., "rb")``) as a stream that never waits.

    Each poll makes the file's call, which blocks the thread for as long as it takes: use ``mezame.fs`` for files.

    >>> import io, mezame
    >>> from mezame.io import AllowStdIo
    >>> mezame.run(AllowStdIo(io.BytesIO(b"hello")).read_to_end())
    b'hello'

    Source of the semantics: ``futures::io::AllowStdIo``.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._position = 0

    @property
    def inner(self) -> Any:
        """The file object."""
        return self._file

    def into_inner(self) -> Any:
        """The file object."""
        return self._file

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        if not poll_proceed(cx):
            return PENDING
        read_into = getattr(self._file, "readinto", None)
        if read_into is not None:
            count = read_into(buf.unfilled())
            buf.advance(self._there("read", count))
        else:
            data = forward(self._file, "read")(buf.remaining())
            buf.put_slice(self._there("read", data))
        return make_ready(None)

    def poll_write(self, cx: Context, data: Any) -> Any:
        if not poll_proceed(cx):
            return PENDING
        return make_ready(self._there("write", forward(self._file, "write")(data)))

    def _there(self, what: str, answer: Any) -> Any:
        if answer is None:  # a non-blocking raw file that would block, and that nothing could wake us for
            raise BlockingIOError(f"{what} of {self._file!r} would block: use AsyncFd for what is non-blocking")
        return answer

    def poll_flush(self, cx: Context) -> Any:
        forward(self._file, "flush")()
        return make_ready(None)

    def poll_shutdown(self, cx: Context) -> Any:
        return self.poll_flush(cx)

    def start_seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        self._position = forward(self._file, "seek")(offset, whence)

    def poll_complete(self, cx: Context) -> Any:
        return make_ready(self._position)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
