"""PrioritySelector: what the standard library's selectors leave out: out-of-band data, and errors alone.

On ``select.poll``, with the methods of a ``selectors`` class as far as ``SelectPoller`` needs them. That one changes to
it when the first source asks for such an event; it looks at every descriptor at each call, as ``poll`` does.
"""

from __future__ import annotations

import select
from collections.abc import Mapping
from selectors import EVENT_READ, EVENT_WRITE, SelectorKey
from typing import Any

EVENT_PRIORITY = 4
EVENT_ERROR = 8  # comes with READ and WRITE, which will meet it
EVENT_HANGUP = 16  # likewise; it need not be asked for


def available() -> bool:
    """True where there is ``poll``."""
    return hasattr(select, "poll")


class PrioritySelector:
    """A selector that knows EVENT_PRIORITY and EVENT_ERROR, too. Level-triggered, for one thread."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._keys: dict[int, SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> None:
        """As of ``selectors``. Raises ``KeyError`` if it is registered."""
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} is already registered")
        self._poll.register(fd, _bits(events))
        self._keys[fd] = SelectorKey(fileobj, fd, events, data)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> None:
        """As of ``selectors``. Raises ``KeyError`` if it is not registered."""
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = self._keys[fd]
        self._poll.modify(fd, _bits(events))
        self._keys[fd] = key._replace(events=events, data=data)

    def unregister(self, fileobj: Any) -> None:
        """As of ``selectors``. Raises ``KeyError`` if it is not registered."""
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        del self._keys[fd]
        self._poll.unregister(fd)

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """As of ``selectors``; seconds, rounded to milliseconds."""
        try:
            found = self._poll.poll(None if timeout is None else round(timeout * 1000))
        except InterruptedError:
            return []
        ready = []
        for fd, bits in found:
            key = self._keys.get(fd)
            if key is not None:
                ready.append((key, _events(bits)))
        return ready

    def get_map(self) -> Mapping[int, SelectorKey]:
        """As of ``selectors``, by descriptor."""
        return self._keys

    def close(self) -> None:
        """As of ``selectors``."""
        self._keys.clear()


def _bits(events: int) -> int:
    bits = 0
    if events & EVENT_READ:
        bits |= select.POLLIN
    if events & EVENT_WRITE:
        bits |= select.POLLOUT
    if events & EVENT_PRIORITY:
        bits |= select.POLLPRI
    return bits  # errors are always reported


def _events(bits: int) -> int:
    events = 0
    if bits & select.POLLIN:
        events |= EVENT_READ
    if bits & select.POLLOUT:
        events |= EVENT_WRITE
    if bits & select.POLLPRI:
        events |= EVENT_READ | EVENT_PRIORITY
    if bits & (select.POLLERR | select.POLLNVAL):
        events |= EVENT_READ | EVENT_WRITE | EVENT_ERROR
    if bits & select.POLLHUP:
        events |= EVENT_READ | EVENT_WRITE | EVENT_HANGUP
    return events
