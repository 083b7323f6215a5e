"""The two halves of a connected stream, TCP or Unix, for two tasks.

    into_split()                      both halves hold the stream
    close, drop of the write half     the end of the stream is sent, once, unless ``forget`` was called
    close, drop of the read half      nothing is sent: it lets go of the stream
    both gone                         the stream is closed, if nobody else holds it
    reunite                           both halves are used up, nothing is sent
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..io.async_read import READ_SIZE as TRY_SIZE
from ..io.async_read import AsyncRead
from ..io.async_write import AsyncWrite
from .stream_socket import READ_SIZE, StreamSocket


class ReuniteError(ValueError):
    """The two halves are not of one stream. They are as they were: ``read_half`` and ``write_half``.

    Source of the semantics: ``tokio::net::tcp::ReuniteError``.
    """

    def __init__(self, read_half: OwnedReadHalf, write_half: OwnedWriteHalf) -> None:
        super().__init__("these halves are of two different streams: reunite the two that one into_split() returned")
        self.read_half = read_half
        self.write_half = write_half


class _Gone:
    """In place of the stream, once a half is closed or used up: so that an open half need not ask."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by tools that look at every object
            raise AttributeError(name)
        raise OSError(9, "this half was closed, or reunited with the other one")


_GONE: Any = _Gone()


def _reunite(reading: OwnedReadHalf, writing: OwnedWriteHalf) -> Any:
    if not isinstance(reading, OwnedReadHalf) or not isinstance(writing, OwnedWriteHalf):
        raise TypeError(f"reunite takes a read half and a write half, not {reading!r} and {writing!r}")
    stream = reading._stream
    if stream is not writing._stream or stream is _GONE:
        raise ReuniteError(reading, writing)
    writing._open = False
    reading._stream = writing._stream = _GONE
    return stream


class OwnedReadHalf(AsyncRead):
    """The reading half: the reading methods of the stream. From ``TcpStream.into_split`` or ``UnixStream.into_split``.

    Source of the semantics: ``tokio::net::tcp::OwnedReadHalf``.
    """

    __slots__ = ("__weakref__", "_stream")

    def __init__(self, stream: StreamSocket) -> None:
        self._stream = stream

    def read(self, limit: int = READ_SIZE) -> Any:
        """See ``TcpStream.read``."""
        return self._stream.read(limit)

    def read_into(self, buffer: Any) -> Any:
        """See ``TcpStream.read_into``."""
        return self._stream.read_into(buffer)

    def read_exact(self, size: int) -> Any:
        """See ``TcpStream.read_exact``."""
        return self._stream.read_exact(size)

    def peek(self, limit: int = TRY_SIZE) -> Any:
        """See ``TcpStream.peek``."""
        return self._stream.peek(limit)

    def readable(self) -> Any:
        """See ``TcpStream.readable``."""
        return self._stream.readable()

    def try_read(self, limit: int = TRY_SIZE) -> bytes:
        """See ``TcpStream.try_read``."""
        return self._stream.try_read(limit)

    def try_read_into(self, buffer: Any) -> int:
        """See ``TcpStream.try_read_into``."""
        return self._stream.try_read_into(buffer)

    def ready(self, interest: int) -> Any:
        """See ``TcpStream.ready``."""
        return self._stream.ready(interest)

    def poll_read(self, cx: Any, buf: Any) -> Any:
        """See ``TcpStream.poll_read``."""
        return self._stream.poll_read(cx, buf)

    def poll_peek(self, cx: Any, buf: Any) -> Any:
        """See ``TcpStream.poll_peek``."""
        return self._stream.poll_peek(cx, buf)

    def local_addr(self) -> Any:
        """Our address."""
        return self._stream.local_addr()

    def peer_addr(self) -> Any:
        """The peer's address."""
        return self._stream.peer_addr()

    def reunite(self, other: OwnedWriteHalf) -> Any:
        """The stream again; the halves are used up. Raises ``ReuniteError`` if ``other`` is of another stream."""
        return _reunite(self, other)

    def close(self) -> None:
        """Lets go of the stream; the write half can go on. Idempotent."""
        self._stream = _GONE

    def __enter__(self) -> OwnedReadHalf:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()


class OwnedWriteHalf(AsyncWrite):
    """The writing half: the writing methods of the stream. Closing or dropping it sends the end of stream.

    Source of the semantics: ``tokio::net::tcp::OwnedWriteHalf``.
    """

    __slots__ = ("__weakref__", "_open", "_stream")

    def __init__(self, stream: StreamSocket) -> None:
        self._stream = stream
        self._open = True

    def write(self, data: Any) -> Any:
        """See ``TcpStream.write``."""
        return self._stream.write(data)

    def write_all(self, data: Any) -> Any:
        """See ``TcpStream.write_all``."""
        return self._stream.write_all(data)

    def write_vectored(self, buffers: Iterable[Any]) -> Any:
        """See ``TcpStream.write_vectored``."""
        return self._stream.write_vectored(buffers)

    def flush(self) -> Any:
        """See ``TcpStream.flush``."""
        return self._stream.flush()

    def writable(self) -> Any:
        """See ``TcpStream.writable``."""
        return self._stream.writable()

    def try_write(self, data: Any) -> int:
        """See ``TcpStream.try_write``."""
        return self._stream.try_write(data)

    def ready(self, interest: int) -> Any:
        """See ``TcpStream.ready``."""
        return self._stream.ready(interest)

    def poll_write(self, cx: Any, data: Any) -> Any:
        """See ``TcpStream.poll_write``."""
        return self._stream.poll_write(cx, data)

    def poll_write_vectored(self, cx: Any, buffers: Iterable[Any]) -> Any:
        """See ``TcpStream.poll_write_vectored``."""
        return self._stream.poll_write_vectored(cx, buffers)

    def is_write_vectored(self) -> bool:
        """True: several buffers go out with one call."""
        return True

    def poll_flush(self, cx: Any) -> Any:
        """See ``TcpStream.poll_flush``."""
        return self._stream.poll_flush(cx)

    def poll_shutdown(self, cx: Any) -> Any:
        """Sends the end of stream."""
        self._open = False
        return self._stream.poll_shutdown(cx)

    def shutdown(self) -> Any:
        """Sends the end of stream."""
        self._open = False
        return self._stream.shutdown()

    def forget(self) -> None:
        """Lets the half go without sending the end of stream."""
        self._open = False
        self._stream = _GONE

    def local_addr(self) -> Any:
        """Our address."""
        return self._stream.local_addr()

    def peer_addr(self) -> Any:
        """The peer's address."""
        return self._stream.peer_addr()

    def reunite(self, other: OwnedReadHalf) -> Any:
        """The stream again; the halves are used up. Raises ``ReuniteError`` if ``other`` is of another stream."""
        return _reunite(other, self)

    def close(self) -> None:
        """Sends the end of stream and lets go of the stream. Idempotent."""
        stream, self._stream = self._stream, _GONE
        if self._open:
            self._open = False
            if not stream.is_closed():
                stream.shutdown()

    def __enter__(self) -> OwnedWriteHalf:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        try:
            self.close()
        except OSError:  # the connection is gone: there is no end of stream to send
            pass
