"""Interest and Ready: what one waits for on a descriptor, and what it is known to be ready for."""

from __future__ import annotations

from enum import IntFlag

from ..driver import readiness


class Interest(IntFlag):
    """What to wait for. Combine with ``|``.

    >>> from mezame.io import Interest
    >>> both = Interest.READABLE | Interest.WRITABLE
    >>> both.is_readable(), both.remove(Interest.READABLE) == Interest.WRITABLE
    (True, True)

    Source of the semantics: ``tokio::io::Interest``.
    """

    READABLE = readiness.READABLE
    WRITABLE = readiness.WRITABLE
    ERROR = readiness.ERROR
    PRIORITY = readiness.PRIORITY

    def add(self, other: Interest) -> Interest:
        """Both: ``self | other``."""
        return self | other

    def remove(self, other: Interest) -> Interest | None:
        """What is left without ``other``; None if that is nothing."""
        return self & ~other or None

    def is_readable(self) -> bool:
        """True if READABLE is part of it."""
        return bool(self & Interest.READABLE)

    def is_writable(self) -> bool:
        """True if WRITABLE is part of it."""
        return bool(self & Interest.WRITABLE)

    def is_error(self) -> bool:
        """True if ERROR is part of it."""
        return bool(self & Interest.ERROR)

    def is_priority(self) -> bool:
        """True if PRIORITY (out-of-band data) is part of it."""
        return bool(self & Interest.PRIORITY)

    def mask(self) -> int:
        """The bits of ``Ready`` that answer this interest: an end, or an error, answers too."""
        mask = 0
        if self & Interest.READABLE:
            mask |= readiness.READ
        if self & Interest.WRITABLE:
            mask |= readiness.WRITE
        if self & Interest.PRIORITY:
            mask |= readiness.PRIORITY | readiness.READ_CLOSED
        if self & Interest.ERROR:
            mask |= readiness.ERROR
        return mask


class Ready(IntFlag):
    """What a descriptor is ready for. The closed bits are never cleared.

    Source of the semantics: ``tokio::io::Ready``.
    """

    EMPTY = 0
    READABLE = readiness.READABLE
    WRITABLE = readiness.WRITABLE
    READ_CLOSED = readiness.READ_CLOSED
    WRITE_CLOSED = readiness.WRITE_CLOSED
    ERROR = readiness.ERROR
    PRIORITY = readiness.PRIORITY
    ALL = READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | ERROR | PRIORITY

    def is_empty(self) -> bool:
        """True for EMPTY."""
        return self == Ready.EMPTY

    def is_readable(self) -> bool:
        """True for READABLE and READ_CLOSED: a read will not wait."""
        return bool(self & (Ready.READABLE | Ready.READ_CLOSED))

    def is_writable(self) -> bool:
        """True for WRITABLE and WRITE_CLOSED: a write will not wait."""
        return bool(self & (Ready.WRITABLE | Ready.WRITE_CLOSED))

    def is_read_closed(self) -> bool:
        """True if the other side will send no more."""
        return bool(self & Ready.READ_CLOSED)

    def is_write_closed(self) -> bool:
        """True if the other side will take no more."""
        return bool(self & Ready.WRITE_CLOSED)

    def is_error(self) -> bool:
        """True if there is an error to be fetched."""
        return bool(self & Ready.ERROR)

    def is_priority(self) -> bool:
        """True if there is out-of-band data."""
        return bool(self & Ready.PRIORITY)
