"""Byte I/O: the traits that readers and writers share, and all that stands on them.

A stream of bytes is ``class X(AsyncRead, AsyncWrite)``: ``poll_read``, ``poll_write``, ``poll_flush`` and
``poll_shutdown`` make it one, and give it ``read``, ``read_exact``, ``write_all`` and the rest. Reading order:
``read_buf.py``, ``async_read.py``, ``async_write.py``, ``async_buf_read.py``, ``buf_reader.py``, ``copy.py``.
"""

from ..errors import UnexpectedEof, WriteZero
from .allow_std_io import AllowStdIo
from .async_buf_read import AsyncBufRead
from .async_read import AsyncRead
from .async_seek import AsyncSeek
from .async_write import AsyncWrite
from .buf_reader import BufReader
from .buf_stream import BufStream
from .buf_writer import BufWriter
from .chain import Chain
from .copy import copy, copy_buf, copy_buf_abortable
from .copy_bidirectional import copy_bidirectional
from .cursor import Cursor
from .duplex import DuplexStream, duplex
from .join import Join, join
from .line_writer import LineWriter
from .lines import Lines, Split
from .read_buf import ReadBuf
from .simplex import SimplexReader, SimplexStream, SimplexWriter, simplex
from .split import ReadHalf, WriteHalf, split
from .take import Take
from .trivial import Empty, Repeat, Sink, empty, repeat, sink

__all__ = [
    "AllowStdIo",
    "AsyncBufRead",
    "AsyncRead",
    "AsyncSeek",
    "AsyncWrite",
    "BufReader",
    "BufStream",
    "BufWriter",
    "Chain",
    "Cursor",
    "DuplexStream",
    "Empty",
    "Join",
    "LineWriter",
    "Lines",
    "ReadBuf",
    "ReadHalf",
    "Repeat",
    "SimplexReader",
    "SimplexStream",
    "SimplexWriter",
    "Sink",
    "Split",
    "Take",
    "UnexpectedEof",
    "WriteHalf",
    "WriteZero",
    "copy",
    "copy_bidirectional",
    "copy_buf",
    "copy_buf_abortable",
    "duplex",
    "empty",
    "join",
    "repeat",
    "simplex",
    "sink",
    "split",
]
