"""Byte I/O: the traits that readers and writers share, and all that stands on them.

A stream of bytes is ``class X(AsyncRead, AsyncWrite)``: ``poll_read``, ``poll_write``, ``poll_flush`` and
``poll_shutdown`` make it one, and give it ``read``, ``read_exact``, ``write_all`` and the rest. Reading order:
``read_buf.py``, ``async_read.py``, ``async_write.py``, ``async_buf_read.py``, ``buf_reader.py``, ``copy.py``.
"""

from ..errors import UnexpectedEof, WriteZero
from .allow_std_io import AllowStdIo
from .async_buf_read import AsyncBufRead
from .async_fd import AsyncFd, AsyncFdReadyGuard
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
from .inspect_io import InspectReader, InspectWriter
from .interest import Interest, Ready
from .join import Join, join
from .line_writer import LineWriter
from .lines import Lines, Split
from .read_buf import ReadBuf
from .reader_stream import ReaderStream
from .simplex import SimplexReader, SimplexStream, SimplexWriter, simplex
from .sink_writer import SinkWriter
from .split import ReadHalf, WriteHalf, split
from .std_streams import Stdin, StdWriter, stderr, stdin, stdout
from .stream_reader import StreamReader
from .sync_io_bridge import SyncIoBridge
from .take import Take
from .trivial import Empty, Repeat, Sink, empty, repeat, sink
from .unblock import Unblock
from .write_all_vectored import write_all_vectored

__all__ = [
    "AllowStdIo",
    "AsyncBufRead",
    "AsyncFd",
    "AsyncFdReadyGuard",
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
    "InspectReader",
    "InspectWriter",
    "Interest",
    "Join",
    "LineWriter",
    "Lines",
    "ReadBuf",
    "ReadHalf",
    "ReaderStream",
    "Ready",
    "Repeat",
    "SimplexReader",
    "SimplexStream",
    "SimplexWriter",
    "Sink",
    "SinkWriter",
    "Split",
    "StdWriter",
    "Stdin",
    "StreamReader",
    "SyncIoBridge",
    "Take",
    "Unblock",
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
    "stderr",
    "stdin",
    "stdout",
    "write_all_vectored",
]
