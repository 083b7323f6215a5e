"""Watched: a stream around another one that tells how many bytes went through. How to write a stream of one's own.

``poll_read``, ``poll_write``, ``poll_flush`` and ``poll_shutdown`` make it one; ``read``, ``write_all`` and the rest
come with the two base classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mezame import Context, Poll
from mezame.io import AsyncRead, AsyncWrite, ReadBuf


class Watched(AsyncRead, AsyncWrite):
    """``stream``, with ``was_read(bytes)`` and ``was_written(bytes)`` called whenever some went through."""

    def __init__(self, stream: Any, was_read: Callable[[int], None], was_written: Callable[[int], None]) -> None:
        self._stream = stream
        self._was_read = was_read
        self._was_written = was_written

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        before = buf.filled_len()
        answer = self._stream.poll_read(cx, buf)
        if buf.filled_len() > before:
            self._was_read(buf.filled_len() - before)
        return answer

    def poll_write(self, cx: Context, data: Any) -> Any:
        answer = self._stream.poll_write(cx, data)
        if answer is not Poll.Pending:
            self._was_written(answer.value)
        return answer

    def poll_flush(self, cx: Context) -> Any:
        return self._stream.poll_flush(cx)

    def poll_shutdown(self, cx: Context) -> Any:
        return self._stream.poll_shutdown(cx)

    def close(self) -> None:
        self._stream.close()
