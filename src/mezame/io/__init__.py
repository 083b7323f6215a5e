"""Byte I/O: the traits that readers and writers share, and all that stands on them.

A stream of bytes is ``class X(AsyncRead, AsyncWrite)``: ``poll_read``, ``poll_write``, ``poll_flush`` and
``poll_shutdown`` make it one, and give it ``read``, ``read_exact``, ``write_all`` and the rest. Reading order:
``read_buf.py``, ``async_read.py``, ``async_write.py``, ``async_buf_read.py``.
"""

from ..errors import UnexpectedEof, WriteZero
from .async_buf_read import AsyncBufRead
from .async_read import AsyncRead
from .async_seek import AsyncSeek
from .async_write import AsyncWrite
from .cursor import Cursor
from .read_buf import ReadBuf

__all__ = [
    "AsyncBufRead",
    "AsyncRead",
    "AsyncSeek",
    "AsyncWrite",
    "Cursor",
    "ReadBuf",
    "UnexpectedEof",
    "WriteZero",
]
