"""The two halves of a TcpStream, for two tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .tcp import READ_SIZE, TcpStream


class OwnedReadHalf:
    """The reading half: the reading methods of the stream. From ``TcpStream.into_split``."""

    def __init__(self, stream: TcpStream) -> None:
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

    def peek(self, limit: int = READ_SIZE) -> Any:
        """See ``TcpStream.peek``."""
        return self._stream.peek(limit)

    def readable(self) -> Any:
        """See ``TcpStream.readable``."""
        return self._stream.readable()

    def local_addr(self) -> Any:
        """Our address."""
        return self._stream.local_addr()

    def peer_addr(self) -> Any:
        """The peer's address."""
        return self._stream.peer_addr()

    def reunite(self, other: OwnedWriteHalf) -> TcpStream:
        """The stream again. Raises ``ValueError`` if ``other`` is the half of another stream."""
        if other._stream is not self._stream:
            raise ValueError("these halves belong to different streams")
        other.forget()
        return self._stream


class OwnedWriteHalf:
    """The writing half: the writing methods of the stream. Closing or dropping it sends the end of stream."""

    def __init__(self, stream: TcpStream) -> None:
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

    def shutdown(self) -> Any:
        """Sends the end of stream."""
        self._open = False
        return self._stream.shutdown()

    def close(self) -> None:
        """Sends the end of stream. Idempotent."""
        if self._open:
            self._open = False
            if not self._stream.is_closed():
                self._stream.shutdown()

    def forget(self) -> None:
        """Lets the half go without sending the end of stream."""
        self._open = False

    def local_addr(self) -> Any:
        """Our address."""
        return self._stream.local_addr()

    def peer_addr(self) -> Any:
        """The peer's address."""
        return self._stream.peer_addr()

    def reunite(self, other: OwnedReadHalf) -> TcpStream:
        """The stream again. Raises ``ValueError`` if ``other`` is the half of another stream."""
        return other.reunite(self)

    def __enter__(self) -> OwnedWriteHalf:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        try:
            self.close()
        except OSError:  # the connection is gone: there is no end of stream to send
            pass
