"""Encoder: how items become bytes, without any I/O."""

from __future__ import annotations

from typing import Any


class Encoder:
    """Makes bytes of items. Subclass it and define ``encode``; use it with ``FramedWrite`` or ``Framed``.

    >>> from mezame.codec import Encoder
    >>> class Shout(Encoder):
    ...     def encode(self, item, buf):
    ...         buf += item.upper().encode() + b"!"
    >>> buf = bytearray()
    >>> Shout().encode("hello", buf)
    >>> buf
    bytearray(b'HELLO!')

    Source of the semantics: ``tokio_util::codec::Encoder``.
    """

    __slots__ = ()

    def encode(self, item: Any, buf: bytearray) -> None:
        """Appends the frame of ``item`` to ``buf``, and touches nothing that is there already.

        Raises what it likes if ``item`` cannot be sent: then ``buf`` is cut back to what it was.
        """
        raise TypeError(f"{type(self).__name__} is an Encoder without an encode(item, buf) method: define one")


def bytes_to_encode(codec: str, item: Any) -> Any:
    """``item`` as something with a length in bytes that can be appended to a bytearray. ``TypeError`` with it."""
    if isinstance(item, (bytes, bytearray)):
        return item
    if isinstance(item, str):
        raise TypeError(f"{codec} encodes bytes, not str {item[:40]!r}: encode it first")
    try:
        return memoryview(item).cast("B")
    except TypeError:
        raise TypeError(f"{codec} encodes bytes or a contiguous buffer of them, not {item!r}") from None
