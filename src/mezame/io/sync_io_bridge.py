"""SyncIoBridge: a stream as a file object, for code that blocks: ``zipfile``, ``csv``, in ``spawn_blocking``."""

from __future__ import annotations

import io
import os
from typing import Any

from ..runtime.handle import Handle
from .adapter import is_buffered
from .operation import as_bytes


class SyncIoBridge(io.RawIOBase):
    """A binary file object whose calls wait for a stream. Use it in ``spawn_blocking``, or another thread.

    Args:
        stream: any stream; the file can do what it can: read, write, seek.
        handle: the runtime that drives the stream; default the current one.

    Each call raises ``RuntimeError`` where tasks are polled: it would block them. ``write`` writes all of it. ``close``
    closes the stream and does not flush; ``with`` does. ``io.BufferedReader`` and ``io.TextIOWrapper`` can stand on it.

    >>> import mezame
    >>> from mezame.io import Cursor, SyncIoBridge
    >>> async def main():
    ...     file = SyncIoBridge(Cursor(b"one\\ntwo\\n"))
    ...     return await mezame.spawn_blocking(file.readlines)
    >>> mezame.run(main())
    [b'one\\n', b'two\\n']

    Source of the semantics: ``tokio_util::io::SyncIoBridge``.
    """

    def __init__(self, stream: Any, handle: Handle | None = None) -> None:
        self._stream: Any = stream
        self._handle = Handle.current() if handle is None else handle

    def _wait(self, future: Any) -> Any:
        return self._handle.block_on(future)

    def _can(self, method: str, what: str) -> Any:
        if self._stream is None or self.closed:
            raise ValueError("I/O operation on closed file.")
        if not hasattr(self._stream, method):
            raise io.UnsupportedOperation(f"{type(self._stream).__name__} cannot {what}")
        return self._stream

    def readable(self) -> bool:
        return hasattr(self._stream, "poll_read")

    def writable(self) -> bool:
        return hasattr(self._stream, "poll_write")

    def seekable(self) -> bool:
        return hasattr(self._stream, "start_seek")

    def readinto(self, buffer: Any) -> int:
        return int(self._wait(self._can("poll_read", "be read").read_into(buffer)))

    def readall(self) -> bytes:
        return bytes(self._wait(self._can("poll_read", "be read").read_to_end()))

    def readline(self, size: int | None = -1) -> bytes:
        stream = self._can("poll_read", "be read")
        if (size is None or size < 0) and is_buffered(stream):
            return bytes(self._wait(stream.read_until(b"\n")))
        return super().readline(size)

    def write(self, data: Any) -> int:
        flat = as_bytes(data)
        self._wait(self._can("poll_write", "be written").write_all(flat))
        return len(flat)

    def is_write_vectored(self) -> bool:
        """That of the stream."""
        return bool(self._can("poll_write", "be written").is_write_vectored())

    def flush(self) -> None:
        # io.RawIOBase calls it within close(), which may be the garbage collector's, in any thread: no stream then.
        if self.writable():
            self._wait(self._can("poll_write", "be written").flush())

    def shutdown(self) -> None:
        """Flushes, and ends the stream for its reader."""
        self._wait(self._can("poll_write", "be written").shutdown())

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return int(self._wait(self._can("start_seek", "seek").seek(offset, whence)))

    def into_inner(self) -> Any:
        """The stream; the file is closed for further use, the stream is not."""
        stream, self._stream = self._stream, None
        super().close()
        return stream

    def close(self) -> None:
        """Closes the stream. Idempotent."""
        stream, self._stream = getattr(self, "_stream", None), None
        super().close()
        if stream is not None:
            stream.close()

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        try:
            if kind is None and not self.closed:
                self.flush()
        finally:
            self.close()
