"""ReadBuf: where a reader puts its bytes: a buffer with a mark between what is filled and what is not.

    0                filled                 capacity
    |----- bytes -----|------ room ----------|

``AsyncRead.poll_read`` gets one and moves the mark; whoever called it looks at how far it moved.
"""

from __future__ import annotations

from typing import Any


class ReadBuf:
    """A buffer of a fixed size with a filled mark.

    Args:
        buffer: a writable buffer (``bytearray``, ``memoryview``, ``mmap``...), which is used as it is; or a number of
            bytes: a new ``bytearray`` of that size.

    >>> from mezame.io import ReadBuf
    >>> buf = ReadBuf(8)
    >>> buf.put_slice(b"abc")
    >>> buf.filled().tobytes(), buf.remaining()
    (b'abc', 5)

    Raises ``TypeError`` for a buffer that cannot be written, ``ValueError`` for a negative size.

    Source of the semantics: ``tokio::io::ReadBuf``.
    """

    __slots__ = ("_filled", "_view")

    def __init__(self, buffer: Any) -> None:
        if isinstance(buffer, int):
            if buffer < 0:
                raise ValueError(f"ReadBuf needs a number of bytes from 0 on, not {buffer!r}")
            view = memoryview(bytearray(buffer))
        else:
            view = memoryview(buffer)
            if view.readonly:
                raise TypeError(f"ReadBuf needs a writable buffer such as a bytearray, not {type(buffer).__name__}")
            if view.format != "B" or view.ndim != 1:
                view = view.cast("B")
        self._view = view
        self._filled = 0

    def filled(self) -> memoryview:
        """The bytes so far, as a view: nothing is copied."""
        return self._view[: self._filled]

    def unfilled(self) -> memoryview:
        """The room that is left, as a writable view. Say with ``advance`` how much of it was written."""
        return self._view[self._filled :]

    def filled_len(self) -> int:
        """How many bytes are filled."""
        return self._filled

    def remaining(self) -> int:
        """How many bytes there is room for."""
        return len(self._view) - self._filled

    def capacity(self) -> int:
        """The size of the whole."""
        return len(self._view)

    def put_slice(self, data: Any) -> None:
        """Copies ``data`` (bytes or any buffer) into the room. Raises ``ValueError`` if it does not fit."""
        if not isinstance(data, (bytes, bytearray)):
            data = memoryview(data).cast("B")
        end = self._filled + len(data)
        if end > len(self._view):
            raise ValueError(f"{len(data)} bytes do not fit into a ReadBuf with room for {self.remaining()}")
        self._view[self._filled : end] = data
        self._filled = end

    def advance(self, count: int) -> None:
        """Moves the mark by ``count`` bytes, which were written to ``unfilled()``. ``ValueError`` beyond the end."""
        if not 0 <= count <= self.remaining():
            raise ValueError(f"advance({count!r}): there is room for {self.remaining()} bytes")
        self._filled += count

    def set_filled(self, count: int) -> None:
        """Puts the mark at ``count``. ``ValueError`` beyond the capacity."""
        if not 0 <= count <= len(self._view):
            raise ValueError(f"set_filled({count!r}): the capacity is {len(self._view)} bytes")
        self._filled = count

    def clear(self) -> None:
        """Puts the mark at 0; the buffer can be filled again."""
        self._filled = 0

    def take(self, limit: int) -> ReadBuf:
        """A ReadBuf of the first ``limit`` bytes of the room (or of all, if it is less).

        What is read into it is counted here only by ``advance(part.filled_len())``.
        """
        if limit < 0:
            raise ValueError(f"take needs a number of bytes from 0 on, not {limit!r}")
        return ReadBuf(self.unfilled()[:limit])

    def __repr__(self) -> str:
        return f"<ReadBuf {self._filled} of {len(self._view)} bytes>"
